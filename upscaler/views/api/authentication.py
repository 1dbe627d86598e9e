"""Authentication of the caller: by API key, token or session cookie, or as a visitor; and the caller's rights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import request

from upscaler.errors import (
    AuthenticationRequired,
    Forbidden,
    InsufficientScope,
    InvalidCredentials,
    KeysNotAccepted,
)
from upscaler.extensions import db
from upscaler.models import Account
from upscaler.services.accounts import api_keys
from upscaler.views.addresses import client_address
from upscaler.views.api import tokens
from upscaler.views.api.operations import Access, Operation
from upscaler.views.context import CALLER, cookie_account, services

BEARER = "bearer"


@dataclass(frozen=True)
class Caller:
    """Caller of a request.

    Attributes:
        account: None for a visitor.
        scopes: what an API key may do; None for callers without one, who may do what their account may.
        session_id: of the token that was shown, if one was.
    """

    account: Account | None = None
    scopes: Collection[str] | None = None
    session_id: str | None = None

    @property
    def name(self) -> str:
        """By what requests of this caller belong together: the account, else the address."""
        return f"account {self.account.id}" if self.account else f"address {client_address()}"


def identify() -> Caller:
    """Return who sent this request, and remember it for the rest of the request.

    An ``Authorization`` header counts alone: the cookie is not looked at then, nor is a bad header overlooked.

    Raises:
        InvalidCredentials, TokenExpired: the header holds nothing that is accepted.
    """
    header = request.headers.get("Authorization")
    caller = Caller(cookie_account()) if header is None else _from_header(header)
    request.environ[CALLER] = caller
    return caller


def current_caller() -> Caller:
    """Return who sent this request; ``identify`` was called before."""
    caller: Caller = request.environ[CALLER]
    return caller


def authorize(caller: Caller, operation: Operation) -> None:
    """Let a caller through to an operation.

    Raises:
        AuthenticationRequired: this needs an account.
        Forbidden, InsufficientScope, KeysNotAccepted: this account or this key may not do it.
    """
    if operation.access is Access.OPEN:
        return
    if caller.account is None:
        if operation.access is not Access.ANYONE or services().settings.values(db.session()).require_login:
            raise AuthenticationRequired
        return
    if operation.access is Access.ADMIN and not caller.account.is_admin:
        raise Forbidden
    if caller.scopes is None:
        return
    if operation.scope is None:
        raise KeysNotAccepted
    if operation.scope not in caller.scopes:
        raise InsufficientScope(scope=operation.scope)


def _from_header(header: str) -> Caller:
    kind, _, credentials = header.strip().partition(" ")
    credentials = credentials.strip()
    if kind.lower() != BEARER or not credentials:
        raise InvalidCredentials
    if credentials.startswith(api_keys.PREFIX):
        key = api_keys.authenticate(db.session(), credentials)
        if key is None:
            raise InvalidCredentials
        return Caller(key.user, frozenset(key.scopes))
    account, session_id = tokens.account_of(credentials)
    return Caller(account, session_id=session_id)
