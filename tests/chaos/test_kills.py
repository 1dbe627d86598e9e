"""Workers and engines are killed at random moments under load: nothing is lost, nothing is done twice."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support import chaos
from tests.support.chaos import Deployment, Kill
from tests.support.fleet import fleet_settings
from tests.support.load import Load, image
from tests.support.s3 import S3Server
from tests.support.service import START_SECONDS, LiveService
from tests.support.worker_host import WorkerHost, consumers, engines, family_of

KILLS, KILLS_IN_FULL = 2, 50
# Longer side of the images in pixels: a worker needs a moment for each, and kills find it at all stages.
SIDE = 200
# So many jobs wait all the time.
BACKLOG = 10
SETTINGS = {
    "RATE_LIMIT": "off",
    "ENGINE": "lanczos",
    "QUEUE_LIMIT": "100000",
    "LEASE_SECONDS": "5",
    "ORPHAN_SECONDS": "20",
    # An image that is by chance in hand at several kills is none that kills workers.
    "JOB_MAX_ATTEMPTS": "20",
}

Family = Callable[[], list[psutil.Process]]


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[tuple[Deployment, Family]]:
    """SQLite, a queue in a file and images on the local disk, run by one command."""
    service = LiveService(tmp_path, SETTINGS)
    service.start()
    files = tmp_path / "files"
    deployment = Deployment(
        [service.url],
        f"sqlite:///{tmp_path / 'app.db'}",
        lambda: chaos.local_keys(files),
        [tmp_path / "scratch"],
    )
    try:
        yield deployment, service.family
    finally:
        deployment.database.dispose()
        service.stop()


@pytest.fixture
def fleet(
    tmp_path: Path, s3_server: S3Server, new_database: str, redis_url: str
) -> Iterator[tuple[Deployment, Family]]:
    """PostgreSQL, Redis and a bucket, with a web host and two worker hosts that start again at once when they end."""
    settings = {**SETTINGS, **fleet_settings(s3_server, new_database, redis_url)}
    (tmp_path / "web").mkdir()
    web = LiveService(tmp_path / "web", settings, part="web")
    workers = [WorkerHost(tmp_path / name, settings) for name in ("worker-1", "worker-2")]

    def family() -> list[psutil.Process]:
        for worker in workers:
            worker.start_if_ended()
        return [process for worker in workers for process in family_of(worker.pid)]

    web.start()
    deployment = Deployment(
        [web.url],
        new_database.replace("://", "+psycopg://"),
        s3_server.keys,
        [folder / "scratch" for folder in (web.data_dir, *(worker.data_dir for worker in workers))],
    )
    with contextlib.ExitStack() as hosts:
        hosts.callback(web.stop)
        hosts.callback(deployment.database.dispose)
        for worker in workers:
            worker.start()
            hosts.callback(worker.stop)
        web.wait_for_worker()
        yield deployment, family


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("form", ["laptop", "fleet"])
def test_kill_after_kill_nothing_is_lost(
    request: pytest.FixtureRequest,
    form: str,
    full: bool,
    sweep_seconds: float,
    chance: random.Random,
    report: Callable[[str], None],
) -> None:
    deployment, family = request.getfixturevalue(form)
    kinds = ["worker", "engine"] * ((KILLS_IN_FULL if full else KILLS) // 2)
    chance.shuffle(kinds)

    with Load(deployment.urls, image(SIDE), most_waiting=(BACKLOG, deployment.waiting)) as load:
        load.wait_for(BACKLOG)
        kills = [kill_one(deployment, family, kind, chance) for kind in kinds]
    family()
    deployment.wait_until_idle()
    # The last victim may not have been gone yet a moment ago: on a host without a worker nothing is removed.
    family()
    census = chaos.settled_census(deployment, load.accepted.values(), sweep_seconds)

    report(f"{len(kills)} kills, half of workers, half of engines; {len(load.accepted)} accepted: {census}")
    report(f"interrupted jobs completed after {chaos.spread(chaos.recovery_seconds(deployment, kills))}")
    assert len(set(load.accepted.values())) == len(load.accepted)
    assert {answer.status for answer in load.answers} == {202}
    assert sum(census.statuses.values()) == len(load.accepted)
    chaos.assert_nothing_lost(census)


def kill_one(deployment: Deployment, family: Family, kind: str, chance: random.Random) -> Kill:
    """Kill a worker or an engine at some moment from now on, once there is one."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert time.monotonic() < deadline, f"there is no {kind} process"
        time.sleep(chance.uniform(0.05, 1.5))
        processes = family()
        found = consumers(processes) if kind == "worker" else engines(processes)
        if found:
            victim = chance.choice(found)
            with contextlib.suppress(psutil.NoSuchProcess):
                worker_pid = victim.pid if kind == "worker" else victim.ppid()
                held, now = deployment.running(worker_pid), time.time()
                victim.kill()
                return Kill(now, held)
