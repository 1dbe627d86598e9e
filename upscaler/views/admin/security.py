"""Signing in and out, and who may do what."""

from __future__ import annotations

from typing import ClassVar

from flask import Flask, flash, make_response, redirect, request, session, url_for
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import AuthDBView
from flask_babel import gettext, lazy_gettext
from flask_limiter import Limiter
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from upscaler.models import Account
from upscaler.services import audit
from upscaler.services.accounts import sign_in
from upscaler.services.accounts.account_data import MAX_EMAIL
from upscaler.views import login_limits
from upscaler.views.admin.urls import FORM, POST, ROOT, ExactPaths
from upscaler.views.limiter import limiter
from upscaler.views.targets import local_target


class LoginForm(DynamicForm):
    """Name and password."""

    username = StringField(lazy_gettext("Username"), [DataRequired(), Length(max=MAX_EMAIL)])
    password = PasswordField(lazy_gettext("Password"), [DataRequired(), Length(max=1000)])


class LoginView(ExactPaths, AuthDBView):
    """The login page of the whole site, and the way out."""

    for_anyone = True
    paths: ClassVar = {"login": ("/login", FORM), "logout": ("/logout", POST)}
    login_template = "admin/login.html"

    @login_limits.per_address
    @login_limits.per_account
    @no_cache
    def login(self) -> Response | str:
        """Show the form; sign in."""
        if current_user.is_authenticated:
            return redirect(_after_login(current_user), 303)
        form = LoginForm()
        if not form.validate_on_submit():
            return self._page(form, 200)
        user = self.appbuilder.sm.auth_user_db(form.username.data, form.password.data)
        if user is None:
            flash(gettext("Incorrect username or password."), "danger")
            return self._page(form, 401)
        _renew_session()
        login_user(user)
        return redirect(_after_login(user), 303)

    def logout(self) -> Response:
        """Sign out."""
        user = self._get_authenticated_user()
        logout_user()
        _renew_session()
        if user is not None:
            self.appbuilder.sm.on_user_logout(user)
        return redirect(url_for("LoginView.login"), 303)

    def too_many(self) -> Response:
        """Answer to the one try too many."""
        flash(gettext("Too many attempts. Try again in a minute."), "danger")
        return self._page(LoginForm(formdata=None), 429)

    def _page(self, form: LoginForm, status: int) -> Response:
        page = self.render_template(self.login_template, title=gettext("Sign in"), form=form)
        return make_response(page, status)


class ConsoleSecurity(SecurityManager):
    """Flask-AppBuilder's security with our accounts, our limits and a row in the trail for each login."""

    user_model = Account
    authdbview = LoginView
    userstatschartview = None

    def create_limiter(self, app: Flask) -> Limiter:  # noqa: ARG002 - the signature is not ours
        """Use the limiter of the whole application."""
        return limiter

    def register_views(self) -> None:
        """Register the login and nothing else: roles stand in code, and accounts have a page of our own."""
        self.auth_view = LoginView()
        self.appbuilder.add_view_no_menu(self.auth_view)

    def load_user(self, pk: str) -> Account | None:
        """Return the account of a session, unless it was deactivated, or had a new password or role since."""
        number, _, stamp = str(pk).partition(".")
        user = self.get_user_by_id(int(number)) if number.isdigit() else None
        return user if user is not None and user.is_active and user.sign_in_stamp == stamp else None

    def find_user(self, username: str | None = None, email: str | None = None) -> Account | None:
        """Return the account with this user name, or else with this e-mail address, in capitals or not."""
        if username:
            return sign_in.account_named(self.session, username)
        return sign_in.account_with_email(self.session, email) if email else None

    def auth_user_db(self, username: str, password: str) -> Account | None:
        """Check a user name and a password, and record the attempt."""
        # PostgreSQL refuses to compare with a text that holds a NUL.
        username = username.replace("\0", "")
        user: Account | None = super().auth_user_db(username, password)
        known = user or self.find_user(username=username) or self.find_user(email=username)
        address = request.remote_addr or ""
        sign_in.record_sign_in(self.session, known, username, address, success=user is not None)
        return user

    def on_user_logout(self, user: Account) -> None:
        """Record that an account signed out."""
        actor = audit.Actor(user_id=user.id, username=user.username, ip_address=request.remote_addr or "")
        sign_in.record_sign_out(self.session, actor)
        self.session.commit()


def _renew_session() -> None:
    """Start a new session, so that nothing planted in the old one survives a login or a logout."""
    session.clear()


def _after_login(user: Account) -> str:
    wanted = local_target(request.args.get("next", ""))
    if user.is_admin:
        return wanted or url_for("DashboardView.show")
    return (
        wanted
        if wanted and not wanted.startswith(f"{request.script_root}{ROOT}")
        else url_for("public.index")
    )
