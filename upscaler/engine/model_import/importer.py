"""The import of a model: its files are sorted by kind, copied under fixed names and examined in a child process."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_import.probe import ProbeLimits, probe
from upscaler.engine.model_zoo.custom_model import (
    FILES,
    NCNN,
    ONNX,
    Manifest,
    Use,
    check_licence,
    check_name,
    check_uses,
)
from upscaler.errors import N_, FileTooLarge, ModelRefused

_KINDS = {frozenset({".onnx"}): ONNX, frozenset({".param", ".bin"}): NCNN}
_ZIP = ".zip"
# Extensions of files that may lie beside a model in a ZIP file.
_TEXTS = {".txt", ".md", ".json", ""}
_MAX_MEMBERS = 50
_BLOCK_BYTES = 1 << 20


def import_model(
    files: Sequence[tuple[str, Path]],
    staging: Path,
    *,
    name: str,
    licence: str,
    uses: tuple[Use, ...] = (),
    source: str = "",
    max_bytes: int,
    limits: ProbeLimits,
) -> Manifest:
    """Copy files into ``staging`` under the names of ``FILES``, examine them there and return their manifest.

    Args:
        files: the given name of each, whose extension counts, and its path.
        staging: an empty folder.
        name: of the model.
        licence: of the weights.
        uses: the choices that it is to serve.
        source: its origin.
        max_bytes: most bytes of all files together, unpacked.
        limits: of the examination.

    Raises:
        UnusableParameter: the name or the licence cannot be used.
        FileTooLarge: the files are larger than that.
        ModelRefused: they are no model that can be used; the message says why.

    """
    check_name(name)
    check_licence(licence)
    if len(files) == 1 and _extension(files[0][0]) == _ZIP:
        kind = _unpack(files[0][1], staging, max_bytes)
    else:
        kind = _kind_of([name for name, _ in files])
        if sum(path.stat().st_size for _, path in files) > max_bytes:
            raise too_large(max_bytes)
        for given, path in files:
            shutil.copyfile(path, staging / f"model{_extension(given)}")
    sha256 = {file: sha256_of(staging / file) for file in FILES[kind]}
    findings = probe(staging, kind, limits)
    check_uses(uses, findings)
    return Manifest(name, kind, sha256, licence, findings, uses, source=source)


def too_large(max_bytes: int) -> FileTooLarge:
    """Return the error for files that are larger than ``max_bytes``."""
    return FileTooLarge(limit=f"{max_bytes / 1e6:.0f} MB")


def _extension(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


def _kind_of(names: Sequence[str]) -> str:
    kind = _KINDS.get(frozenset(_extension(name) for name in names))
    if kind is None or len(names) != len(FILES[kind]):
        raise ModelRefused(
            N_("The model was refused: send one .onnx file, or one .param and one .bin file of ncnn.")
        )
    return kind


def _unpack(path: Path, staging: Path, max_bytes: int) -> str:
    """Unpack a ZIP file; only the extensions of the paths in it matter."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > _MAX_MEMBERS:
                raise ModelRefused(N_("The model was refused: its ZIP file holds too many files."))
            wanted = [
                member
                for member in members
                if _extension(member.filename) not in _TEXTS and not _is_clutter(member.filename)
            ]
            kind = _kind_of([member.filename for member in wanted])
            left = max_bytes
            for member in wanted:
                with (
                    archive.open(member) as packed,
                    (staging / f"model{_extension(member.filename)}").open("wb") as target,
                ):
                    left -= _copy(packed, target, left, max_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise ModelRefused(N_("The model was refused: its ZIP file is damaged or encrypted.")) from error
    return kind


def _is_clutter(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.parts[0] == "__MACOSX" or path.name.startswith(".")


def _copy(packed: IO[bytes], target: IO[bytes], left: int, max_bytes: int) -> int:
    """Copy at most ``left`` bytes: the sizes that a ZIP file states are not trusted."""
    copied = 0
    while block := packed.read(_BLOCK_BYTES):
        copied += len(block)
        if copied > left:
            raise too_large(max_bytes)
        target.write(block)
    return copied
