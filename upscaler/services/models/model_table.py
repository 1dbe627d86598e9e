"""The table of models: those of the engine's catalogue, which it follows, and those that admins added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.custom_model import FACES, Manifest, not_for_upscaling
from upscaler.engine.model_zoo.model_folder import serving
from upscaler.engine.model_zoo.recipe_builder import Choice, all_recipes, recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import UnknownModel
from upscaler.models import ModelRecord


def sync_catalogue(session: Session) -> None:
    """Add missing models of the catalogue and update the others; rows of models that admins added stay."""
    rows = {row.name: row for row in session.scalars(select(ModelRecord))}
    for model in MODELS.values():
        row = rows.get(model.name)
        if row is None:
            row = ModelRecord(name=model.name)
            session.add(row)
        for column, value in _columns(model).items():
            setattr(row, column, value)
    session.commit()


def _columns(model: Model) -> dict[str, object]:
    return {
        "type": model.type,
        "scale": model.scale,
        "artifact_path": f"bundled:{model.name}",
        "sha256": model.bin_sha256,
        "licence": model.licence,
        "default_params": {"noise_level": model.noise_level, "overlap": model.overlap},
        "gpu_required": False,
        "note": model.note,
    }


def manifest_of(row: ModelRecord) -> Manifest | None:
    """Return the manifest of a model that an admin added, None for one of the catalogue."""
    if row.name in MODELS:
        return None
    try:
        return Manifest.from_dict(row.default_params)
    except ValueError:
        return None


def in_use(row: ModelRecord) -> bool:
    """Return whether jobs may name a model: one of the catalogue, or an added one that can be read and is active."""
    manifest = manifest_of(row)
    return row.name in MODELS if manifest is None else manifest.active


def added(session: Session) -> list[Manifest]:
    """Return the models that admins added, by name."""
    rows = session.scalars(
        select(ModelRecord).where(ModelRecord.name.not_in(MODELS)).order_by(ModelRecord.name)
    )
    return [manifest for manifest in map(manifest_of, rows) if manifest is not None]


def chosen(session: Session, options: UpscaleOptions) -> tuple[UpscaleOptions, Model | None]:
    """Return the options with the added model that serves them, and that model, where there is one.

    A job names the model from then on, so that later changes do not affect it.

    Raises:
        UnknownModel: the options name a model that does not exist or may not be used.

    """
    if options.model in MODELS:
        return options, None
    manifests = _active(session)
    options = serving(options, manifests)
    if options.model is None:
        return options, None
    # Only workers need the files.
    return options, _upscaling(options.model, manifests).model(Path())


def check_usable(session: Session, name: str) -> None:
    """Raise ``UnknownModel`` for a model that does not exist, may not be used, or does not upscale."""
    if name not in MODELS:
        _upscaling(name, _active(session))


def _active(session: Session) -> list[Manifest]:
    return [manifest for manifest in added(session) if manifest.active]


def _upscaling(name: str, manifests: Sequence[Manifest]) -> Manifest:
    for manifest in manifests:
        if manifest.name == name:
            if manifest.findings.purpose == FACES:
                raise not_for_upscaling(name)
            return manifest
    raise UnknownModel(name=name)


def choices(session: Session) -> list[Choice]:
    """Return every combination of preset, factor and noise removal with the recipe that serves it here."""
    found = []
    serving_any = any(manifest.uses for manifest in added(session))
    for choice in all_recipes():
        if serving_any:
            wanted = UpscaleOptions(choice.factor, choice.preset, choice.denoise)
            options, model = chosen(session, wanted)
            choice = replace(choice, recipe=recipe_for(options, choice.source, model=model))  # noqa: PLW2901 - the same choice
        found.append(choice)
    return found
