"""Sentences of the page's scripts, in the visitor's language. The scripts themselves only hold keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from flask_babel import get_locale, gettext, ngettext

from upscaler.engine.imaging.camera_raw import RAW_MESSAGE
from upscaler.engine.options import OPTIONS
from upscaler.engine.presets import PRESET_TABLE
from upscaler.views.option_controls import control_of

# Every whole number falls into a plural category that some number below this one falls into as well (CLDR).
_PLURAL_SAMPLES = 200


def script_strings() -> Mapping[str, str]:
    """Return each sentence by its key; ``%(name)s`` placeholders are filled in by the script."""
    return _strings_in(str(get_locale()))


def script_plurals() -> Mapping[str, dict[str, str]]:
    """Return each counted phrase by its key, as one text per CLDR plural category of the current language."""
    return _plurals_in(str(get_locale()))


# Every page holds them, and for a language they are always the same. The argument is that of the request.
@lru_cache(maxsize=64)
def _strings_in(_language: str) -> Mapping[str, str]:
    return _choosing() | _sending() | _job() | _result() | _words()


@lru_cache(maxsize=64)
def _plurals_in(_language: str) -> Mapping[str, dict[str, str]]:
    # The count goes in as its own placeholder, so that the script receives the placeholder back.
    count = "%(count)s"
    return {
        "seconds": _by_category(lambda n: ngettext("%(count)s second", "%(count)s seconds", n, count=count)),
        "minutes": _by_category(lambda n: ngettext("%(count)s minute", "%(count)s minutes", n, count=count)),
        "hours": _by_category(lambda n: ngettext("%(count)s hour", "%(count)s hours", n, count=count)),
    }


def _by_category(phrase: Callable[[int], str]) -> dict[str, str]:
    locale = get_locale()
    if locale is None:
        return {"other": phrase(_PLURAL_SAMPLES)}
    samples: dict[str, int] = {}
    for number in range(_PLURAL_SAMPLES):
        samples.setdefault(locale.plural_form(number), number)
    return {category: phrase(number) for category, number in samples.items()}


def _choosing() -> dict[str, str]:
    return {
        "file.none": gettext("Choose an image first."),
        "file.empty": gettext("This file is empty. Choose another one."),
        "file.kind": gettext("This file type is not supported. Use one of these: %(kinds)s."),
        "file.raw": gettext(RAW_MESSAGE),
        "file.bytes": gettext("This file is %(size)s. The maximum is %(limit)s."),
        "file.pixels": gettext(
            "This image is %(dimensions)s pixels, more than this service accepts. Make it smaller first."
        ),
        "file.side": gettext(
            "This image is %(dimensions)s pixels. No side may be longer than %(limit)s pixels. Make it smaller first."
        ),
        "file.output": gettext(
            "At %(factor)s, the result would be %(dimensions)s pixels, more than this service can produce. "
            "Choose a smaller factor or image."
        ),
        "file.format": gettext(
            "The result would be %(dimensions)s pixels, more than a %(kind)s file can hold. "
            "Choose another format: %(kinds)s."
        ),
        "file.several": gettext("One image at a time: the first one was chosen."),
        "file.chosen": gettext("%(name)s is ready to upload."),
        "file.alt": gettext("Preview of %(name)s"),
        "file.no_preview": gettext(
            "Your browser cannot display this format. You can still upload the image."
        ),
        "email.invalid": gettext("Enter a valid e-mail address, or leave the field empty."),
        "trial.offer": gettext("On a crop from the middle of your image"),
        "trial.working": gettext("Comparing presets…"),
        "trial.done": gettext("Crops from the middle at full size. Choose the one that looks best."),
        "trial.nothing": gettext("The presets could not be compared. Try again, or choose one."),
        "quote.next_unsized": gettext("About %(duration)s"),
        "quote.waiting_unsized": gettext("About %(duration)s, number %(position)s in the queue"),
        "quote.next": gettext("About %(duration)s, about %(size)s"),
        "quote.waiting": gettext("About %(duration)s, number %(position)s in the queue, about %(size)s"),
        "file.growth": gettext("%(before)s → %(after)s pixels"),
    }


def _sending() -> dict[str, str]:
    return {
        "send.progress": gettext("Uploading: %(percent)s"),
        "send.waiting": gettext("Uploaded. Checking the image…"),
        "send.canceled": gettext("Upload canceled. Nothing was stored."),
        "error.network.title": gettext("No connection"),
        "error.network.detail": gettext(
            "The server could not be reached. Check your connection and try again."
        ),
        "error.file.title": gettext("File can't be read"),
        "error.file.detail": gettext(
            "The file was changed, moved or deleted after you chose it. Choose it again."
        ),
        "error.unknown.title": gettext("Something went wrong"),
        "error.unknown.detail": gettext("The server sent an unexpected response. Try again."),
    }


def _job() -> dict[str, str]:
    return {
        "job.loading": gettext("Loading your image…"),
        "job.queued": gettext("In the queue"),
        "job.queued.detail": gettext("You can close this page and come back."),
        "job.running": gettext("Upscaling your image"),
        "job.step.decoding": gettext("Reading your image"),
        "job.step.upscaling": gettext("Upscaling your image"),
        "job.step.encoding": gettext("Writing the result"),
        "job.step.storing": gettext("Storing the result"),
        "job.running.detail": gettext("This page updates automatically."),
        "job.completed": gettext("Your image is ready"),
        "job.completed.detail": gettext("Done in %(duration)s."),
        "job.failed": gettext("The image could not be upscaled"),
        "job.failed.detail": gettext("Try again with different settings."),
        "job.canceled": gettext("Upscaling was canceled"),
        "job.canceled.detail": gettext("The job was canceled before it finished."),
        "job.delete.question": gettext("Delete the original and the result? This cannot be undone."),
        "job.deleted": gettext("Image deleted"),
        "job.deleted.detail": gettext("This link no longer works."),
        "job.estimate": gettext("About %(duration)s left"),
        "job.estimate.longer": gettext("This takes longer than expected: about %(duration)s left"),
        "job.offline": gettext("Connection lost. Your image is safe. Reconnecting…"),
        "job.title": gettext("%(percent)s done"),
        "job.link_copied": gettext("Link copied."),
        "job.link_not_copied": gettext("Copy it from the address bar."),
    }


def _result() -> dict[str, str]:
    return {
        "result.before": gettext("Original: %(name)s"),
        "result.after": gettext("Upscaled: %(name)s"),
        "result.split": gettext("%(percent)s of the original shown"),
        "fact.file": gettext("File"),
        "fact.pixels": gettext("Dimensions"),
        "fact.bytes": gettext("File size"),
        "fact.bytes_value": gettext("%(before)s → %(after)s"),
        "fact.settings": gettext("Settings"),
        "fact.model": gettext("Model"),
        "fact.engine": gettext("Engine"),
    }


def _words() -> dict[str, str]:
    denoise = control_of(OPTIONS["denoise"], None)
    return {
        **{
            f"denoise.{value}": gettext("%(option)s: %(value)s", option=denoise.label, value=label)
            for value, label in denoise.choices
        },
        **{f"preset.{preset.name}": gettext(preset.label) for preset in PRESET_TABLE.values()},
        "list.separator": gettext(", "),
        "unit.kilobytes": gettext("%(size)s kB"),
        "unit.megabytes": gettext("%(size)s MB"),
    }
