"""The folder of added models: a folder for each, with its files and its manifest."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.custom_model import FILES, MANIFEST, Manifest, Use
from upscaler.engine.options import MODEL_NAME, UpscaleOptions
from upscaler.errors import ModelConflict, ModelNotFound


class ModelFolder:
    """Models below one folder. Each appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> list[str]:
        """Return the names of all models, sorted."""
        if not self.root.is_dir():
            return []
        found = (entry.name for entry in self.root.iterdir() if (entry / MANIFEST).is_file())
        return sorted(name for name in found if MODEL_NAME.fullmatch(name))

    def find(self, name: str) -> Manifest:
        """Return the manifest of a model; raise ``ModelNotFound`` when there is none that can be read."""
        if not MODEL_NAME.fullmatch(name):
            raise ModelNotFound
        try:
            return Manifest.from_dict(json.loads((self.root / name / MANIFEST).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise ModelNotFound from error

    def folder(self, name: str) -> Path:
        """Return the folder of a model's files."""
        return self.root / name

    def staging(self) -> Path:
        """Make a folder on the same disk in which a model is assembled."""
        self.root.mkdir(parents=True, exist_ok=True)
        # A dot, so that it is no model's name.
        folder = self.root / f".{secrets.token_hex(8)}"
        folder.mkdir()
        return folder

    def put(self, staging: Path, manifest: Manifest, *, instead: bool = False) -> None:
        """Move a complete folder into place; with ``instead``, in the place of a model of that name.

        Raises:
            ModelConflict: there is a model of that name.

        """
        _write(staging / MANIFEST, manifest)
        target = self.root / manifest.name
        if instead and target.exists():
            self.remove(manifest.name)
        try:
            staging.rename(target)
        except OSError as error:
            if target.exists():
                raise ModelConflict(name=manifest.name) from error
            raise

    def remove(self, name: str) -> None:
        """Remove a model; raise ``ModelNotFound`` when there is none."""
        if not MODEL_NAME.fullmatch(name) or not (self.root / name).is_dir():
            raise ModelNotFound
        # Renamed first, so that no reader finds half of a folder.
        gone = self.root / f".{secrets.token_hex(8)}"
        (self.root / name).rename(gone)
        shutil.rmtree(gone)

    def holds(self, manifest: Manifest) -> bool:
        """Return whether the model of a manifest is here, with all of its files unchanged."""
        try:
            if self.find(manifest.name).sha256 != manifest.sha256:
                return False
            folder = self.folder(manifest.name)
            return all(sha256_of(folder / name) == manifest.sha256[name] for name in FILES[manifest.kind])
        except (ModelNotFound, OSError):
            return False

    def update(self, manifest: Manifest) -> None:
        """Write the manifest of a model anew."""
        _write(self.folder(manifest.name) / MANIFEST, manifest)

    def serving(self, options: UpscaleOptions) -> UpscaleOptions:
        """Return the options with the model that serves their preset and factor, if there is one."""
        return serving(options, [self.find(name) for name in self.names()])


def serving(options: UpscaleOptions, manifests: list[Manifest]) -> UpscaleOptions:
    """Return the options with the model of ``manifests`` that serves their preset and factor, if there is one.

    Options that name a model, or the detail of the preset's models, stay as they are.
    """
    if options.model is not None or options.detail is not None:
        return options
    wanted = Use(options.preset, options.factor) if not options.has_target else None
    for manifest in manifests:
        if manifest.active and wanted in manifest.uses:
            return replace(options, model=manifest.name)
    return options


def _write(path: Path, manifest: Manifest) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with part.open("w", encoding="utf-8") as file:
        json.dump(manifest.as_dict(), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
