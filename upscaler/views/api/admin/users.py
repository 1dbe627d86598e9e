"""Accounts: list, create, change, deactivate, set a new password, delete."""

from __future__ import annotations

from typing import Any

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from upscaler.errors import AccountConflict, AccountNotFound, InvalidAccount, UnusableParameter
from upscaler.extensions import db
from upscaler.models import ADMIN_ROLE, USER_ROLE, Account
from upscaler.services import queries
from upscaler.services.accounts import accounts, api_keys
from upscaler.services.accounts.accounts import MAX_EMAIL, MAX_NAME, MAX_PASSWORD, MIN_PASSWORD, AccountData
from upscaler.services.paging import page_of
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.paging import PageAnswer, PageQuery, answer_page
from upscaler.views.context import absolute_url, current_actor

# The API's words for the roles.
ROLES = {"admin": ADMIN_ROLE, "user": USER_ROLE}
_role = validate.OneOf(tuple(ROLES))


class UsersQuery(PageQuery):
    """Which accounts."""

    q = fields.String(
        load_default=None,
        validate=validate.Length(1, 100),
        metadata={"description": "a part of a name or address"},
    )
    role = fields.String(load_default=None, validate=_role)
    active = fields.Boolean(load_default=None)


class AccountBody(Schema):
    """What may be changed of an account; what is left out stays."""

    email = fields.String(
        validate=validate.Length(1, MAX_EMAIL), metadata={"format": "email", "example": "layla@example.org"}
    )
    first_name = fields.String(validate=validate.Length(max=MAX_NAME))
    last_name = fields.String(validate=validate.Length(max=MAX_NAME))
    role = fields.String(validate=_role)
    active = fields.Boolean(metadata={"description": "whether the account may sign in"})


class PasswordBody(Schema):
    """A new password."""

    password = fields.String(
        required=True,
        validate=validate.Length(1, MAX_PASSWORD),
        metadata={
            "format": "password",
            # Shorter ones are refused with words of their own.
            "minLength": MIN_PASSWORD,
            "description": "does not contain the user name",
            "example": "a long pass phrase",
        },
    )


class NewAccountBody(AccountBody, PasswordBody):
    """A new account."""

    username = fields.String(
        required=True,
        validate=validate.Length(1, MAX_NAME),
        metadata={
            "pattern": r"^[\w.-]+$",
            "description": "letters, digits, dots, dashes and underscores",
            "example": "layla",
        },
    )
    email = fields.String(
        required=True,
        validate=validate.Length(1, MAX_EMAIL),
        metadata={"format": "email", "example": "layla@example.org"},
    )


class AccountAnswer(Schema):
    """An account."""

    id = fields.Integer(required=True)
    username = fields.String(required=True)
    email = fields.String(required=True)
    first_name = fields.String(required=True)
    last_name = fields.String(required=True)
    role = fields.String(required=True, validate=_role)
    active = fields.Boolean(required=True)


class AccountsAnswer(PageAnswer):
    """Accounts."""

    items = fields.List(fields.Nested(AccountAnswer), required=True)


def list_users(query: dict[str, Any]) -> ResponseReturnValue:
    """List the accounts, the oldest first."""
    wanted = queries.accounts(text=query["q"], role=query["role"], active=query["active"])
    page = page_of(
        db.session(), wanted, (Account.id,), cursor=query["cursor"], limit=query["limit"], descending=False
    )
    return answer_page(page, _shown)


def create_user(body: dict[str, Any]) -> ResponseReturnValue:
    """Create an account."""
    data = AccountData(
        username=body["username"],
        email=body["email"],
        first_name=body.get("first_name", ""),
        last_name=body.get("last_name", ""),
        role=ROLES[body.get("role", "user")],
        active=body.get("active", True),
    )
    user = accounts.create(db.session(), current_actor(), data, body["password"])
    return _answer(user, 201, {"Location": absolute_url(url_for("api.admin_user", user_id=user.id))})


def show_user(user_id: int) -> ResponseReturnValue:
    """Show an account."""
    return _answer(_find(user_id))


def change_user(user_id: int, body: dict[str, Any]) -> ResponseReturnValue:
    """Change an account; another role or a deactivation ends its sessions and tokens."""
    user = _find(user_id)
    values: dict[str, Any] = {**_shown(user), **body}
    data = AccountData(
        username=user.username,
        email=values["email"],
        first_name=values["first_name"],
        last_name=values["last_name"],
        role=ROLES[values["role"]],
        active=values["active"],
    )
    accounts.update_account(db.session(), current_actor(), user, data)
    return _answer(user)


def deactivate_user(user_id: int) -> ResponseReturnValue:
    """Take the right to sign in from an account; its sessions and tokens end, its keys rest."""
    return change_user(user_id, {"active": False})


def reset_password(user_id: int, body: dict[str, Any]) -> ResponseReturnValue:
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


def _shown(user: Account) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role,
        "active": bool(user.active),
    }


def _answer(user: Account, status: int = 200, headers: dict[str, str] | None = None) -> ResponseReturnValue:
    return jsonify(_shown(user)), status, {"Cache-Control": "no-store", **(headers or {})}


def _operation(name: str, method: str, path: str, view: Any, **more: Any) -> Operation:
    return Operation(name, method, f"/admin/users{path}", view, "Admin", Access.ADMIN, api_keys.ADMIN, **more)


_ID = "/<number:user_id>"
_ONE = (AccountNotFound,)
_CHANGE = (AccountNotFound, InvalidAccount, AccountConflict)
OPERATIONS = (
    _operation(
        "admin_users",
        "GET",
        "",
        list_users,
        query=UsersQuery(),
        answer=AccountsAnswer(),
        errors=(UnusableParameter,),
    ),
    _operation(
        "admin_create_user",
        "POST",
        "",
        create_user,
        body=NewAccountBody(),
        repeatable=True,
        answer=AccountAnswer(),
        status=201,
        errors=(InvalidAccount,),
    ),
    _operation("admin_user", "GET", _ID, show_user, answer=AccountAnswer(), errors=_ONE),
    _operation(
        "admin_change_user",
        "PATCH",
        _ID,
        change_user,
        body=AccountBody(),
        answer=AccountAnswer(),
        errors=_CHANGE,
    ),
    _operation(
        "admin_deactivate_user",
        "POST",
        f"{_ID}/deactivate",
        deactivate_user,
        answer=AccountAnswer(),
        errors=(AccountNotFound, AccountConflict),
    ),
    _operation(
        "admin_reset_password",
        "POST",
        f"{_ID}/password",
        reset_password,
        body=PasswordBody(),
        status=204,
        errors=(AccountNotFound, InvalidAccount),
    ),
    _operation(
        "admin_delete_user", "DELETE", _ID, delete_user, status=204, errors=(AccountNotFound, AccountConflict)
    ),
)
