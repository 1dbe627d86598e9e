"""Workers."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.api.conftest import Program


def test_workers_are_shown(admin: Program, session: Session) -> None:
    factories.new_worker(session, id="w-1", backend={"engine": "openvino"})

    [worker] = admin.get("/admin/workers").get_json()["items"]

    assert (worker["id"], worker["online"], worker["backend"]) == ("w-1", True, {"engine": "openvino"})


def test_a_worker_names_its_gpu(admin: Program, session: Session) -> None:
    factories.new_worker(session, id="w-1", backend={"device": "NVIDIA H100", "gpu": True})
    factories.new_worker(session, id="w-2", backend={"device": "Intel Xeon", "gpu": False})

    workers = {worker["id"]: worker["gpu"] for worker in admin.get("/admin/workers").get_json()["items"]}

    assert workers == {"w-1": "NVIDIA H100", "w-2": None}
