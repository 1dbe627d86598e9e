"""Errors inside responses, such as the one that a job failed with."""

from __future__ import annotations

from marshmallow import Schema

from upscaler.views.api.schemas.described import text


class ErrorSchema(Schema):
    """Why something failed."""

    code = text("stable name of the error, for programs")
    detail = text("what happened and what to do, in the language of the request")


class StatusReasonSchema(Schema):
    """Why a job does not go on."""

    code = text("stable name of the reason, for programs", choices=("no_worker_online",))
    detail = text("the reason in the language of the request")
