"""Networks that admins add, change and delete."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from upscaler.engine.model_zoo.custom_model import FACES, MAX_LICENCE, UPSCALING, Use, check_licence
from upscaler.engine.options import FACTORS, MODEL_NAME, PRESETS
from upscaler.errors import (
    FileTooLarge,
    FormTooLarge,
    InvalidParameter,
    MissingFile,
    MissingParameter,
    ModelConflict,
    ModelNotFound,
    ModelProtected,
    ModelRefused,
    StorageFull,
    UnknownParameter,
    UnusableParameter,
)
from upscaler.extensions import db
from upscaler.models import NetworkModel
from upscaler.services.accounts import api_keys
from upscaler.services.models.model_table import manifest_of
from upscaler.views.api.multipart import received_files
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.routing import FORM
from upscaler.views.context import absolute_url, current_actor, services

_FIELDS = frozenset({"name", "licence", "preset", "factor"})
_licence = validate.Length(max=MAX_LICENCE)


class UseBody(Schema):
    """A choice that a model serves in the place of the preset's own networks."""

    preset = fields.String(required=True, validate=validate.OneOf(PRESETS))
    factor = fields.String(required=True, validate=validate.OneOf(FACTORS))


class ModelForm(Schema):
    """A network: one ONNX file, a .param and a .bin file of ncnn, or a ZIP file with either."""

    file = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}),
        required=True,
        metadata={"description": "repeated for the two files of ncnn"},
    )
    name = fields.String(
        validate=validate.Regexp(f"^{MODEL_NAME.pattern}$"),
        metadata={"description": "by default the name of the first file"},
    )
    licence = fields.String(validate=_licence, metadata={"description": "of the weights"})
    preset = fields.String(validate=validate.OneOf(PRESETS), metadata={"description": "with factor"})
    factor = fields.String(validate=validate.OneOf(FACTORS), metadata={"description": "with preset"})


class ModelBody(Schema):
    """What to change of a network; what is left out stays."""

    active = fields.Boolean(metadata={"description": "whether it may be used"})
    licence = fields.String(validate=_licence)
    uses = fields.List(fields.Nested(UseBody))


class ModelAnswer(Schema):
    """A network that was added."""

    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("onnx", "ncnn")))
    purpose = fields.String(
        required=True,
        validate=validate.OneOf((UPSCALING, FACES)),
        metadata={"description": "`faces` for a network that restores faces"},
    )
    scale = fields.Integer(required=True)
    licence = fields.String(required=True)
    active = fields.Boolean(required=True)
    uses = fields.List(fields.Nested(UseBody), required=True)
    sha256 = fields.Dict(required=True, metadata={"description": "of each file"})
    findings = fields.Dict(required=True, metadata={"description": "what was found out by trying it"})


def add_model() -> ResponseReturnValue:
    """Try a network and add it."""
    with received_files(_FIELDS, services().custom_models.max_bytes) as (files, form):
        row = services().custom_models.add(
            db.session(),
            current_actor(),
            [(file.filename, file.path) for file in files],
            name=form.get("name", "").strip() or _default_name(files[0].filename),
            licence=form.get("licence", "").strip(),
            uses=_use_of(form),
        )
    location = absolute_url(url_for("api.admin_change_model", name=row.name))
    return _answer(row), 201, {"Location": location, "Cache-Control": "no-store"}


def change_model(name: str, body: dict[str, Any]) -> ResponseReturnValue:
    """Change whether a network may be used, its licence and what it serves."""
    uses = None if "uses" not in body else tuple(Use(**use) for use in body["uses"])
    licence = None if "licence" not in body else check_licence(body["licence"])
    row = services().custom_models.change(
        db.session(), current_actor(), name, active=body.get("active"), licence=licence, uses=uses
    )
    return _answer(row), {"Cache-Control": "no-store"}


def delete_model(name: str) -> ResponseReturnValue:
    """Delete a network with its files."""
    services().custom_models.delete(db.session(), current_actor(), name)
    return "", 204


def _answer(row: NetworkModel) -> Any:
    manifest = manifest_of(row)
    assert manifest is not None  # noqa: S101 - only rows of added networks come here; this tells mypy
    shown = {name: getattr(manifest, name) for name in ("name", "kind", "licence", "active", "sha256")}
    return jsonify(
        {
            **shown,
            "purpose": manifest.findings.purpose,
            "scale": manifest.findings.scale,
            "uses": [asdict(use) for use in manifest.uses],
            "findings": asdict(manifest.findings),
        }
    )


def _use_of(form: dict[str, str]) -> tuple[Use, ...]:
    given = {name: form[name].strip() for name in ("preset", "factor") if form.get(name, "").strip()}
    if not given:
        return ()
    for name in ("preset", "factor"):
        if name not in given:
            raise MissingParameter(name=name)
    return (Use(**given),)


def _default_name(filename: str) -> str:
    """Return a file's name as a model's; what cannot be one is refused later on."""
    return PurePosixPath(filename.replace("\\", "/")).stem.lower()


def _operation(name: str, method: str, path: str, view: Any, **more: Any) -> Operation:
    return Operation(name, method, f"/admin{path}", view, "Admin", Access.ADMIN, api_keys.ADMIN, **more)


OPERATIONS = (
    _operation(
        "admin_add_model",
        "POST",
        "/models",
        add_model,
        takes=ModelForm(),
        takes_media_type=FORM,
        answer=ModelAnswer(),
        status=201,
        errors=(
            *(MissingFile, FileTooLarge, FormTooLarge, ModelRefused, ModelConflict, StorageFull),
            *(InvalidParameter, MissingParameter, UnknownParameter, UnusableParameter),
        ),
    ),
    _operation(
        "admin_change_model",
        "PATCH",
        "/models/<id:name>",
        change_model,
        body=ModelBody(),
        answer=ModelAnswer(),
        errors=(ModelNotFound, ModelProtected, ModelRefused),
    ),
    _operation(
        "admin_delete_model",
        "DELETE",
        "/models/<id:name>",
        delete_model,
        status=204,
        errors=(ModelNotFound, ModelProtected),
    ),
)
