"""Exact paths for views of Flask-AppBuilder, which otherwise makes them up from class and method names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import redirect, request, url_for
from flask_appbuilder.hooks import before_request, get_before_request_hooks, wrap_route_handler_with_hooks
from flask_login import current_user
from werkzeug.wrappers import Response

from upscaler.views.targets import this_page

ROOT = "/admin"

PK = "<number:pk>"
ID = "<id:pk>"

GET = ("GET",)
POST = ("POST",)
FORM = ("GET", "POST")


class ExactPaths:
    """Mix in before a view: only the methods named in ``paths`` are reachable, exactly there.

    Attributes:
        paths: for each method its path below ``ROOT`` and its HTTP methods.
        for_anyone: False sends visitors who have not signed in to the login page.
    """

    paths: ClassVar[Mapping[str, tuple[str, tuple[str, ...]]]]
    for_anyone = False
    route_base = ROOT

    def _register_urls(self: Any) -> None:
        hooks = get_before_request_hooks(self)
        if not self.for_anyone:
            hooks = [ask_to_sign_in, *hooks]
        for name, (path, methods) in self.paths.items():
            handler = getattr(self, name)
            self.blueprint.add_url_rule(
                path, name, wrap_route_handler_with_hooks(name, handler, hooks), methods=methods
            )


@before_request()
def ask_to_sign_in() -> Response | None:
    """Send a visitor without an account to the login page, and back to where they wanted to go."""
    if current_user.is_authenticated:
        return None
    wanted = this_page() if request.method == "GET" else None
    return redirect(url_for("LoginView.login", next=wanted), 303)
