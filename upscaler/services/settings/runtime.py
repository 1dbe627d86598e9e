"""The runtime settings in force: an admin's value where there is one, that of the environment otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.errors import InvalidParameter, gathered
from upscaler.models import Setting
from upscaler.services import audit
from upscaler.services.settings.definitions import DEFINITIONS, definition

log = structlog.get_logger()

# How long a process may go on with values that another process has changed, in seconds.
CACHE_SECONDS = 5.0


class RuntimeSettings:
    """The values in force, read from the database at most every ``CACHE_SECONDS``."""

    def __init__(self, defaults: RuntimeValues, clock: Callable[[], float] = time.monotonic) -> None:
        # Without the other fields, which include secrets, where the defaults are a whole configuration.
        self._defaults = RuntimeValues.model_validate({key: getattr(defaults, key) for key in DEFINITIONS})
        self._clock = clock
        self._cached: RuntimeValues | None = None
        self._cached_at = 0.0

    def values(self, session: Session) -> RuntimeValues:
        """Return the values in force, at most ``CACHE_SECONDS`` old."""
        now = self._clock()
        if self._cached is None or now - self._cached_at > CACHE_SECONDS:
            rows = session.execute(select(Setting.key, Setting.value)).all()
            changed = _parsed({key: value for key, value in rows if key in DEFINITIONS})
            self._cached, self._cached_at = self._defaults.model_copy(update=changed), now
        return self._cached

    def update(self, session: Session, actor: audit.Actor, changes: Mapping[str, object]) -> RuntimeValues:
        """Validate all changes, store those that differ, record them, and return the values now in force.

        Raises:
            UnknownParameter, InvalidParameter: there is no such setting, or a value cannot be used; the error holds
                those of all settings at fault, and nothing is stored.
        """
        values = gathered(*(partial(_parse, key, value) for key, value in changes.items()))
        parsed = dict(zip(changes, values, strict=True))
        # What another process changed a moment ago counts as well.
        self._cached = None
        current = self.values(session)
        before, after = as_json(current), as_json(current.model_copy(update=parsed))
        for key in parsed:
            if before[key] == after[key]:
                continue
            session.merge(Setting(key=key, value=after[key]))
            details = {"from": before[key], "to": after[key]}
            audit.record(session, actor, "setting.change", entity=("setting", key), details=details)
        session.commit()
        self._cached = None
        return self.values(session)


def _parse(key: str, value: object) -> object:
    return definition(key).parse(value)


def as_json(values: RuntimeValues) -> dict[str, Any]:
    """Return the values as the API shows and the database stores them."""
    return values.model_dump(mode="json")


def _parsed(stored: Mapping[str, object]) -> dict[str, object]:
    """Return the typed values of rows, without those that another version of the program has stored."""
    found = {}
    for key, value in stored.items():
        try:
            found[key] = DEFINITIONS[key].parse(value)
        except InvalidParameter:
            log.warning("settings.unusable", key=key, value=value)
    return found
