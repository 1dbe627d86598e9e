"""Schemas of the fidelity receipt."""

from __future__ import annotations

from marshmallow import Schema, fields

OPEN = {"additionalProperties": True}


class QuarantinedDeviceSchema(Schema):
    """A device that failed and is tested again later."""

    RULES = OPEN

    engine = fields.String(metadata={"description": "name of the backend"})
    device = fields.String(metadata={"description": "name of the processor or graphics device"})
    precision = fields.String(metadata={"description": "numbers that it computed in"})
    reason = fields.String(metadata={"description": "how it failed"})
    quarantined_at = fields.DateTime(metadata={"description": "when it failed"})
    next_test_at = fields.DateTime(metadata={"description": "when it is tested again"})
    failures = fields.Integer(metadata={"description": "failures in a row"})
    models = fields.List(fields.String(), metadata={"description": "models that it is tested with"})


class NotTakenSchema(Schema):
    """A backend that is not in use."""

    engine = fields.String(required=True, metadata={"description": "name of the backend"})
    reason = fields.String(required=True, metadata={"description": "why it is not in use"})


class SpeedSchema(Schema):
    """The measured speed of a model on a worker's machine."""

    RULES = OPEN

    engine = fields.String(metadata={"description": "name of the backend that is fastest with this model"})
    precision = fields.String(metadata={"description": "numbers that it computes in"})
    device = fields.String(metadata={"description": "name of its processor or graphics device"})
    streams = fields.Integer(metadata={"description": "windows of an image that run side by side"})
    pixels_per_second = fields.Float(
        metadata={"description": "input pixels of the model per second, of all streams together"}
    )


class BackendSchema(Schema):
    """The backend of a worker; little is known until it has looked at its machine."""

    RULES = OPEN

    engine = fields.String(metadata={"description": "name of the backend"})
    device = fields.String(metadata={"description": "name of the processor or graphics device"})
    precision = fields.String(metadata={"description": "numbers that it computes in"})
    version = fields.String(metadata={"description": "version of the backend's library"})
    gpu = fields.Boolean(metadata={"description": "whether the device is a GPU"})
    threads = fields.Integer(metadata={"description": "processor threads that the models may use"})
    streams = fields.Integer(metadata={"description": "windows of an image that run side by side at most"})
    chosen_by = fields.String(
        metadata={
            "description": "why this backend: `setting` (the operator named it), `trial` (measured to be the fastest "
            "here), or `default` (not measured yet)"
        }
    )
    speeds = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(SpeedSchema),
        metadata={"description": "by model, the fastest backend as measured on this machine"},
    )
    not_taken = fields.List(
        fields.Nested(NotTakenSchema), metadata={"description": "backends that are not in use, and why"}
    )
    quarantined = fields.List(
        fields.Nested(QuarantinedDeviceSchema), metadata={"description": "devices that failed"}
    )
    models = fields.List(fields.String(), metadata={"description": "models that are installed on the host"})
    loaded = fields.List(fields.String(), metadata={"description": "models in memory"})
    reason = fields.String(metadata={"description": "why no backend can run, where none can"})


class NoteSchema(Schema):
    """Note on one property of the image."""

    code = fields.String(
        required=True, allow_none=True, metadata={"description": "stable name of the note, for programs"}
    )
    values = fields.Dict(required=True, metadata={"description": "what fills the note's sentence"})
    text = fields.String(
        required=True, metadata={"description": "the note as a sentence in the language of the request"}
    )


class AttemptSchema(Schema):
    """An attempt of a device to upscale the image."""

    RULES = OPEN

    engine = fields.String(metadata={"description": "name of the backend"})
    device = fields.String(metadata={"description": "name of the processor or graphics device"})
    precision = fields.String(metadata={"description": "numbers that it computed in"})
    tile = fields.Integer(
        allow_none=True,
        metadata={
            "description": "side of a tile in input pixels; null where the device failed its self-test"
        },
    )
    reason = fields.String(
        allow_none=True,
        metadata={"description": "why it failed; null for the attempt that succeeded"},
    )


class ReceiptSchema(Schema):
    """Receipt: properties kept and changed, the models, the device, and the seconds of each step."""

    RULES = OPEN

    version = fields.Integer(metadata={"description": "version of the receipt's format"})
    options = fields.Dict(metadata={"description": "the options in force"})
    model = fields.String(
        metadata={"description": "what ran: the models and their blend, or the engine that stood in for them"}
    )
    models = fields.List(fields.Dict(), metadata={"description": "the models that ran, with their hashes"})
    backend = fields.Nested(BackendSchema, metadata={"description": "what the job ran on"})
    stages = fields.List(
        fields.Dict(), metadata={"description": "what ran for each part of the image, stage by stage"}
    )
    input = fields.Dict(metadata={"description": "facts about the uploaded image"})
    output = fields.Dict(metadata={"description": "facts about the result's file"})
    check = fields.Dict(metadata={"description": "figures of the check that the result passed"})
    source = fields.Dict(
        metadata={"description": "what the models were chosen for: `kind`, and the trace of JPEG compression"}
    )
    steps = fields.Dict(metadata={"description": "seconds that each step of the job took"})
    seconds = fields.Dict(
        metadata={"description": "seconds that each part of the work took; parts run at the same time"}
    )
    kept = fields.List(fields.Nested(NoteSchema), metadata={"description": "what of the image was kept"})
    changed = fields.List(
        fields.Nested(NoteSchema), metadata={"description": "what of the image was changed"}
    )
    attempts = fields.List(
        fields.Nested(AttemptSchema),
        metadata={"description": "the attempts, in order; the last one succeeded"},
    )
    resumed_tiles = fields.Integer(
        metadata={"description": "tiles that were resumed from an attempt whose process died"}
    )
    faces = fields.Dict(
        allow_none=True, metadata={"description": "what became of the faces, where they were looked for"}
    )
