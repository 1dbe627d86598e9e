"""The services, the configuration and the account of the current request."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from flask import current_app, request, url_for
from flask_login import current_user

from config import Config
from upscaler.errors import AuthenticationRequired
from upscaler.extensions import db
from upscaler.models import Account
from upscaler.services.audit import Actor
from upscaler.services.files.links import LinkSigner
from upscaler.services.registry import Services

# The key of the API's caller in the request's WSGI environment.
CALLER = "upscaler.caller"


def services() -> Services:
    """Return the services of this application."""
    return cast(Services, current_app.extensions["upscaler"])


def config() -> Config:
    """Return the configuration of this application."""
    return cast(Config, current_app.extensions["config"])


def links() -> LinkSigner:
    """Return the signer of links, with the lifetime in force."""
    return services().links(services().settings.values(db.session()).link_ttl_seconds)


def current_account() -> Account | None:
    """Return the account of this request, or None for a visitor."""
    caller = request.environ.get(CALLER)
    return cast("Account | None", caller.account) if caller else cookie_account()


def cookie_account() -> Account | None:
    """Return the account of the session cookie, or None."""
    # The account itself instead of Flask-Login's proxy, which stands for another one in the next request.
    return (
        cast(Account, current_user._get_current_object())
        if current_user and current_user.is_authenticated
        else None
    )


def signed_in() -> Account:
    """Return the account of this request; raise ``AuthenticationRequired`` for a visitor."""
    account = current_account()
    if account is None:
        raise AuthenticationRequired
    return account


def current_actor() -> Actor:
    """Return the actor of this request, for the audit log."""
    account = current_account()
    return Actor(
        user_id=account.id if account else None,
        username=account.username if account else "",
        ip_address=request.remote_addr or "",
        is_admin=account is not None and account.is_admin,
    )


def absolute_url(path: str) -> str:
    """Return the absolute URL of a path of this service, such as that of a signed link, as clients reach it."""
    public = config().public_url
    if not public:
        return f"{request.root_url.rstrip('/')}{path}"
    # A public URL may name the prefix that a proxy serves us under; else the proxy does.
    has_path = bool(urlsplit(public).path)
    return f"{public}{'' if has_path else request.script_root}{path}"


def endpoint_url(endpoint: str, **values: Any) -> str:
    """Return the absolute URL of a route as clients reach it; the arguments are those of ``url_for``."""
    return absolute_url(url_for(endpoint, **values)[len(request.script_root) :])
