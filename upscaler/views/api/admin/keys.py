"""The API keys of all accounts."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue

from upscaler.errors import KeyNotFound, UnusableParameter
from upscaler.extensions import db
from upscaler.models import AccountKey
from upscaler.services import queries
from upscaler.services.accounts import api_keys
from upscaler.services.paging import page_of
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.paging import answer_page
from upscaler.views.api.schemas.keys import AdminKeyListSchema, AdminKeysQuery
from upscaler.views.api.serializers.accounts import key_fields
from upscaler.views.context import current_actor


def list_admin_keys(query: dict[str, Any]) -> ResponseReturnValue:
    """List the keys of all accounts, the newest first."""
    page = page_of(
        db.session(),
        queries.api_keys(user=query["user"]),
        (AccountKey.created_at, AccountKey.id),
        cursor=query["cursor"],
        limit=query["limit"],
    )
    return answer_page(page, _fields)


def revoke_admin_key(key_id: str) -> ResponseReturnValue:
    """Revoke a key of any account; it is refused from now on."""
    key: AccountKey | None = db.session.get(AccountKey, key_id)
    if key is None:
        raise KeyNotFound
    api_keys.revoke(db.session(), current_actor(), key.user, key.id)
    return "", 204


def _fields(key: AccountKey) -> dict[str, Any]:
    return {**key_fields(key), "user_id": key.user_id, "username": key.user.username}


OPERATIONS = (
    admin_operation(
        "list_admin_keys",
        "GET",
        "/keys",
        list_admin_keys,
        query=AdminKeysQuery(),
        answer=AdminKeyListSchema(),
        errors=(UnusableParameter,),
    ),
    admin_operation(
        "revoke_admin_key",
        "DELETE",
        "/keys/<id:key_id>",
        revoke_admin_key,
        status=204,
        errors=(KeyNotFound,),
    ),
)
