"""The API keys of one's own account."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from upscaler.errors import InvalidKey, KeyNotFound
from upscaler.extensions import db
from upscaler.models import AccountKey, iso8601
from upscaler.services.accounts import api_keys
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.paging import EARLIEST, LATEST
from upscaler.views.context import current_actor, signed_in


class NewKeyBody(Schema):
    """A key to be made."""

    name = fields.String(
        required=True,
        validate=validate.Length(1, api_keys.MAX_NAME),
        metadata={"description": "to tell keys apart", "example": "nightly scans"},
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(api_keys.SCOPES)),
        load_default=[api_keys.READ, api_keys.WRITE],
        validate=validate.Length(1, len(api_keys.SCOPES)),
        metadata={"description": "what the key may do"},
    )
    expires_at = fields.AwareDateTime(
        load_default=None,
        allow_none=True,
        validate=validate.Range(EARLIEST, LATEST),
        metadata={"description": "with a time zone; never when left out"},
    )


class KeyAnswer(Schema):
    """A key, without its secret."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata={"description": "how the key begins"})
    scopes = fields.List(fields.String(validate=validate.OneOf(api_keys.SCOPES)), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    last_used_at = fields.DateTime(required=True, allow_none=True, metadata={"description": "to the minute"})


class NewKeyAnswer(KeyAnswer):
    """A key that was just made."""

    key = fields.String(required=True, metadata={"description": "the secret; it is shown this one time"})


class KeysAnswer(Schema):
    """Keys."""

    items = fields.List(fields.Nested(KeyAnswer), required=True)


def list_keys() -> ResponseReturnValue:
    """List the keys of one's own account."""
    items = [_shown(key) for key in api_keys.keys_of(db.session(), signed_in())]
    return _private({"items": items})


def create_key(body: dict[str, Any]) -> ResponseReturnValue:
    """Make a key. Its secret is in this answer and nowhere else."""
    made = api_keys.create(
        db.session(), current_actor(), signed_in(), body["name"], body["scopes"], body["expires_at"]
    )
    return _private({**_shown(made.key), "key": made.secret}, 201)


def revoke_key(key_id: str) -> ResponseReturnValue:
    """Revoke a key; it is refused from now on."""
    api_keys.revoke(db.session(), current_actor(), signed_in(), key_id)
    return "", 204


def _shown(key: AccountKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "created_at": iso8601(key.created_at),
        "expires_at": iso8601(key.expires_at),
        "last_used_at": iso8601(key.last_used_at),
    }


def _private(body: dict[str, Any], status: int = 200) -> ResponseReturnValue:
    return jsonify(body), status, {"Cache-Control": "no-store"}


_PATH = "/me/keys/<id:key_id>"
# No scope: a key cannot make or end keys.
OPERATIONS = (
    Operation("list_keys", "GET", "/me/keys", list_keys, "Own account", Access.ACCOUNT, answer=KeysAnswer()),
    Operation(
        "create_key",
        "POST",
        "/me/keys",
        create_key,
        "Own account",
        Access.ACCOUNT,
        body=NewKeyBody(),
        answer=NewKeyAnswer(),
        status=201,
        errors=(InvalidKey,),
    ),
    Operation(
        "revoke_key",
        "DELETE",
        _PATH,
        revoke_key,
        "Own account",
        Access.ACCOUNT,
        status=204,
        errors=(KeyNotFound,),
    ),
)
