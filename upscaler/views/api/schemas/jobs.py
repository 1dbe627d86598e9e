"""The shapes of answers about jobs, for the documentation and for the tests that compare them with what is answered."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.engine.options import OPTIONS
from upscaler.models import JobStatus
from upscaler.views.api.schemas.options import option_fields

_STATUS = validate.OneOf([status.value for status in JobStatus])


class AcceptedJobAnswer(Schema):
    """A job that was accepted."""

    job_id = fields.String(required=True)
    upload_id = fields.String(required=True)
    status = fields.String(required=True, validate=_STATUS)
    created_at = fields.DateTime(required=True)
    estimated_seconds = fields.Integer(required=True, metadata={"description": "until it should be done"})


class OriginalAnswer(Schema):
    """The image as it was sent."""

    filename = fields.String(required=True)
    mime_type = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    size_bytes = fields.Integer(required=True)


class ResultAnswer(Schema):
    """The upscaled image."""

    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    size_bytes = fields.Integer(required=True)
    mime_type = fields.String(required=True)


class JobErrorAnswer(Schema):
    """Why a job failed."""

    code = fields.String(required=True)
    detail = fields.String(required=True)


class LogLineAnswer(Schema):
    """A line of a job's log."""

    at = fields.DateTime(required=True)
    level = fields.String(required=True)
    message = fields.String(required=True)


class OptionsAnswer(Schema):
    """The options of a job."""

    class Meta:
        """The options come from their table."""

        include = option_fields(OPTIONS.values())


class JobSummaryAnswer(Schema):
    """A job in a list."""

    job_id = fields.String(required=True)
    upload_id = fields.String(required=True)
    parent_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=_STATUS)
    progress = fields.Integer(required=True, validate=validate.Range(0, 100))
    params = fields.Nested(
        OptionsAnswer,
        required=True,
        metadata={"description": "the options in force; they can be sent again as they are"},
    )
    has_callback = fields.Boolean(
        required=True, metadata={"description": "whether a webhook reports its end; its address is not shown"}
    )
    model = fields.String(required=True)
    filename = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    duration_seconds = fields.Integer(required=True, allow_none=True)


class JobAnswer(Schema):
    """All about a job."""

    job_id = fields.String(required=True)
    upload_id = fields.String(required=True)
    parent_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=_STATUS)
    progress = fields.Integer(required=True, validate=validate.Range(0, 100))
    worker_id = fields.String(required=True, allow_none=True)
    params = fields.Nested(
        OptionsAnswer,
        required=True,
        metadata={"description": "the options in force; they can be sent again as they are"},
    )
    has_callback = fields.Boolean(
        required=True, metadata={"description": "whether a webhook reports its end; its address is not shown"}
    )
    model = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    duration_seconds = fields.Integer(required=True, allow_none=True)
    estimated_seconds = fields.Integer(required=True)
    queue_position = fields.Integer(
        required=True, allow_none=True, metadata={"description": "1 is next; null unless it waits"}
    )
    original_file = fields.Url(required=True, require_tld=False)
    original_preview = fields.Url(required=True, allow_none=True, require_tld=False)
    preview_file = fields.Url(required=True, allow_none=True, require_tld=False)
    result_file = fields.Url(required=True, allow_none=True, require_tld=False)
    upload = fields.Nested(OriginalAnswer, required=True)
    result = fields.Nested(ResultAnswer, required=True, allow_none=True)
    error = fields.Nested(JobErrorAnswer, required=True, allow_none=True)
    receipt = fields.Dict(required=True, allow_none=True)
    may_change = fields.Boolean(
        required=True, metadata={"description": "whether whoever asks may cancel and delete it"}
    )
    logs = fields.List(fields.Nested(LogLineAnswer), required=True)
