"""Accounts: list, create, edit, reset the password, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, flash, make_response, redirect, url_for
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Query, selectinload
from werkzeug.wrappers import Response
from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

from upscaler.errors import AccountConflict, InvalidAccount
from upscaler.extensions import db
from upscaler.models import ADMIN_ROLE, USER_ROLE, Account
from upscaler.services.accounts import accounts
from upscaler.services.accounts.account_data import MAX_EMAIL, MAX_NAME, MAX_PASSWORD, AccountData
from upscaler.views.admin.filters import HasRole, IsActive, UserSearch
from upscaler.views.admin.lists import ConsoleList
from upscaler.views.admin.messages import refuse
from upscaler.views.admin.queries import Field
from upscaler.views.admin.urls import FORM, GET, PK, POST
from upscaler.views.context import current_account, current_actor
from upscaler.views.sentences import localized

ROLE_LABELS = ((USER_ROLE, lazy_gettext("User")), (ADMIN_ROLE, lazy_gettext("Admin")))


class PasswordMixin(DynamicForm):
    """A new password, typed twice."""

    password = PasswordField(
        lazy_gettext("Password"),
        [DataRequired(), Length(max=MAX_PASSWORD)],
        description=lazy_gettext("At least 10 characters."),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        lazy_gettext("Repeat password"),
        [EqualTo("password", message=lazy_gettext("The passwords do not match. Enter them again."))],
        render_kw={"autocomplete": "new-password"},
    )


class AccountForm(DynamicForm):
    """The editable fields of an account."""

    email = EmailField(lazy_gettext("E-mail address"), [DataRequired(), Length(max=MAX_EMAIL)])
    first_name = StringField(lazy_gettext("First name"), [Length(max=MAX_NAME)])
    last_name = StringField(lazy_gettext("Last name"), [Length(max=MAX_NAME)])
    role = SelectField(
        lazy_gettext("Role"),
        choices=[name for name, _ in ROLE_LABELS],
        default=USER_ROLE,
        description=lazy_gettext("Admins have full access to this console. Users only see their own images."),
    )
    active = BooleanField(
        lazy_gettext("Can sign in"),
        default=True,
        description=lazy_gettext("Turning this off ends open sessions immediately."),
    )


class NewAccountForm(AccountForm, PasswordMixin):
    """A new account."""

    username = StringField(
        lazy_gettext("Username"), [DataRequired(), Length(max=MAX_NAME)], render_kw={"autocomplete": "off"}
    )
    field_order = ("username", "email", "first_name", "last_name", "role", "active", "password", "again")


class UserInterface(SQLAInterface):
    """Accounts with their roles, without a query for each row."""

    def apply_all(self, *args: Any, **kwargs: Any) -> Query[Account]:
        """Add the roles to Flask-AppBuilder's query."""
        query: Query[Account] = super().apply_all(*args, **kwargs)
        return query.options(selectinload(Account.roles))


def role_choices() -> Sequence[tuple[str, Any]]:
    """Return the roles with their labels."""
    return ROLE_LABELS


def active_choices() -> Sequence[tuple[str, Any]]:
    """Return whether an account may sign in."""
    return (("yes", lazy_gettext("Can sign in")), ("no", lazy_gettext("Cannot sign in")))


class UserView(ConsoleList):
    """The accounts of the site, the API and the console."""

    datamodel = UserInterface(Account)
    default_view = "list"
    paths: ClassVar = {
        "list": ("/users", GET),
        "add": ("/users/add", FORM),
        "edit": (f"/users/{PK}", FORM),
        "password": (f"/users/{PK}/password", FORM),
        "delete": (f"/users/{PK}/delete", POST),
    }
    list_title = lazy_gettext("Users")
    list_template = "admin/users.html"
    list_columns = ("username", "email", "role", "active", "last_login")
    order_columns = ("username", "email", "active", "last_login")
    base_order = ("username", "asc")
    label_columns: ClassVar = {
        "username": lazy_gettext("Username"),
        "email": lazy_gettext("E-mail address"),
        "role": lazy_gettext("Role"),
        "active": lazy_gettext("Can sign in"),
        "last_login": lazy_gettext("Last login"),
    }
    search = (
        Field("q", lazy_gettext("Name or e-mail address"), "username", UserSearch),
        Field("role", lazy_gettext("Role"), "username", HasRole, "choice", role_choices),
        Field("active", lazy_gettext("Sign in"), "active", IsActive, "choice", active_choices),
    )
    search_columns = add_columns = edit_columns = show_columns = ("username",)
    row_template = "admin/rows/user.html"

    @has_access
    def add(self) -> Response:
        """Create an account."""
        form = NewAccountForm()
        if form.validate_on_submit():
            try:
                user = accounts.create(
                    db.session(), current_actor(), _data(form, form.username.data), form.password.data
                )
            except InvalidAccount as error:
                _attach(form, error)
            else:
                flash(gettext("The account %(name)s was created.", name=user.username), "success")
                return redirect(url_for("UserView.list"), 303)
        return self._form_page("admin/user_new.html", gettext("New account"), form)

    @has_access
    def edit(self, pk: int) -> Response:
        """Change an account."""
        user = self._user(pk)
        form = AccountForm(data=_shown(user))
        if form.validate_on_submit():
            try:
                accounts.update_account(db.session(), current_actor(), user, _data(form, user.username))
            except InvalidAccount as error:
                _attach(form, error)
            except AccountConflict as error:
                refuse(error)
                return redirect(url_for("UserView.edit", pk=pk), 303)
            else:
                flash(gettext("The account was saved."), "success")
                return redirect(url_for("UserView.list"), 303)
        return self._form_page("admin/user.html", user.username, form, user=user)

    @has_access
    def password(self, pk: int) -> Response:
        """Set a new password for an account."""
        user = self._user(pk)
        form = PasswordMixin()
        if form.validate_on_submit():
            try:
                accounts.reset_password(db.session(), current_actor(), user, form.password.data)
            except InvalidAccount as error:
                _attach(form, error)
            else:
                flash(gettext("The password of %(name)s was changed.", name=user.username), "success")
                return redirect(url_for("UserView.list"), 303)
        return self._form_page("admin/user_password.html", gettext("New password"), form, user=user)

    @has_access
    def delete(self, pk: int) -> Response:
        """Delete an account; its jobs stay."""
        user = self._user(pk)
        name = user.username
        try:
            accounts.delete(db.session(), current_actor(), user)
        except AccountConflict as error:
            refuse(error)
        else:
            flash(gettext("The account %(name)s was deleted.", name=name), "success")
        return redirect(url_for("UserView.list"), 303)

    def _user(self, pk: int) -> Account:
        user: Account | None = db.session.get(Account, pk)
        return user or abort(404)

    def _form_page(
        self, template: str, title: str, form: DynamicForm, user: Account | None = None
    ) -> Response:
        account = current_account()
        own = account is not None and user is not None and account.id == user.id
        page = self.render_template(template, title=title, form=form, user=user, own=own)
        return make_response(page, 422 if form.errors else 200)


def _shown(user: Account) -> dict[str, Any]:
    """Return what the form starts with; the account's own ``role`` is a word for the API, not the role's name."""
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": ADMIN_ROLE if user.is_admin else USER_ROLE,
        "active": bool(user.active),
    }


def _data(form: AccountForm, username: str) -> AccountData:
    return AccountData(
        username=username,
        email=form.email.data,
        first_name=form.first_name.data or "",
        last_name=form.last_name.data or "",
        role=form.role.data,
        active=form.active.data,
    )


def _attach(form: DynamicForm, error: InvalidAccount) -> None:
    """Put each error beside the field it is about."""
    db.session.rollback()
    for one in (error, *error.related):
        field = form[one.parameter] if one.parameter in form else next(iter(form))
        field.errors = [*field.errors, localized(one.message, one.values)]
