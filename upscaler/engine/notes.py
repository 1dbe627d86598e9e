"""Notes of the fidelity receipt: what was kept of an image and what was changed, as codes with values.

The table below is the one place that knows the codes. A receipt holds the notes as JSON; they become sentences where
they are shown, in the reader's language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from upscaler.errors import N_

Value = str | int | float | list[str]

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_SEPARATOR = N_(", ")


class Category(Enum):
    """The list of the receipt that a note belongs to."""

    KEPT = "kept"
    CHANGED = "changed"


@dataclass(frozen=True)
class NoteType:
    """One row of the table.

    Attributes:
        code: stable, machine-readable name, listed in ``docs/receipt.md``.
        category: the list of the receipt.
        sentence: English template with a ``%(name)s`` placeholder for each value.

    """

    code: str
    category: Category
    sentence: str

    @property
    def names(self) -> frozenset[str]:
        """Names of the values."""
        return frozenset(_PLACEHOLDER.findall(self.sentence))


def _kept(code: str, sentence: str) -> NoteType:
    return NoteType(code, Category.KEPT, sentence)


def _changed(code: str, sentence: str) -> NoteType:
    return NoteType(code, Category.CHANGED, sentence)


_ROWS = (
    _kept("transparency_kept", N_("Transparency")),
    _kept("gray_kept", N_("Grayscale, no tint")),
    _kept("profile_kept", N_("Colour profile: %(profile)s")),
    _kept("bit_depth_kept", N_("Colour depth: %(bits)s bits per channel")),
    _kept("resolution_kept", N_("Print resolution: %(dpi)s dpi")),
    _kept("metadata_kept", N_("Metadata: camera, exposure, dates and author")),
    _kept("metadata_and_place_kept", N_("Metadata: camera, exposure, dates, author and location")),
    _changed("name_mismatch", N_("The name says %(named)s, the content is %(format)s")),
    _changed("orientation_applied", N_("Turned upright, from EXIF orientation %(orientation)s")),
    _changed("frames_dropped", N_("Only the first of the %(count)s images in the file was upscaled")),
    _changed("brightness_spread", N_("Brightness from %(low)s to %(high)s was stretched to the full range")),
    _changed("jpeg_marks_removed", N_("Marks of JPEG compression were removed (quality %(quality)s of 100)")),
    _changed("lab_converted", N_("Colours converted from Lab to sRGB")),
    _changed(
        "cmyk_converted",
        N_("Colours converted from CMYK to sRGB, approximately, because the file has no colour profile"),
    ),
    _changed("profile_converted", N_("Colours converted from %(profile)s to sRGB")),
    _changed(
        "profile_damaged",
        N_("The colour profile was damaged and was removed; the colours are treated as sRGB"),
    ),
    _changed(
        "profile_unsuitable",
        N_("The colour profile %(profile)s does not fit this image and was removed"),
    ),
    _changed(
        "profile_not_applied", N_("The colour profile %(profile)s could not be applied and was removed")
    ),
    _changed("profile_removed", N_("The colour profile %(profile)s was removed")),
    _changed(
        "transparency_flattened",
        N_("Transparent areas were filled with white, because %(format)s has no transparency"),
    ),
    _changed("transparency_removed", N_("Transparency was removed")),
    _changed("opaque_alpha_removed", N_("The transparency channel was removed: every pixel was opaque")),
    _changed("bit_depth_reduced", N_("Colour depth reduced from %(bits)s to %(written)s bits per channel")),
    _changed("resolution_removed", N_("The print resolution of %(dpi)s dpi was removed")),
    _changed(
        "gain_map_removed", N_("The gain map for HDR displays was removed; the image is standard (SDR)")
    ),
    _changed(
        "channels_removed",
        N_("Extra channels that are neither colour nor transparency were removed: %(count)s"),
    ),
    _changed("metadata_removed", N_("Removed metadata: %(names)s")),
    _changed("metadata_place_removed", N_("The location (GPS) was removed")),
    _changed("metadata_damaged", N_("The metadata was damaged and was removed")),
    _changed(
        "metadata_unsupported", N_("The metadata was removed, because %(format)s results cannot hold it")
    ),
    _changed("faces_not_searched", N_("Faces were not enhanced: the face detector cannot run here")),
    _changed("faces_none_found", N_("Faces were not enhanced: none was found")),
    _changed("faces_refined", N_("Enhanced faces: %(refined)s of %(found)s, with the face model %(model)s")),
    _changed(
        "faces_refined_bundled",
        N_("Enhanced faces: %(refined)s of %(found)s, with %(model)s, because no face model is installed"),
    ),
    _changed(
        "faces_left_large",
        N_("Faces left unchanged, because they are large enough: %(count)s of %(found)s"),
    ),
    _changed(
        "faces_left_different",
        N_("Faces left unchanged, because the enhanced ones did not match: %(count)s of %(found)s"),
    ),
    _changed(
        "faces_left_no_model",
        N_("Faces left unchanged, because no installed model does better: %(count)s of %(found)s"),
    ),
    _changed(
        "faces_left_model_failed",
        N_("Faces left unchanged, because the face model could not be used: %(count)s of %(found)s"),
    ),
    _changed("attempts_failed", N_("Failed attempts before this result: %(count)s")),
)

NOTE_TYPES: Mapping[str, NoteType] = {row.code: row for row in _ROWS}


@dataclass(frozen=True)
class Note:
    """One fact about what happened to an image.

    Attributes:
        code: a key of ``NOTE_TYPES``.
        values: JSON-ready, what fills the placeholders of the sentence.

    Raises:
        ValueError: there is no such code, or it has other values.

    """

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = NOTE_TYPES.get(self.code)
        if known is None or known.names != self.values.keys():
            raise ValueError(f"there is no note {self.code} with the values {sorted(self.values)}")

    @property
    def category(self) -> Category:
        """The list of the receipt that it belongs to."""
        return NOTE_TYPES[self.code].category

    def as_dict(self) -> dict[str, Any]:
        """Return the note as JSON-ready values."""
        return {"code": self.code, "values": dict(self.values)}


def in_category(notes: Iterable[Note], category: Category) -> list[dict[str, Any]]:
    """Return the notes of one list of the receipt as JSON-ready values, in their order."""
    return [note.as_dict() for note in notes if note.category is category]


def sentence_of(entry: Any, translate: Callable[[str], str] = str, show: Callable[[str], str] = str) -> str:
    """Return the sentence for a note of a stored receipt; never fail.

    A worker of another version may have written a code that is not known here, or other values: its code is returned.
    A plain text is returned as it is.

    Args:
        entry: a note as JSON, as ``Note.as_dict`` gives it.
        translate: gives an English template in the reader's language.
        show: prepares a value for the text around it.

    """
    if not isinstance(entry, Mapping):
        return str(entry)
    code, values = str(entry.get("code", "")), entry.get("values")
    known = NOTE_TYPES.get(code)
    if known is None or not isinstance(values, Mapping) or not known.names <= values.keys():
        return code
    separator = translate(_SEPARATOR)
    texts = {name: show(_text_of(values[name], separator)) for name in known.names}
    return translate(known.sentence) % texts


def _text_of(value: Any, separator: str) -> str:
    return separator.join(map(str, value)) if isinstance(value, list) else str(value)
