"""Outages of the services in use: accepted jobs are completed, all else is refused at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import chaos
from tests.support.chaos import Deployment, local_keys
from tests.support.disks import kept_full, small_disk
from tests.support.fleet import fleet_settings
from tests.support.load import Answer, Load, image
from tests.support.polls import Polls
from tests.support.proxy import Manner, Proxy
from tests.support.s3 import S3Server
from tests.support.servers import PostgreSQLServer, RedisServer
from tests.support.service import LiveService

OUTAGE_SECONDS, OUTAGE_SECONDS_IN_FULL = 3.0, 30.0
# How many images are accepted before an outage and after it.
BEFORE, BEFORE_IN_FULL = 5, 40
# Longer side of the images in pixels: the worker falls behind, so that something waits when an outage begins.
SIDE = 400
# How long each of two clients waits after an image, in seconds.
PAUSE_SECONDS = 0.3
# What is promised of a refusal. A machine that is too slow to answer a poll at once cannot be held to it.
REFUSED_WITHIN_SECONDS = 2.0
PROMPT_POLL_SECONDS = 0.25
SETTINGS = {
    **{"RATE_LIMIT": "off", "POLL_RATE_LIMIT": "off", "QUEUE_LIMIT": "100000"},
    **{"ENGINE": "lanczos", "LEASE_SECONDS": "5", "ORPHAN_SECONDS": "20"},
}
REFUSALS = {503, 507}
# Room for all images of the full form and their results.
DISK_MEGABYTES = 256


@dataclass
class Fleet:
    """A service on servers that can be taken away from it."""

    deployment: Deployment
    postgresql: PostgreSQLServer
    redis: RedisServer
    way_to_s3: Proxy


@pytest.fixture(scope="module")
def fleet(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("outages")
    with PostgreSQLServer() as postgresql, RedisServer(folder) as redis, Proxy(s3_server.port) as way_to_s3:
        settings = {
            **fleet_settings(s3_server, postgresql.url, redis.url),
            **SETTINGS,
            "S3_ENDPOINT_URL": way_to_s3.url,
        }
        service = LiveService(folder, settings)
        service.start()
        uri = postgresql.url.replace("://", "+psycopg://")
        deployment = Deployment([service.url], uri, s3_server.keys, [folder / "scratch"])
        yield Fleet(deployment, postgresql, redis, way_to_s3)
        deployment.database.dispose()
        service.stop()


@dataclass
class Outage:
    """An outage: how it begins and ends, and the permitted responses to an upload meanwhile."""

    begin: Callable[[], object]
    end: Callable[[], None]
    accepts: bool = False


@pytest.fixture
def outage(request: pytest.FixtureRequest, fleet: Fleet) -> Outage:
    """The outage that a test is named after."""

    def of_s3(manner: Manner, delay_seconds: float = 0.0, **promise: Any) -> Outage:
        return Outage(
            lambda: fleet.way_to_s3.behave(manner, delay_seconds),
            lambda: fleet.way_to_s3.behave(Manner.PASSES),
            **promise,
        )

    outages: dict[str, Callable[[], Outage]] = {
        "redis_starts_empty": lambda: Outage(fleet.redis.kill, fleet.redis.start, accepts=True),
        "postgresql_restarts": lambda: Outage(fleet.postgresql.stop, fleet.postgresql.start),
        "s3_answers_500": lambda: of_s3(Manner.ANSWERS_500),
        "s3_resets": lambda: of_s3(Manner.RESETS),
        "s3_is_slow": lambda: of_s3(Manner.DELAYS, 0.4, accepts=True),
        "s3_is_silent": lambda: of_s3(Manner.DELAYS, 3600),
    }
    return outages[request.param]()


@pytest.mark.parametrize(
    "outage",
    [
        *("postgresql_restarts", "s3_answers_500", "s3_resets", "s3_is_slow"),
        # The tests of the fleet take Redis away as well.
        pytest.param("redis_starts_empty", marks=pytest.mark.full_chaos),
        pytest.param("s3_is_silent", marks=pytest.mark.full_chaos),
    ],
    indirect=True,
)
def test_an_outage_costs_no_accepted_image(
    fleet: Fleet, outage: Outage, full: bool, sweep_seconds: float, report: Callable[[str], None]
) -> None:
    with ExitStack() as after:

        def begin() -> None:
            # The server is given back to the other tests whatever happens in this one.
            after.callback(outage.end)
            outage.begin()

        watched = replace(outage, begin=begin, end=after.close)
        check_outage(fleet.deployment, watched, full, sweep_seconds, report)


@pytest.fixture
def laptop_disk(tmp_path: Path) -> Iterator[tuple[Deployment, Path]]:
    """A service that has all it needs on one small disk."""
    with small_disk(tmp_path / "disk", DISK_MEGABYTES) as disk, ExitStack() as stack:
        service = LiveService(disk, SETTINGS)
        service.start()
        stack.callback(service.stop)
        database_uri, files = f"sqlite:///{disk / 'app.db'}", disk / "files"
        deployment = Deployment([service.url], database_uri, lambda: local_keys(files), [disk / "scratch"])
        stack.callback(deployment.database.dispose)
        yield deployment, disk


@pytest.fixture
def fleet_disk(
    tmp_path: Path, s3_server: S3Server, new_database: str, redis_url: str
) -> Iterator[tuple[Deployment, Path]]:
    """Hosts of a fleet whose data folder, and nothing else, is on a small disk."""
    settings = {**fleet_settings(s3_server, new_database, redis_url), **SETTINGS}
    with small_disk(tmp_path / "disk", DISK_MEGABYTES) as disk, ExitStack() as stack:
        service = LiveService(disk, settings)
        service.start()
        stack.callback(service.stop)
        uri = new_database.replace("://", "+psycopg://")
        deployment = Deployment([service.url], uri, s3_server.keys, [disk / "scratch"])
        stack.callback(deployment.database.dispose)
        yield deployment, disk


@pytest.mark.parametrize("form", ["laptop_disk", pytest.param("fleet_disk", marks=pytest.mark.full_chaos)])
def test_a_full_disk_costs_no_accepted_image(
    request: pytest.FixtureRequest, form: str, full: bool, sweep_seconds: float, report: Callable[[str], None]
) -> None:
    deployment, disk = request.getfixturevalue(form)
    with ExitStack() as ballast:
        outage = Outage(lambda: ballast.enter_context(kept_full(disk)), ballast.close)
        check_outage(deployment, outage, full, sweep_seconds, report)


def check_outage(
    deployment: Deployment, outage: Outage, full: bool, sweep_seconds: float, report: Callable[[str], None]
) -> None:
    """Send images before, during and after an outage, and see what becomes of them."""
    with Load(deployment.urls, image(SIDE), pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for(BEFORE_IN_FULL if full else BEFORE)
        with Polls(deployment.urls[0], next(iter(load.accepted.values()))) as polls:
            begun = time.monotonic()
            outage.begin()
            time.sleep(OUTAGE_SECONDS_IN_FULL if full else OUTAGE_SECONDS)
        outage.end()
        ended, ended_at = time.monotonic(), time.time()
        load.wait_for(BEFORE_IN_FULL if full else BEFORE)
    deployment.wait_until_idle()
    idle = time.monotonic()
    census = chaos.settled_census(deployment, load.accepted.values(), sweep_seconds)

    during = [answer for answer in load.answers if begun <= answer.begun_at < ended]
    refused = [answer for answer in load.answers if answer.status != 202]
    later = [answer.begun_at + answer.seconds for answer in load.answers if answer.status == 202]
    accepted_again = min(at for at in later if at > ended) - ended
    completed_again = chaos.first_completed(deployment, ended_at) - ended_at
    report(f"answers during it {statuses(during)}: {chaos.spread([answer.seconds for answer in during])}")
    report(f"polls during it {Counter(polls.statuses)}: {chaos.spread(polls.seconds)}")
    report(
        f"first image accepted {accepted_again:.2f} s after it, first job completed {completed_again:.2f} s, "
        f"all completed {idle - ended:.2f} s; {len(load.accepted)} accepted: {census}"
    )
    assert {answer.status for answer in refused} <= REFUSALS, statuses(refused)
    assert {answer.content_type for answer in refused} <= {"application/problem+json"}
    assert during, "nothing was sent"
    if outage.accepts:
        assert not refused, statuses(refused)
    else:
        assert refused, "the outage was not noticed"
        if max(polls.seconds) <= PROMPT_POLL_SECONDS:
            assert max(answer.seconds for answer in refused) <= REFUSED_WITHIN_SECONDS
    chaos.assert_nothing_lost(census)


def statuses(answers: list[Answer]) -> str:
    """Count answers by status and code."""
    return str(dict(Counter(f"{answer.status} {answer.code}".strip() for answer in answers)))
