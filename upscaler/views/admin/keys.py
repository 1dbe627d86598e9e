"""The API keys of the account that is signed in: make, look at, revoke."""

from __future__ import annotations

from typing import ClassVar

from flask import flash, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from werkzeug.wrappers import Response

from upscaler.errors import InvalidKey, KeyNotFound
from upscaler.extensions import db
from upscaler.services.accounts import api_keys
from upscaler.views.admin.messages import refuse, sentences
from upscaler.views.admin.urls import FORM, POST, ExactPaths
from upscaler.views.context import current_actor, signed_in


class KeysView(ExactPaths, BaseView):
    """One page with the keys, and a form for a new one."""

    default_view = "edit"
    paths: ClassVar = {
        "edit": ("/keys", FORM),
        "revoke": ("/keys/<id:key_id>/revoke", POST),
    }

    @has_access
    def edit(self) -> Response:
        """Show the keys; make one, and show its secret this one time."""
        if request.method == "GET":
            return self._page(200)
        name, scopes = request.form.get("name", ""), request.form.getlist("scopes")
        try:
            made = api_keys.create(db.session(), current_actor(), signed_in(), name, scopes)
        except InvalidKey as error:
            return self._page(422, error=" ".join(sentences(error)))
        return self._page(201, secret=made.secret)

    @has_access
    def revoke(self, key_id: str) -> Response:
        """End a key."""
        try:
            api_keys.revoke(db.session(), current_actor(), signed_in(), key_id)
        except KeyNotFound as error:
            refuse(error)
        else:
            flash(gettext("The key was revoked."), "success")
        return redirect(url_for("KeysView.edit"), 303)

    def _page(self, status: int, *, secret: str = "", error: str = "") -> Response:
        page = self.render_template(
            "admin/keys.html",
            title=gettext("API keys"),
            keys=api_keys.keys_of(db.session(), signed_in()),
            scopes=api_keys.SCOPES,
            chosen=request.form.getlist("scopes") if error else [api_keys.READ, api_keys.WRITE],
            name=request.form.get("name", "") if error else "",
            secret=secret,
            error=error,
        )
        return make_response(page, status)
