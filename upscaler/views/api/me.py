"""The caller's account: who it is, what it has used, and what it may use."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler.extensions import db
from upscaler.services.accounts import api_keys, usage
from upscaler.views.api import rate_limits
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.schemas.accounts import OwnAccountSchema
from upscaler.views.api.serializers.accounts import account_fields
from upscaler.views.context import services, signed_in

_LIMITS = (
    *("max_upload_size_bytes", "max_batch_files", "max_batch_size_bytes"),
    *("max_image_side", "max_input_pixels", "max_output_pixels"),
)


def get_me() -> ResponseReturnValue:
    """Return the caller's account, with its usage and quota."""
    account = signed_in()
    limits = services().settings.values(db.session())
    body = {
        **account_fields(account),
        "usage": vars(usage.usage_of(db.session(), account)),
        "quota": {**rate_limits.rates_of_caller(), **{name: getattr(limits, name) for name in _LIMITS}},
    }
    return jsonify(body), {"Cache-Control": "no-store"}


OPERATIONS = (
    Operation(
        "get_me", "GET", "/me", get_me, "Account", Access.ACCOUNT, api_keys.READ, answer=OwnAccountSchema()
    ),
)
