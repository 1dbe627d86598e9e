"""The report on the faces of an image: how many were found, refined and left, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from upscaler.engine.faces.paste import Overlay, Patch
from upscaler.engine.notes import Note

# The kinds of model that refine faces.
FACE_MODEL, BUNDLED = "face model", "bundled"


class Reason(Enum):
    """Why a face was left as it was: codes of notes."""

    LARGE = "faces_left_large"
    NOT_THE_SAME = "faces_left_different"
    NOTHING_BETTER = "faces_left_no_model"
    NETWORK_FAILED = "faces_left_model_failed"


@dataclass
class Refinement:
    """The outcome for the faces of one image.

    Attributes:
        searched: whether they could be looked for.
        found: how many there are.
        patches: the refined ones.
        model: the model or recipe that refines them, as JSON-ready values with ``kind`` and ``name``; None where
            there is none.
        left: how many were left as they were, for each reason.

    """

    searched: bool = True
    found: int = 0
    patches: list[Patch] = field(default_factory=list)
    model: dict[str, Any] | None = None
    left: Counter[Reason] = field(default_factory=Counter)

    @property
    def overlay(self) -> Overlay | None:
        """The refined faces, to be laid on the upscaled image."""
        return Overlay(self.patches) if self.patches else None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "searched": self.searched,
            "found": self.found,
            "refined": len(self.patches),
            "model": self.model if self.patches else None,
            "left": [{"count": count, "reason": reason.value} for reason, count in self.left.items()],
        }

    def notes(self) -> list[Note]:
        """Return notes for the receipt on what was done."""
        found, refined = self.found, len(self.patches)
        if not self.searched:
            return [Note("faces_not_searched")]
        if not found:
            return [Note("faces_none_found")]
        notes = []
        if refined and self.model is not None:
            code = "faces_refined" if self.model["kind"] == FACE_MODEL else "faces_refined_bundled"
            values = {"refined": refined, "found": found, "model": self.model["name"]}
            notes.append(Note(code, values))
        notes.extend(
            Note(reason.value, {"count": count, "found": found}) for reason, count in self.left.items()
        )
        return notes
