"""What became of the faces of an image, and the words that tell it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from upscaler.engine.faces.paste import Overlay, Patch
from upscaler.engine.imaging.image import DecodedImage

# The kinds of network that refine faces.
FACE_MODEL, BUNDLED = "face model", "bundled"


class Reason(Enum):
    """Why a face was left as it was."""

    LARGE = "it is large enough without it"
    NOT_THE_SAME = "what came of it was not the same face"
    NOTHING_BETTER = "no face model is installed, and no bundled network is known to do better here"
    NETWORK_FAILED = "the network for it cannot be used"


@dataclass
class Refinement:
    """What became of the faces.

    Attributes:
        searched: whether they could be looked for.
        found: how many there are.
        patches: the refined ones.
        network: what refines them, as JSON-ready values with ``kind`` and ``name``; None where nothing does.
        left: how many were left as they were, for each reason.

    """

    searched: bool = True
    found: int = 0
    patches: list[Patch] = field(default_factory=list)
    network: dict[str, Any] | None = None
    left: Counter[Reason] = field(default_factory=Counter)

    @property
    def overlay(self) -> Overlay | None:
        """The refined faces, to be laid on the upscaled image."""
        return Overlay(self.patches) if self.patches else None

    def as_dict(self) -> dict[str, Any]:
        """Return the account as JSON-ready values."""
        return {
            "searched": self.searched,
            "found": self.found,
            "refined": len(self.patches),
            "network": self.network if self.patches else None,
            "left": [{"count": count, "reason": reason.value} for reason, count in self.left.items()],
        }

    def tell(self, image: DecodedImage) -> None:
        """Add to the image's notes what was done."""
        if not self.searched:
            image.changed.append("refine_faces: not applied, because the face detector cannot run here")
        elif not self.found:
            image.changed.append("refine_faces: no face was found")
        refined, found = len(self.patches), self.found
        if refined and self.network is not None:
            name = self.network["name"]
            if self.network["kind"] == FACE_MODEL:
                image.changed.append(f"refine_faces: {refined} of {found} refined with the face model {name}")
            else:
                image.changed.append(
                    f"refine_faces: {refined} of {found} refined with {name}, since no face model is installed"
                )
        for reason, count in self.left.items():
            if reason is Reason.LARGE:
                image.changed.append(f"refine_faces: {count} of {found} left, large enough without it")
            elif reason is Reason.NOT_THE_SAME:
                image.changed.append(
                    f"refine_faces: {count} of {found} left, what came of it was not the same"
                )
            elif reason is Reason.NOTHING_BETTER:
                image.changed.append(
                    f"refine_faces: {count} of {found} left, no face model is installed and nothing bundled is better"
                )
            else:
                image.changed.append(
                    f"refine_faces: {count} of {found} left, the network for them cannot be used"
                )
