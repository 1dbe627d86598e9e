"""The engine's notes on what it kept and changed, as sentences for visitors.

The engine writes short English notes into each receipt, for programs and logs. A visitor reads them in the
language of the page: a note is recognised by its fixed words, and what stands in its places is carried over.
"""

from __future__ import annotations

from flask_babel import gettext


def receipt_notes() -> list[dict[str, str]]:
    """Return each note of the engine, with ``%(name)s`` in its places, and the sentence that a visitor sees.

    The first one that fits counts, so a note that could be taken for another's stands before it.
    """
    sentences = {
        "transparency": gettext("Transparency"),
        "gray: the result has no colour either": gettext("Shades of gray, without a tint"),
        "resolution: %(dpi)s dpi": gettext("Print resolution: %(dpi)s dpi"),
        "orientation: turned upright from EXIF orientation %(number)s": gettext(
            "Turned upright, as the camera had noted"
        ),
        "frames: only the first of %(count)s images in the file was upscaled": gettext(
            "Only the first of the %(count)s images in the file was upscaled"
        ),
        "bit depth: reduced from %(bits)s to 8 bits per channel": gettext(
            "Colour depth: 8 bits per channel, before %(bits)s"
        ),
        "metadata: camera, exposure, dates, author and place": gettext(
            "Information about the image: camera, exposure, dates, author and place"
        ),
        "metadata: camera, exposure, dates and author": gettext(
            "Information about the image: camera, exposure, dates and author"
        ),
        "metadata: place removed": gettext("The place where it was taken (GPS) is left out"),
        "metadata: damaged EXIF removed": gettext(
            "The information about the image was damaged and is left out"
        ),
        "metadata: EXIF removed, because %(format)s results carry none": gettext(
            "Information about the image is left out, because %(format)s results carry none"
        ),
        "bit depth: 16 bits per channel": gettext("Colour depth: 16 bits per channel"),
        "metadata: %(names)s removed": gettext("Removed information about the image: %(names)s"),
        "colour profile: damaged, removed and the colours taken as sRGB": gettext(
            "The colour profile was damaged and is left out; the colours are taken as sRGB"
        ),
        "colour profile: %(profile)s does not fit this image, removed": gettext(
            "The colour profile %(profile)s does not fit this image and is left out"
        ),
        "colour profile: %(profile)s could not be applied, removed": gettext(
            "The colour profile %(profile)s could not be applied and is left out"
        ),
        "colour profile: %(profile)s": gettext("Colour profile: %(profile)s"),
        "colour: converted from Lab to sRGB": gettext("Colours converted from Lab to sRGB"),
        "colour: converted from CMYK to sRGB without a profile, approximately": gettext(
            "Colours converted from CMYK to sRGB, approximately, because the file has no colour profile"
        ),
        "colour: converted from %(profile)s to sRGB": gettext("Colours converted from %(profile)s to sRGB"),
        "brightness: values from %(low)s to %(high)s spread over black to white": gettext(
            "Brightness values from %(low)s to %(high)s were spread over black to white"
        ),
        "refine_faces: not applied, because the face detector cannot run here": gettext(
            "Faces were not refined: this service cannot look for them"
        ),
        "refine_faces: no face was found": gettext("Faces were not refined: none was found"),
        "refine_faces: %(refined)s of %(found)s refined with the face model %(name)s": gettext(
            "Refined faces: %(refined)s of %(found)s, with the face network %(name)s"
        ),
        "refine_faces: %(refined)s of %(found)s refined with %(name)s, since no face model is installed": gettext(
            "Refined faces: %(refined)s of %(found)s, with %(name)s, because this service has no network made for faces"
        ),
        "refine_faces: %(count)s of %(found)s left, large enough without it": gettext(
            "Faces left as they were, being large enough: %(count)s of %(found)s"
        ),
        "refine_faces: %(count)s of %(found)s left, what came of it was not the same": gettext(
            "Faces left as they were, because the refined ones were not alike: %(count)s of %(found)s"
        ),
        "refine_faces: %(count)s of %(found)s left, no face model is installed and nothing bundled is better": gettext(
            "Faces left as they were, because this service has no better network for them: %(count)s of %(found)s"
        ),
        "refine_faces: %(count)s of %(found)s left, the network for them cannot be used": gettext(
            "Faces left as they were, because the network for them could not be used: %(count)s of %(found)s"
        ),
        "tries: %(count)s failed before the result was right": gettext(
            "Attempts that failed and were repeated in another way: %(count)s"
        ),
        "transparency: laid on white, because %(format)s has none": gettext(
            "Transparent parts were laid on white, because %(format)s has no transparency"
        ),
    }
    return [{"note": note, "sentence": sentence} for note, sentence in sentences.items()]
