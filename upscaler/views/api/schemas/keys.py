"""API keys in requests and responses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.services.accounts import api_keys
from upscaler.views.api.paging import EARLIEST, LATEST, PageQuery, PageSchema
from upscaler.views.api.schemas.described import integer, list_of, moment, text, texts


class NewKeyBody(Schema):
    """A key to be created."""

    name = fields.String(
        required=True,
        validate=validate.Length(1, api_keys.MAX_NAME),
        metadata={"description": "identifies the key in lists", "example": "nightly scans"},
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


class KeySchema(Schema):
    """A key, without its secret."""

    id = text("id of the key")
    name = text("name of the key")
    prefix = text("first characters of the secret")
    scopes = texts("what the key may do", choices=api_keys.SCOPES)
    created_at = moment("when the key was created")
    expires_at = moment("when the key expires; null for never", nullable=True)
    last_used_at = moment("when the key was last used, to the minute", nullable=True)


class NewKeySchema(KeySchema):
    """A key that was just created."""

    key = text("the secret; it is shown this one time")


class KeyListSchema(Schema):
    """Keys, the newest first."""

    items = list_of(KeySchema, "the keys")


class AdminKeysQuery(PageQuery):
    """Filters of keys."""

    user = fields.String(
        load_default=None, validate=validate.Length(1, 100), metadata={"description": "a part of a user name"}
    )


class AdminKeySchema(KeySchema):
    """A key and whose it is."""

    user_id = integer("id of the account")
    username = text("user name of the account")


class AdminKeyListSchema(PageSchema):
    """Keys of all accounts that were not revoked, the newest first."""

    items = list_of(AdminKeySchema, "the keys of this page")
