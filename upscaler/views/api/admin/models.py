"""Models that admins add, change and delete."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from upscaler.engine.model_zoo.custom_model import Use, check_licence, check_name
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
    combined,
    gathered,
)
from upscaler.extensions import db
from upscaler.models import ModelRecord
from upscaler.services.paging import page_of
from upscaler.views.api.forms import FORM_BYTES, ReceivedForm
from upscaler.views.api.multipart import received_files
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.paging import PageQuery, answer_page
from upscaler.views.api.routing import FORM
from upscaler.views.api.schemas.models import AdminModelListSchema, AdminModelSchema, ModelBody, ModelForm
from upscaler.views.api.serializers.models import admin_model_fields
from upscaler.views.context import current_actor, endpoint_url, services

_FIELDS = frozenset({"name", "licence", "preset", "factor"})


def list_admin_models(query: dict[str, Any]) -> ResponseReturnValue:
    """List all models, those in use and those that are not."""
    page = page_of(
        db.session(),
        select(ModelRecord),
        (ModelRecord.name,),
        cursor=query["cursor"],
        limit=query["limit"],
        descending=False,
    )
    return answer_page(page, admin_model_fields)


def _longest_model() -> int:
    return services().custom_models.max_bytes + FORM_BYTES


def create_model() -> ResponseReturnValue:
    """Test a model and add it."""
    with received_files(_FIELDS, services().custom_models.max_bytes) as form:
        _, (name, licence), uses = gathered(
            form.check, partial(_labels_of, form), partial(_uses_of, form.fields)
        )
        files = [(file.filename, file.path) for file in form.files]
        row = services().custom_models.add(
            db.session(), current_actor(), files, name=name, licence=licence, uses=uses
        )
    location = endpoint_url("api.update_model", model_id=row.name)
    return _answer(row), 201, {"Location": location, "Cache-Control": "no-store"}


def update_model(model_id: str, body: dict[str, Any]) -> ResponseReturnValue:
    """Change whether a model may be used, its licence and what it serves."""
    uses = None if "uses" not in body else tuple(Use(**use) for use in body["uses"])
    licence = None if "licence" not in body else check_licence(body["licence"])
    row = services().custom_models.change(
        db.session(), current_actor(), model_id, active=body.get("is_active"), licence=licence, uses=uses
    )
    return _answer(row), {"Cache-Control": "no-store"}


def delete_model(model_id: str) -> ResponseReturnValue:
    """Delete a model with its files."""
    services().custom_models.delete(db.session(), current_actor(), model_id)
    return "", 204


def _answer(row: ModelRecord) -> Any:
    return jsonify(admin_model_fields(row))


def _labels_of(form: ReceivedForm) -> tuple[str, str]:
    """Return the name and the licence."""
    return gathered(partial(_name_of, form), partial(check_licence, form.fields.get("licence", "").strip()))


def _name_of(form: ReceivedForm) -> str:
    """Return the name; by default, that of the first file. Without a file there is none to check."""
    name = form.fields.get("name", "").strip()
    if not name and not form.files:
        return ""
    return check_name(name or _default_name(form.files[0].filename))


def _uses_of(form: dict[str, str]) -> tuple[Use, ...]:
    given = {name: form[name].strip() for name in ("preset", "factor") if form.get(name, "").strip()}
    if not given:
        return ()
    if missing := [MissingParameter(name=name) for name in ("preset", "factor") if name not in given]:
        raise combined(missing)
    return (Use(**given),)


def _default_name(filename: str) -> str:
    """Return a file's name as a model's; what cannot be one is refused later on."""
    return PurePosixPath(filename.replace("\\", "/")).stem.lower()


_PATH = "/models/<id:model_id>"
OPERATIONS = (
    admin_operation(
        "list_admin_models",
        "GET",
        "/models",
        list_admin_models,
        query=PageQuery(),
        answer=AdminModelListSchema(),
        errors=(UnusableParameter,),
    ),
    admin_operation(
        "create_model",
        "POST",
        "/models",
        create_model,
        takes=ModelForm(),
        takes_media_type=FORM,
        longest_body=_longest_model,
        answer=AdminModelSchema(),
        status=201,
        location=True,
        errors=(
            *(MissingFile, FileTooLarge, FormTooLarge, ModelRefused, ModelConflict, StorageFull),
            *(InvalidParameter, MissingParameter, UnknownParameter, UnusableParameter),
        ),
    ),
    admin_operation(
        "update_model",
        "PATCH",
        _PATH,
        update_model,
        body=ModelBody(),
        answer=AdminModelSchema(),
        errors=(ModelNotFound, ModelProtected, ModelRefused),
    ),
    admin_operation(
        "delete_model",
        "DELETE",
        _PATH,
        delete_model,
        status=204,
        errors=(ModelNotFound, ModelProtected),
    ),
)
