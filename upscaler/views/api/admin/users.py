"""Accounts: list, create, change, deactivate, set a new password, delete."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler.errors import AccountConflict, AccountNotFound, InvalidAccount, UnusableParameter
from upscaler.extensions import db
from upscaler.models import Account
from upscaler.services import queries
from upscaler.services.accounts import accounts
from upscaler.services.accounts.account_data import AccountData
from upscaler.services.paging import page_of
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.paging import answer_page
from upscaler.views.api.schemas.accounts import (
    ROLES,
    AccountBody,
    AccountListSchema,
    AccountSchema,
    NewAccountBody,
    PasswordBody,
    UsersQuery,
)
from upscaler.views.api.serializers.accounts import account_fields
from upscaler.views.context import current_actor, endpoint_url


def list_users(query: dict[str, Any]) -> ResponseReturnValue:
    """List the accounts, the oldest first."""
    wanted = queries.accounts(text=query["q"], role=query["role"], active=query["is_active"])
    page = page_of(
        db.session(), wanted, (Account.id,), cursor=query["cursor"], limit=query["limit"], descending=False
    )
    return answer_page(page, account_fields)


def create_user(body: dict[str, Any]) -> ResponseReturnValue:
    """Create an account."""
    data = AccountData(
        username=body["username"],
        email=body["email"],
        first_name=body.get("first_name", ""),
        last_name=body.get("last_name", ""),
        role=ROLES[body.get("role", "user")],
        active=body.get("is_active", True),
    )
    user = accounts.create(db.session(), current_actor(), data, body["password"])
    return _answer(user, 201, {"Location": endpoint_url("api.get_user", user_id=user.id)})


def get_user(user_id: int) -> ResponseReturnValue:
    """Return an account."""
    return _answer(_find(user_id))


def update_user(user_id: int, body: dict[str, Any]) -> ResponseReturnValue:
    """Change an account; another role or a deactivation ends its sessions and tokens."""
    user = _find(user_id)
    values: dict[str, Any] = {**account_fields(user), **body}
    data = AccountData(
        username=user.username,
        email=values["email"],
        first_name=values["first_name"],
        last_name=values["last_name"],
        role=ROLES[values["role"]],
        active=values["is_active"],
    )
    accounts.update_account(db.session(), current_actor(), user, data)
    return _answer(user)


def deactivate_user(user_id: int) -> ResponseReturnValue:
    """Keep an account from signing in; its sessions and tokens end, its keys are refused."""
    return update_user(user_id, {"is_active": False})


def set_user_password(user_id: int, body: dict[str, Any]) -> ResponseReturnValue:
    """Set a new password; sessions and tokens end."""
    accounts.reset_password(db.session(), current_actor(), _find(user_id), body["password"])
    return "", 204


def delete_user(user_id: int) -> ResponseReturnValue:
    """Delete an account; its images and jobs stay, without an owner."""
    accounts.delete(db.session(), current_actor(), _find(user_id))
    return "", 204


def _find(user_id: int) -> Account:
    user: Account | None = db.session.get(Account, user_id)
    if user is None:
        raise AccountNotFound
    return user


def _answer(user: Account, status: int = 200, headers: dict[str, str] | None = None) -> ResponseReturnValue:
    return jsonify(account_fields(user)), status, {"Cache-Control": "no-store", **(headers or {})}


_ID = "/users/<number:user_id>"
_ONE = (AccountNotFound,)
_CHANGE = (AccountNotFound, InvalidAccount, AccountConflict)
OPERATIONS = (
    admin_operation(
        "list_users",
        "GET",
        "/users",
        list_users,
        query=UsersQuery(),
        answer=AccountListSchema(),
        errors=(UnusableParameter,),
    ),
    admin_operation(
        "create_user",
        "POST",
        "/users",
        create_user,
        body=NewAccountBody(),
        idempotent=True,
        answer=AccountSchema(),
        status=201,
        location=True,
        errors=(InvalidAccount,),
    ),
    admin_operation("get_user", "GET", _ID, get_user, answer=AccountSchema(), errors=_ONE),
    admin_operation(
        "update_user",
        "PATCH",
        _ID,
        update_user,
        body=AccountBody(),
        answer=AccountSchema(),
        errors=_CHANGE,
    ),
    admin_operation(
        "deactivate_user",
        "POST",
        f"{_ID}/deactivate",
        deactivate_user,
        answer=AccountSchema(),
        errors=(AccountNotFound, AccountConflict),
    ),
    admin_operation(
        "set_user_password",
        "POST",
        f"{_ID}/password",
        set_user_password,
        body=PasswordBody(),
        status=204,
        errors=(AccountNotFound, InvalidAccount),
    ),
    admin_operation(
        "delete_user", "DELETE", _ID, delete_user, status=204, errors=(AccountNotFound, AccountConflict)
    ),
)
