"""The models of the service."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from upscaler.extensions import db
from upscaler.models import ModelRecord
from upscaler.services.accounts import api_keys
from upscaler.services.models.model_table import in_use
from upscaler.views.api.operations import Operation
from upscaler.views.api.schemas.models import ModelListSchema
from upscaler.views.api.serializers.models import model_fields


def list_models() -> ResponseReturnValue:
    """List the models in use."""
    rows = db.session.scalars(select(ModelRecord).order_by(ModelRecord.name))
    return jsonify({"items": [model_fields(row) for row in rows if in_use(row)]})


OPERATIONS = (
    Operation(
        "list_models", "GET", "/models", list_models, "Service", scope=api_keys.READ, answer=ModelListSchema()
    ),
)
