"""Models in MNN's own format, converted once and kept as files."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from upscaler.engine.backends.mnn_library import convert
from upscaler.engine.imaging.hashing import sha256_of

_log = logging.getLogger(__name__)

# A file that nobody has loaded for so long belongs to a model or a version that is gone.
_KEPT_SECONDS = 30 * 86_400
_SUFFIX = ".mnn"


class MnnFiles:
    """Converted models in a folder that several processes may share; each appears whole or not at all.

    Args:
        folder: is made where it is missing; "", or one that may not be written to, for one that goes when this
            object does.
        version: of MNN: another one converts anew.
    """

    def __init__(self, folder: str, version: str) -> None:
        self._version = version
        self._folder = Path(folder) / "mnn" if folder else self._temporary()

    def converted(self, content: bytes, check: Callable[[Path], None] = lambda _: None) -> Path:
        """Return the file of a model in ONNX.

        Args:
            content: of the ONNX file.
            check: is called with a new file before it is kept; it raises where that computes something else.

        Raises:
            GraphError: MNN does not read it; or what ``check`` raises.

        """
        self._make_folder()
        key = hashlib.blake2b(content, digest_size=20, key=self._version.encode()).hexdigest()
        known = self._known(key)
        if known is not None:
            return known
        # One process converts, and the others find its file.
        with self._locked():
            return self._known(key) or self._made(key, content, check)

    def _known(self, key: str) -> Path | None:
        """Return the file under a key; one that is not as it was written is removed."""
        for path in self._folder.glob(f"{key}-*{_SUFFIX}"):
            # Another process may remove it at this moment.
            with contextlib.suppress(OSError):
                if path.stem == _stem(key, path):
                    # Read again today: it is kept.
                    with contextlib.suppress(OSError):
                        os.utime(path)
                    return path
                _log.warning("a converted model is damaged and is converted again: %s", path)
                path.unlink()
        return None

    def _made(self, key: str, content: bytes, check: Callable[[Path], None]) -> Path:
        """Convert a model and keep the file."""
        self._remove_old()
        with tempfile.TemporaryDirectory(dir=self._folder) as work:
            source, target = Path(work) / "model.onnx", Path(work) / f"model{_SUFFIX}"
            source.write_bytes(content)
            convert(source, target)
            check(target)
            # On the disk before it has its name, or a power cut could leave half of it.
            with target.open("rb") as written:
                os.fsync(written.fileno())
            return target.replace(self._folder / f"{_stem(key, target)}{_SUFFIX}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # A file system without locks: then several may convert the same.
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _make_folder(self) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            self._folder = self._temporary()

    def _temporary(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="upscaler-mnn-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _remove_old(self) -> None:
        """Remove files that were not loaded for long, and folders of processes that were ended in the work."""
        oldest = time.time() - _KEPT_SECONDS
        for path in self._folder.iterdir():
            # Another process may remove the same.
            with contextlib.suppress(OSError):
                if path.stat().st_mtime >= oldest:
                    continue
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def _stem(key: str, path: Path) -> str:
    """Return the name of a converted model, which says what must be in it."""
    return f"{key}-{sha256_of(path)[:16]}"
