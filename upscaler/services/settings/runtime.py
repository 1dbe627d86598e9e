"""Settings that an admin may change while the service runs. What was never changed has the environment's value.

To add one: add a ``Definition`` to ``DEFINITIONS`` and a field of the same name to ``config.Config``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.engine.imaging.formats import INPUT_MIME_TYPES
from upscaler.engine.options import FACTORS, PRESETS
from upscaler.errors import N_, InvalidParameter, UnknownParameter
from upscaler.models import Setting
from upscaler.services import audit
from upscaler.services.settings.kinds import SWITCH, Kind, one_of, rate, several_of, whole_number

# What becomes of a file with several images.
FRAMES = ("first", "refuse")
# How long a process may go on with values that another process has changed, in seconds.
CACHE_SECONDS = 5.0


@dataclass(frozen=True)
class Definition:
    """A setting: what it is called, how it is explained, and what values it may have."""

    key: str
    label: str
    help: str
    kind: Kind


DEFINITIONS: Mapping[str, Definition] = {
    definition.key: definition
    for definition in (
        Definition(
            "max_upload_size_bytes",
            N_("Largest file"),
            N_("in bytes"),
            whole_number(1_000, 1 << 40, N_("a whole number of at least 1000")),
        ),
        Definition(
            "max_batch_files",
            N_("Most files of a batch"),
            N_("sent at once, or in one ZIP file"),
            whole_number(1, 1_000, N_("a whole number from 1 to 1000")),
        ),
        Definition(
            "max_batch_size_bytes",
            N_("Largest batch"),
            N_("in bytes, as it is sent and unpacked"),
            whole_number(1_000, 1 << 40, N_("a whole number of at least 1000")),
        ),
        Definition(
            "allowed_mimes",
            N_("Accepted kinds of image"),
            N_("media types, separated by commas"),
            several_of(INPUT_MIME_TYPES),
        ),
        Definition(
            "max_image_side",
            N_("Longest side"),
            N_("in pixels"),
            whole_number(16, 100_000, N_("a whole number from 16 to 100000")),
        ),
        Definition(
            "max_input_pixels",
            N_("Most pixels of an image"),
            N_("width times height"),
            whole_number(256, 10**10, N_("a whole number of at least 256")),
        ),
        Definition(
            "max_output_pixels",
            N_("Most pixels of a result"),
            N_("width times height"),
            whole_number(256, 10**11, N_("a whole number of at least 256")),
        ),
        Definition(
            "factors",
            N_("Factors"),
            N_(
                "how much larger images may be made; 3x takes as long as 4x, and 8x five times as long or less"
            ),
            several_of(FACTORS),
        ),
        Definition(
            "frames",
            N_("Animations and pages"),
            N_("first: the first image is upscaled and the report says so; refuse: such files are refused"),
            one_of(FRAMES),
        ),
        Definition(
            "rate_limit",
            N_("Uploads per address"),
            N_("such as 10 per hour; off for no limit"),
            rate("10 per hour", N_("a rate such as 10 per hour, or off")),
        ),
        Definition(
            "account_rate_limit",
            N_("Uploads per account"),
            N_("such as 100 per day; off for no limit"),
            rate("100 per day", N_("a rate such as 100 per day, or off")),
        ),
        Definition(
            "preview_rate_limit",
            N_("Previews per account or address"),
            N_("such as 60 per hour; off for no limit"),
            rate("60 per hour", N_("a rate such as 60 per hour, or off")),
        ),
        Definition(
            "poll_rate_limit",
            N_("Requests for a state"),
            N_("per account or address, such as 600 per minute; off for no limit"),
            rate("600 per minute", N_("a rate such as 600 per minute, or off")),
        ),
        Definition(
            "queue_limit",
            N_("Most waiting jobs"),
            N_("more are asked to come back later"),
            whole_number(1, 10**7, N_("a whole number of at least 1")),
        ),
        Definition(
            "visitor_keep_days",
            N_("Days that visitors' images are kept"),
            N_("after their job has ended; 0 until somebody deletes them"),
            whole_number(0, 36_500, N_("a whole number from 0 to 36500")),
        ),
        Definition(
            "account_keep_days",
            N_("Days that accounts' images are kept"),
            N_("after their job has ended; 0 until somebody deletes them"),
            whole_number(0, 36_500, N_("a whole number from 0 to 36500")),
        ),
        Definition(
            "link_ttl_seconds",
            N_("Life of a signed link"),
            N_("in seconds"),
            whole_number(60, 10**8, N_("a whole number of at least 60")),
        ),
        Definition(
            "require_login",
            N_("Only for people with an account"),
            N_("on or off"),
            SWITCH,
        ),
        Definition(
            "default_preset",
            N_("Preset used when none is chosen"),
            ", ".join(PRESETS),
            one_of(PRESETS),
        ),
    )
}


class RuntimeSettings:
    """The values in force: the table's where there is a row, the environment's otherwise."""

    def __init__(self, defaults: Mapping[str, Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._defaults = {key: defaults[key] for key in DEFINITIONS}
        self._clock = clock
        self._cached: dict[str, Any] | None = None
        self._cached_at = 0.0

    def all(self, session: Session) -> dict[str, Any]:
        """Return every value, at most ``CACHE_SECONDS`` old."""
        now = self._clock()
        if self._cached is None or now - self._cached_at > CACHE_SECONDS:
            rows = session.execute(select(Setting.key, Setting.value)).all()
            changed = {key: value for key, value in rows if key in DEFINITIONS}
            self._cached, self._cached_at = {**self._defaults, **changed}, now
        return self._cached

    def get(self, session: Session, key: str) -> Any:
        """Return one value."""
        return self.all(session)[key]

    def update(self, session: Session, actor: audit.Actor, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Validate all changes, store those that differ, record them, and return the values now in force.

        Raises:
            UnknownParameter: there is no such setting.
            InvalidParameter: a value cannot be used; nothing is stored then.
        """
        parsed = {key: parse_setting(key, value) for key, value in changes.items()}
        # What another process changed a moment ago counts as well.
        self._cached = None
        current = self.all(session)
        differing = {key: value for key, value in parsed.items() if value != current[key]}
        for key, value in differing.items():
            session.merge(Setting(key=key, value=value))
            details = {"from": current[key], "to": value}
            audit.record(session, actor, "setting.change", entity=("setting", key), details=details)
        session.commit()
        self._cached = None
        return self.all(session)


def parse_setting(key: str, value: Any) -> Any:
    """Return the typed value of a setting; raise ``UnknownParameter`` or ``InvalidParameter``."""
    definition = DEFINITIONS.get(key)
    if definition is None:
        raise UnknownParameter(name=key)
    try:
        return definition.kind.parse(value)
    except (ValueError, TypeError):
        raise InvalidParameter(
            N_('The value "%(value)s" cannot be used for "%(name)s", which takes %(choices)s.'),
            name=key,
            value=value,
            choices=definition.kind.expected,
        ) from None
