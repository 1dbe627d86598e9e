from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Worker, utcnow
from upscaler.services.jobs import workers

DATABASES = ("sqlite", "postgresql")

CPU = {"engine": "openvino", "precision": "bf16", "device": "Intel Xeon"}
GPU = {"engine": "ncnn", "precision": "fp16", "device": "NVIDIA L4", "gpu": True}


def test_a_worker_renews_its_one_row(db_session: Session, new_job: Any) -> None:
    workers.register(db_session, "one", version="1", backend={}, job_id=None)
    first = db_session.get_one(Worker, "one")
    assert (first.pid, first.version, first.backend) == (os.getpid(), "1", {})
    first.last_heartbeat_at = utcnow() - timedelta(minutes=1)
    db_session.commit()
    assert workers.online_workers(db_session) == []

    job = new_job()
    workers.register(db_session, "one", version="1", backend=CPU, job_id=job.id)

    [found] = workers.online_workers(db_session)
    assert (found.id, found.backend, found.current_job_id) == ("one", CPU, job.id)


def test_a_worker_that_stops_is_offline_until_it_registers_again(db_session: Session, new_job: Any) -> None:
    workers.register(db_session, "one", version="1", backend=CPU, job_id=new_job().id)

    workers.deregister(db_session, "one")

    assert workers.count_online(db_session) == 0
    db_session.expire_all()
    assert db_session.get_one(Worker, "one").current_job_id is None
    workers.register(db_session, "one", version="1", backend=CPU, job_id=None)
    assert workers.count_online(db_session) == 1


def test_only_workers_with_a_recent_heartbeat_are_online(db_session: Session) -> None:
    for name, age, backend in (("b", 0, GPU), ("a", workers.OFFLINE_SECONDS - 5, CPU), ("c", 0, {})):
        moment = utcnow() - timedelta(seconds=age)
        factories.new_worker(db_session, id=name, last_heartbeat_at=moment, backend=backend)
    late = utcnow() - timedelta(seconds=workers.OFFLINE_SECONDS + 1)
    factories.new_worker(db_session, id="late", last_heartbeat_at=late, backend=CPU)

    assert [worker.id for worker in workers.online_workers(db_session)] == ["a", "b", "c"]
    assert workers.count_online(db_session) == 3
    # The engine of the third has not started.
    assert workers.devices_online(db_session) == ["openvino bf16 on Intel Xeon", "ncnn fp16 on NVIDIA L4"]


@pytest.mark.parametrize(
    ("backend", "device", "gpu"),
    [
        ({}, None, None),
        (CPU, "openvino bf16 on Intel Xeon", None),
        (GPU, "ncnn fp16 on NVIDIA L4", "NVIDIA L4"),
    ],
)
def test_a_backend_names_its_device(backend: dict[str, Any], device: str | None, gpu: str | None) -> None:
    assert workers.device_of(backend) == device
    assert workers.gpu_of(backend) == gpu


def test_the_name_of_a_device_is_cut_to_its_column() -> None:
    device = workers.device_of({**CPU, "device": "x" * 200})

    assert device is not None
    assert len(device) == 128
