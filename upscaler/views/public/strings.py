"""The words that the page's scripts show, in the visitor's language: scripts hold keys, never sentences."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import get_locale, gettext, ngettext

from upscaler.engine.options import OPTIONS
from upscaler.engine.presets import PRESET_TABLE
from upscaler.views.option_controls import control_of

# Every whole number falls into a plural category that some number below this one falls into as well (CLDR).
_PLURAL_SAMPLES = 200


def script_strings() -> dict[str, str]:
    """Return each sentence by its key; ``%(name)s`` placeholders are filled in by the script."""
    return _choosing() | _sending() | _job() | _result() | _words()


def script_plurals() -> dict[str, dict[str, str]]:
    """Return each counted phrase by its key, as one text per CLDR plural category of the current language."""
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
        "file.none": gettext("Please choose an image first."),
        "file.empty": gettext("This file is empty. Please choose another one."),
        "file.kind": gettext(
            "This is not an image of a supported kind. Please choose one of these: %(kinds)s."
        ),
        "file.bytes": gettext(
            "This file has %(size)s; at most %(limit)s are accepted. Please choose a smaller one."
        ),
        "file.pixels": gettext(
            "This image is %(dimensions)s pixels, more than this service accepts. "
            "Please make it smaller first."
        ),
        "file.side": gettext(
            "This image is %(dimensions)s pixels; no side may be longer than %(limit)s pixels. "
            "Please make it smaller first."
        ),
        "file.output": gettext(
            "Upscaled %(factor)s, this image would have %(dimensions)s pixels, more than this "
            "service can make. Please choose a smaller factor or a smaller image."
        ),
        "file.format": gettext(
            "The result would have %(dimensions)s pixels, more than a %(kind)s file can hold. "
            "Please choose one of these kinds of file instead: %(kinds)s."
        ),
        "file.several": gettext("One image at a time, please: the first one was taken."),
        "file.chosen": gettext("%(name)s is ready to be sent."),
        "file.alt": gettext("Preview of the chosen image %(name)s"),
        "file.no_preview": gettext(
            "Your browser cannot show this kind of image. It can be sent all the same."
        ),
        "email.invalid": gettext("Please check the e-mail address, or leave it out."),
        "trial.offer": gettext("On a piece from the middle of your image"),
        "trial.working": gettext("Trying each of them…"),
        "trial.done": gettext("Pieces from the middle, in full size. Choose what looks best."),
        "trial.nothing": gettext("It did not work out this time. Please choose without a trial."),
        "quote.next": gettext("Ready in about %(duration)s, a file of about %(size)s"),
        "quote.waiting": gettext(
            "Ready in about %(duration)s, number %(position)s in the queue; a file of about %(size)s"
        ),
        "file.growth": gettext("%(before)s → %(after)s pixels"),
    }


def _sending() -> dict[str, str]:
    return {
        "send.progress": gettext("Sending: %(percent)s"),
        "send.waiting": gettext("Sent. The server is checking the image…"),
        "send.canceled": gettext("Sending was stopped. Nothing was kept."),
        "error.network.title": gettext("No connection"),
        "error.network.detail": gettext(
            "The server could not be reached. Please check your connection and try again."
        ),
        "error.unknown.title": gettext("Something went wrong"),
        "error.unknown.detail": gettext(
            "The server gave an answer that this page does not understand. Please try again."
        ),
        "error.retry_after": gettext("You can try again in %(duration)s."),
    }


def _job() -> dict[str, str]:
    return {
        "job.loading": gettext("Looking up your image…"),
        "job.queued": gettext("Waiting for its turn"),
        "job.queued.detail": gettext(
            "Your image has arrived safely. You may close this page and return to it later."
        ),
        "job.running": gettext("Upscaling your image"),
        "job.running.detail": gettext("This page updates by itself."),
        "job.completed": gettext("Your image is ready"),
        "job.completed.detail": gettext("Done in %(duration)s."),
        "job.failed": gettext("The image could not be upscaled"),
        "job.failed.detail": gettext("Please try again, perhaps with other settings."),
        "job.canceled": gettext("The job was canceled"),
        "job.canceled.detail": gettext("The upscaled image was stopped before it was finished."),
        "job.delete.question": gettext("Delete the image and its upscaled image? This cannot be undone."),
        "job.deleted": gettext("The image was deleted"),
        "job.deleted.detail": gettext("The link to this page leads nowhere from now on."),
        "job.estimate": gettext("About %(duration)s left"),
        "job.offline": gettext("The connection was lost. Your image is safe; trying again…"),
        "job.title": gettext("%(percent)s done"),
        "job.link_copied": gettext("The link was copied."),
    }


def _result() -> dict[str, str]:
    return {
        "result.before": gettext("Original: %(name)s"),
        "result.after": gettext("Upscaled: %(name)s"),
        "result.split": gettext("%(percent)s of the original shown"),
        "fact.file": gettext("File"),
        "fact.pixels": gettext("Size"),
        "fact.bytes": gettext("File size"),
        "fact.bytes_value": gettext("%(before)s, now %(after)s"),
        "fact.settings": gettext("Settings"),
        "fact.model": gettext("Model"),
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
        "unit.kilobytes": gettext("%(size)s KB"),
        "unit.megabytes": gettext("%(size)s MB"),
    }
