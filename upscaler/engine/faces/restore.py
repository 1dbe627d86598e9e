"""The models for faces: the detector, and the face model that the operator added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from upscaler.engine.backends.adapted import Runner
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.faces.boxes import Floats
from upscaler.engine.faces.mtcnn import Mtcnn
from upscaler.engine.model_zoo.custom_model import FACES, SERVICE, CustomModel, Manifest
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable, ModelNotFound, OutputRejected


class FaceModel:
    """A loaded face model, such as GFPGAN, GPEN or RestoreFormer: an aligned face in, a better one out."""

    def __init__(self, model: CustomModel, runner: Runner) -> None:
        self.model = model
        self.side = model.maximum_side
        self._runner = runner

    def restore(self, face: Floats) -> Floats:
        """Return a restored face; both are levels from 0 to 255 of (side, side, 3), RGB.

        Raises:
            OutputRejected: the result is of another shape, or not finite.

        """
        planes = np.ascontiguousarray(face.transpose(2, 0, 1)[np.newaxis] / np.float32(127.5) - 1, np.float32)
        try:
            result = self._runner(planes)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise OutputRejected(reason=f"{self.model.name}: {error}") from error
        if result.shape != planes.shape or not np.isfinite(result.sum(dtype=np.float64)):
            raise OutputRejected(reason=f"{self.model.name} gave no image")
        levels = (result[0].transpose(1, 2, 0) + 1) * np.float32(127.5)
        return np.asarray(np.clip(levels, 0, 255), np.float32)


class FaceModels:
    """The models for faces of one process. Each is loaded on first use and stays loaded."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._detector: Mtcnn | None = None
        self._restorer: FaceModel | None = None

    def detector(self) -> Mtcnn:
        """Return the detector; raises as ``Mtcnn`` does."""
        if self._detector is None:
            self._detector = Mtcnn(self._settings.threads)
        return self._detector

    def restorer(self) -> FaceModel | None:
        """Return the active face model, the first by name where there are several; None where there is none.

        Raises:
            EngineUnavailable: its files are damaged, or cannot be loaded here.

        """
        model = active_face_model(self._settings.models_dir)
        if model is None:
            self._restorer = None
        elif self._restorer is None or self._restorer.model != model:
            # Released before the next one takes its memory.
            self._restorer = None
            self._restorer = FaceModel(model, self._runner(model))
        return self._restorer

    def _runner(self, model: CustomModel) -> Runner:
        # Always in float32: a face must not depend on which precision is faster on a machine.
        backend: Any = OpenVinoBackend(self._settings, "fp32")
        reason = backend.probe()
        try:
            if reason is None:
                return backend.runner(model)
        except (RuntimeError, ValueError) as error:
            reason = f"{model.name}: {error}"
        raise EngineUnavailable(reason=reason)


def active_face_model(models_dir: str) -> CustomModel | None:
    """Return the first active model in a folder that restores faces; the service's own before those of the host."""
    if not models_dir:
        return None
    folder = ModelFolder(Path(models_dir))
    found: list[Manifest] = []
    for name in folder.names():
        try:
            manifest = folder.find(name)
        except ModelNotFound:
            # Removed at this moment, or not readable: others may be there.
            continue
        if manifest.active and manifest.findings.purpose == FACES:
            found.append(manifest)
    if not found:
        return None
    chosen = min(found, key=lambda manifest: (manifest.source != SERVICE, manifest.name))
    return chosen.model(folder.folder(chosen.name))
