"""Accounts in requests and responses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.models import ADMIN_ROLE, USER_ROLE
from upscaler.services.accounts.account_data import MAX_EMAIL, MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from upscaler.views.api.paging import PageQuery, PageSchema
from upscaler.views.api.schemas.described import flag, integer, list_of, moment, nested, text
from upscaler.views.api.schemas.truth import Truth

# The API's words for the roles.
ROLES = {"admin": ADMIN_ROLE, "user": USER_ROLE}
_role = validate.OneOf(tuple(ROLES))


class UsersQuery(PageQuery):
    """Filters of accounts."""

    q = fields.String(
        load_default=None,
        validate=validate.Length(1, 100),
        metadata={"description": "a part of a name or address"},
    )
    role = fields.String(load_default=None, validate=_role, metadata={"description": "role of the account"})
    is_active = fields.Boolean(load_default=None, metadata={"description": "whether it may sign in"})


class AccountBody(Schema):
    """Changes to an account; what is left out stays."""

    email = fields.String(
        validate=validate.Length(1, MAX_EMAIL),
        metadata={"format": "email", "example": "layla@example.org", "description": "e-mail address"},
    )
    first_name = fields.String(validate=validate.Length(max=MAX_NAME), metadata={"description": "first name"})
    last_name = fields.String(validate=validate.Length(max=MAX_NAME), metadata={"description": "last name"})
    role = fields.String(validate=_role, metadata={"description": "`user` unless it is sent"})
    is_active = Truth(metadata={"description": "whether the account may sign in"})


class PasswordBody(Schema):
    """A new password."""

    password = fields.String(
        required=True,
        validate=validate.Length(1, MAX_PASSWORD),
        metadata={
            "format": "password",
            # Shorter ones are refused with an error of their own.
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
        metadata={"format": "email", "example": "layla@example.org", "description": "e-mail address"},
    )


class AccountSchema(Schema):
    """An account."""

    id = integer("id of the account")
    username = text("user name")
    email = text("e-mail address")
    first_name = text("first name; may be empty")
    last_name = text("last name; may be empty")
    role = text("role of the account", choices=ROLES)
    is_active = flag("whether the account may sign in")
    created_at = moment("when the account was created", nullable=True)
    last_login_at = moment("when its owner last signed in", nullable=True)


class AccountListSchema(PageSchema):
    """Accounts, the oldest first."""

    items = list_of(AccountSchema, "the accounts of this page")


class UsageSchema(Schema):
    """Usage of an account."""

    jobs = integer("jobs in all")
    jobs_last_day = integer("jobs in the last 24 hours")
    completed = integer("jobs that were completed")
    input_pixels = integer("pixels of all uploaded images")
    output_pixels = integer("pixels of all results")
    worker_seconds = integer("seconds that workers spent")


class RateSchema(Schema):
    """A rate limit in force, and what is left of it."""

    limit = integer("requests in a window")
    remaining = integer("requests that are left in the current window")
    window_seconds = integer("length of a window in seconds")


class QuotaSchema(Schema):
    """Limits of an account. A rate without windows has no limit."""

    upload_rates = list_of(RateSchema, "images")
    preview_rates = list_of(RateSchema, "previews")
    request_rates = list_of(RateSchema, "all other requests")
    max_upload_size_bytes = integer("largest file in bytes")
    max_batch_files = integer("files in a batch")
    max_batch_size_bytes = integer("bytes of all files of a batch together")
    max_image_side = integer("longest side of an image in pixels")
    max_input_pixels = integer("pixels of an image")
    max_output_pixels = integer("pixels of a result")


class OwnAccountSchema(AccountSchema):
    """The caller's account."""

    usage = nested(UsageSchema, "what the account has used")
    quota = nested(QuotaSchema, "what the account may use")
