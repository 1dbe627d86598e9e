"""By what connections are counted, and how many a process can hold."""

from __future__ import annotations

import resource

import pytest

from upscaler.server.limits import Limits, Pace, group_of, possible_connections


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("localhost", "localhost"),
    ],
)
def test_a_site_counts_as_one(address: str, group: str) -> None:
    assert group_of(address) == group


def test_there_are_never_more_connections_than_files(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 2000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))

    assert possible_connections(4000) == 2000 - 256
    assert raised == [(2000, 2000)]
    assert possible_connections(100) == 100


def test_a_pace_is_judged_from_one_check_to_the_next() -> None:
    pace = Pace(Limits(pace_seconds=10, least_rate=100))
    checks = [(0, 5.0), (0, 14.9), (1000, 15.0), (1000, 24.0), (1999, 25.0), (5000, 36.0)]
    assert [pace.is_slow(count, now) for count, now in checks] == [False, False, False, False, True, False]
    pace.begin()
    assert not pace.is_slow(5000, 90.0)
