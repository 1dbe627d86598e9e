"""What a person may ask of an enlargement, as one validated value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from upscaler.errors import InvalidParameter, UnknownParameter

FACTORS = ("2x", "4x")
PRESETS = ("standard", "photo", "art", "face")
DENOISE_LEVELS = ("none", "low", "med", "high")
OUTPUT_FORMATS = ("png", "jpeg", "webp", "tiff")


@dataclass(frozen=True)
class UpscaleOptions:
    """The choices of one job. Every field has a value of its set, or the constructor raises ``InvalidParameter``."""

    factor: str
    preset: str = "standard"
    denoise: str = "none"
    refine_faces: bool = False
    output_format: str = "png"

    def __post_init__(self) -> None:
        for name, choices in (
            ("factor", FACTORS),
            ("preset", PRESETS),
            ("denoise", DENOISE_LEVELS),
            ("output_format", OUTPUT_FORMATS),
        ):
            value = getattr(self, name)
            if value not in choices:
                raise InvalidParameter(name=name, value=value, choices=", ".join(choices))
        if not isinstance(self.refine_faces, bool):
            raise InvalidParameter(name="refine_faces", value=self.refine_faces, choices="true, false")

    @property
    def scale(self) -> int:
        """The factor as a number: output side in pixels per input side."""
        return int(self.factor.removesuffix("x"))

    def as_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> UpscaleOptions:
        """Build options from decoded JSON; raise ``UnknownParameter`` for a name that is not a field."""
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown:
            raise UnknownParameter(name=min(unknown))
        if "factor" not in values:
            raise InvalidParameter(name="factor", value="", choices=", ".join(FACTORS))
        return cls(**values)
