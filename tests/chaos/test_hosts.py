"""Two web hosts and three worker hosts: of each kind one is cut off and one is killed, and nothing is lost."""

from __future__ import annotations

import contextlib
import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from tests.support import chaos
from tests.support.chaos import Deployment, Kill
from tests.support.fleet import fleet_settings
from tests.support.load import Load, image
from tests.support.netns import NetHost, bridge
from tests.support.proxy import Proxy
from tests.support.s3 import S3Server
from tests.support.servers import PostgreSQLServer, RedisServer
from tests.support.service import START_SECONDS, LiveService
from tests.support.worker_host import WorkerHost
from upscaler.models import Job

LEASE_SECONDS = 5
SETTINGS = {
    "POLL_RATE_LIMIT": "off",
    "QUEUE_LIMIT": "100000",
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "ORPHAN_SECONDS": "20",
}
# How long a host is cut off: its jobs are taken over and done by others meanwhile.
CUT_SECONDS, CUT_SECONDS_IN_FULL = 12.0, 60.0
# How long a killed host is gone: its web clients go elsewhere, and its lease runs out.
DEAD_SECONDS = 3.0
# How often all of it happens.
ROUNDS, ROUNDS_IN_FULL = 1, 3
SIDE, BACKLOG = 300, 8
# Longer side of an image that takes a worker seconds: it is in hand when the cable is pulled.
LARGE_SIDE = 1600
# What becomes of a request whose host was killed is not known to the next host for a while: it says so.
REFUSALS = {0, 409, 503}


@dataclass
class Fleet:
    """The hosts, and what runs on each."""

    deployment: Deployment
    s3: S3Server
    web: list[tuple[NetHost, LiveService]]
    workers: list[tuple[NetHost, WorkerHost]]


@pytest.fixture
def fleet(s3_server: S3Server, tmp_path: Path) -> Iterator[Fleet]:
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(bridge())
        postgresql = stack.enter_context(PostgreSQLServer(network.address, network.network))
        redis = stack.enter_context(RedisServer(tmp_path, host=network.address))
        way_to_s3 = stack.enter_context(Proxy(s3_server.port, network.address))
        settings = {
            **fleet_settings(s3_server, postgresql.url, redis.url),
            **SETTINGS,
            "S3_ENDPOINT_URL": way_to_s3.url,
        }
        web = [
            (host, web_host(tmp_path, host, settings)) for host in (network.add_host(), network.add_host())
        ]
        workers = [
            (host, WorkerHost(tmp_path / host.address, settings, host.launcher))
            for host in (network.add_host(), network.add_host(), network.add_host())
        ]
        folders = [service.data_dir for _, service in web] + [worker.data_dir for _, worker in workers]
        deployment = Deployment(
            [service.url for _, service in web],
            postgresql.url.replace("://", "+psycopg://"),
            s3_server.keys,
            [folder / "scratch" for folder in folders],
        )
        stack.callback(deployment.database.dispose)
        for _, service in web:
            service.start()
            stack.callback(service.kill)
        for _, worker in workers:
            worker.start()
            stack.callback(worker.stop)
        wait_for_workers(deployment.urls[0], len(workers))
        yield Fleet(deployment, s3_server, web, workers)


def web_host(folder: Path, host: NetHost, settings: dict[str, str]) -> LiveService:
    data_dir = folder / host.address
    data_dir.mkdir()
    return LiveService(data_dir, {**settings, "HOST": host.address}, part="web", launcher=host.launcher)


def wait_for_workers(url: str, count: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while requests.get(f"{url}/api/v1/health", timeout=30).json()["workers_online"] < count:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.timeout(3600)
def test_hosts_that_are_cut_off_or_killed_cost_no_accepted_image(
    fleet: Fleet, full: bool, chance: random.Random, sweep_seconds: float, report: Callable[[str], None]
) -> None:
    deployment = fleet.deployment
    cut_seconds = CUT_SECONDS_IN_FULL if full else CUT_SECONDS
    stream = Load(
        deployment.urls,
        image(SIDE),
        clients=4,
        answer_seconds=10,
        most_waiting=(BACKLOG, deployment.waiting),
    )
    rounds = ROUNDS_IN_FULL if full else ROUNDS
    kills: list[Kill] = []

    with stream as load:
        for _ in range(rounds):
            load.wait_for(BACKLOG)
            kills += cut_off_hosts(fleet, chance, cut_seconds)
            load.wait_for(BACKLOG)
            kills += kill_hosts(fleet, chance)
            load.wait_for(BACKLOG)
    deployment.wait_until_idle()
    # A worker that was cut off may still believe that it has work to finish.
    deployment.wait_for_duty([worker.pid for _, worker in fleet.workers])
    census = chaos.settled_census(deployment, load.accepted.values(), sweep_seconds)

    answers = Counter(f"{answer.status} {answer.code}".strip() for answer in load.answers)
    report(f"{len(load.accepted)} accepted, {len(load.given_up)} given up: {census}; answers {dict(answers)}")
    report(f"interrupted jobs completed after {chaos.spread(chaos.recovery_seconds(deployment, kills))}")
    assert {answer.status for answer in load.answers if answer.status != 202} <= REFUSALS, answers
    assert len(set(load.accepted.values())) == len(load.accepted)
    # One job for each key, and the large images. What was given up may have been accepted or not.
    surplus = sum(census.statuses.values()) - len(load.accepted) - rounds
    assert 0 <= surplus <= len(load.given_up), surplus
    chaos.assert_nothing_lost(census)
    assert changed_results(fleet) == []


def cut_off_hosts(fleet: Fleet, chance: random.Random, seconds: float) -> list[Kill]:
    """Cut off the worker that has a large image in hand, and a web host, for a while."""
    url = chance.choice(fleet.deployment.urls)
    large = {"file": ("large.png", image(LARGE_SIDE))}
    answer = requests.post(f"{url}/api/v1/uploads", files=large, data={"factor": "2x"}, timeout=60)
    assert answer.status_code == 202, answer.text
    host, worker = holder(fleet, answer.json()["job_id"])
    cut = Kill(time.time(), fleet.deployment.running(worker.pid))
    hosts = [host, chance.choice(fleet.web)[0]]
    for one in hosts:
        one.cut_off()
    time.sleep(seconds)
    for one in hosts:
        one.join()
    return [cut]


def kill_hosts(fleet: Fleet, chance: random.Random) -> list[Kill]:
    """Kill a worker and all of a web host at some moment, and start them again later."""
    worker, service = chance.choice(fleet.workers)[1], chance.choice(fleet.web)[1]
    chaos.moment(chance, 1)
    kill = Kill(time.time(), fleet.deployment.running(worker.pid))
    worker.kill()
    chaos.moment(chance, 1)
    service.kill()
    time.sleep(DEAD_SECONDS)
    worker.start()
    service.start()
    return [kill]


def holder(fleet: Fleet, job_id: str) -> tuple[NetHost, WorkerHost]:
    """Return the worker that has a job in hand, once one has it."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        for host, worker in fleet.workers:
            if job_id in fleet.deployment.running(worker.pid):
                return host, worker
        assert time.monotonic() < deadline, "no worker took the large image"


def changed_results(fleet: Fleet) -> list[str]:
    """Return the results that are not what their jobs were completed with."""
    with fleet.deployment.database.connect() as connection:
        jobs = connection.execute(select(Job.result_path, Job.result_sha256)).all()
    return [path for path, digest in jobs if hashlib.sha256(fleet.s3.read(path)).hexdigest() != digest]
