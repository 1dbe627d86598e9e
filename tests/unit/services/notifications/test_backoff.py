from __future__ import annotations

import re
from datetime import timedelta

from config import ROOT
from upscaler.services.notifications.backoff import MAX_ATTEMPTS, PAUSES, pause_after


def test_each_pause_is_longer_than_the_one_before_and_together_they_last_for_hours() -> None:
    assert list(PAUSES) == sorted(set(PAUSES))
    assert timedelta(hours=24) < sum(PAUSES, timedelta()) < timedelta(hours=48)


def test_after_the_last_attempt_there_is_no_other() -> None:
    assert [pause_after(number) for number in range(1, MAX_ATTEMPTS)] == list(PAUSES)
    assert pause_after(MAX_ATTEMPTS) is None
    assert pause_after(MAX_ATTEMPTS + 1) is None


def test_the_documentation_says_the_same() -> None:
    text = (ROOT / "docs" / "webhooks.md").read_text()
    listed = re.search(r"compares this list with the code. -->\n(.*)\n", text)
    assert listed is not None
    units = {"second": "seconds", "minute": "minutes", "hour": "hours"}
    documented = [
        timedelta(**{units[unit]: int(number)})
        for number, unit in re.findall(r"(\d+) (second|minute|hour)", listed[1])
    ]

    assert documented == list(PAUSES)
    assert (
        f"there are {MAX_ATTEMPTS} attempts in about {sum(PAUSES, timedelta()) / timedelta(hours=1):.0f} hours"
        in text
    )
