"""Presets in responses."""

from __future__ import annotations

from marshmallow import Schema

from upscaler.views.api.schemas.described import flag, list_of, text, texts


class ChoiceSchema(Schema):
    """Models for one combination of parameters."""

    factor = text("how much it upscales")
    denoise = text("how much noise it removes")
    source = text("what the image went through: `jpeg` where it has marks of JPEG compression, else `clean`")
    model = text("what a job of this choice runs, as its `model` names it")
    models = texts("ids of the models, in the order in which they run")
    note = text("what it is good for")


class PresetSchema(Schema):
    """A preset."""

    name = text("name of the preset")
    label = text("what people call it, in the language of the request")
    description = text("what it is good for, in the language of the request")
    is_default = flag("whether it is used where no preset is sent")
    choices = list_of(ChoiceSchema, "what serves each factor and noise level")


class PresetListSchema(Schema):
    """Presets."""

    items = list_of(PresetSchema, "the presets")
