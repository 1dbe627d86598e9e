"""The API keys of the caller's account."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler.errors import InvalidKey, KeyNotFound
from upscaler.extensions import db
from upscaler.services.accounts import api_keys
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.schemas.keys import KeyListSchema, NewKeyBody, NewKeySchema
from upscaler.views.api.serializers.accounts import key_fields
from upscaler.views.context import current_actor, signed_in

_PRIVATE = {"Cache-Control": "no-store"}


def list_keys() -> ResponseReturnValue:
    """List the keys of the caller's account."""
    items = [key_fields(key) for key in api_keys.keys_of(db.session(), signed_in())]
    return jsonify({"items": items}), _PRIVATE


def create_key(body: dict[str, Any]) -> ResponseReturnValue:
    """Create a key. Its secret is in this response and nowhere else."""
    made = api_keys.create(
        db.session(), current_actor(), signed_in(), body["name"], body["scopes"], body["expires_at"]
    )
    return jsonify({**key_fields(made.key), "key": made.secret}), 201, _PRIVATE


def revoke_key(key_id: str) -> ResponseReturnValue:
    """Revoke a key; it is refused from now on."""
    api_keys.revoke(db.session(), current_actor(), signed_in(), key_id)
    return "", 204


_PATH = "/me/keys/<id:key_id>"
# No scope: a key cannot create or revoke keys.
OPERATIONS = (
    Operation("list_keys", "GET", "/me/keys", list_keys, "Account", Access.ACCOUNT, answer=KeyListSchema()),
    Operation(
        "create_key",
        "POST",
        "/me/keys",
        create_key,
        "Account",
        Access.ACCOUNT,
        body=NewKeyBody(),
        answer=NewKeySchema(),
        status=201,
        errors=(InvalidKey,),
    ),
    Operation(
        "revoke_key",
        "DELETE",
        _PATH,
        revoke_key,
        "Account",
        Access.ACCOUNT,
        status=204,
        errors=(KeyNotFound,),
    ),
)
