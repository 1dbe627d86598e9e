"""Models in requests and responses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.engine.model_zoo.custom_model import FACES, MAX_LICENCE, UPSCALING
from upscaler.engine.options import FACTORS, MODEL_NAME, PRESETS
from upscaler.views.api.paging import PageSchema
from upscaler.views.api.schemas.described import flag, integer, list_of, mapping, moment, text
from upscaler.views.api.schemas.truth import Truth

_licence = validate.Length(max=MAX_LICENCE)


class ModelSchema(Schema):
    """A model."""

    id = text("id of the model, which is its name")
    name = text("name of the model")
    type = text("family of the model, such as `esrgan` or `waifu2x`")
    scale = integer("output side in pixels for each pixel of an input side")
    licence = text("licence of the weights")
    sha256 = text("SHA-256 of the weights")
    gpu_required = flag("whether the model runs on a GPU only")
    note = text("what the model is for")


class ModelListSchema(Schema):
    """Models by name."""

    items = list_of(ModelSchema, "the models")


class UseBody(Schema):
    """A preset and factor that a model serves in place of the preset's own models."""

    preset = fields.String(
        required=True, validate=validate.OneOf(PRESETS), metadata={"description": "name of a preset"}
    )
    factor = fields.String(
        required=True, validate=validate.OneOf(FACTORS), metadata={"description": "how much it upscales"}
    )


class ModelForm(Schema):
    """A model: one ONNX file, a .param and a .bin file of ncnn, or a ZIP file with either."""

    file = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}),
        required=True,
        metadata={"description": "repeated for the two files of ncnn"},
    )
    name = fields.String(
        validate=validate.Regexp(f"^{MODEL_NAME.pattern}$"),
        metadata={"description": "by default the name of the first file"},
    )
    licence = fields.String(validate=_licence, metadata={"description": "of the weights"})
    preset = fields.String(validate=validate.OneOf(PRESETS), metadata={"description": "with factor"})
    factor = fields.String(validate=validate.OneOf(FACTORS), metadata={"description": "with preset"})


class ModelBody(Schema):
    """Changes to a model; what is left out stays."""

    is_active = Truth(metadata={"description": "whether the model may be used"})
    licence = fields.String(validate=_licence, metadata={"description": "of the weights"})
    uses = fields.List(
        fields.Nested(UseBody), metadata={"description": "what the model serves in place of others"}
    )


class AdminModelSchema(ModelSchema):
    """A model as the operator sees it: a bundled one, or one that was added."""

    created_at = moment("when the model was added")
    is_active = flag("whether the model may be used")
    is_bundled = flag("whether the model comes with the service, and so cannot be changed")
    kind = text("format of an added model; null for a bundled one", nullable=True, choices=("onnx", "ncnn"))
    purpose = text("`faces` for a model that restores faces", choices=(UPSCALING, FACES))
    uses = list_of(UseBody, "what an added model serves in place of others")
    file_hashes = mapping("SHA-256 of each file of an added model, by the file's name")
    findings = mapping("what was found out by testing an added model")


class AdminModelListSchema(PageSchema):
    """Models by name."""

    items = list_of(AdminModelSchema, "the models of this page")
