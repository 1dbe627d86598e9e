from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from upscaler.engine.devices.quarantine import Device, Quarantine
from upscaler.models import DeliveryKind, DeliveryStatus, utcnow
from upscaler.services.monitoring.statistics import WorkerState
from upscaler.views.api.schemas.deliveries import DeliverySchema
from upscaler.views.api.schemas.service import AuditLogSchema, WorkerSchema
from upscaler.views.api.serializers.service import audit_fields, delivery_fields, worker_fields

GPU = {"engine": "ncnn", "device": "NVIDIA H100", "precision": "fp16", "version": "1.0", "gpu": True}


def quarantined() -> list[dict[str, Any]]:
    quarantine = Quarantine()
    quarantine.add(Device("ncnn", "NVIDIA H100", "fp16"), "it broke", ["realesrgan-x4plus"])
    return quarantine.as_list()


@pytest.mark.parametrize(
    ("values", "gpu"),
    [
        # One that has not looked at its machine yet.
        ({}, None),
        (
            {"backend": {**GPU, "not_taken": [], "quarantined": [], "models": ["a"], "loaded": []}},
            "NVIDIA H100",
        ),
        ({"backend": {**GPU, "gpu": False}, "current_job_id": "job_1", "stopped_at": utcnow()}, None),
        (
            {
                "backend": {
                    "not_taken": [{"engine": "cuda", "reason": "no such device"}],
                    "quarantined": quarantined(),
                    "models": [],
                    "reason": "no backend can run",
                }
            },
            None,
        ),
    ],
    ids=["new", "gpu", "stopped", "failed"],
)
def test_a_worker_fits_its_schema(session: Session, values: dict[str, Any], gpu: str | None) -> None:
    worker = factories.new_worker(session, **values)

    shown = worker_fields(WorkerState(worker, online=False))

    assert misfits(WorkerSchema(), shown) == []
    assert (shown["online"], shown["gpu"], shown["backend"]) == (False, gpu, worker.backend)


@pytest.mark.parametrize("kind", DeliveryKind)
@pytest.mark.parametrize("status", DeliveryStatus)
def test_a_delivery_in_any_state_fits_its_schema_without_its_recipient(
    session: Session, kind: DeliveryKind, status: DeliveryStatus
) -> None:
    values: dict[str, Any] = {"kind": kind.value, "status": status.value, "target": "https://a.secret/"}
    if status is not DeliveryStatus.PENDING:
        values |= {"attempts": 3, "next_attempt_at": None, "last_attempt_at": utcnow()}
        values |= {"last_status": 500, "last_error": "500"}
    if status is DeliveryStatus.DELIVERED:
        values["delivered_at"] = utcnow()

    shown = delivery_fields(factories.new_delivery(session, **values))

    assert misfits(DeliverySchema(), shown) == []
    assert "a.secret" not in str(shown)


def test_a_row_of_the_audit_log_fits_its_schema(session: Session) -> None:
    account = factories.new_account(session)
    by_account = factories.new_audit_log(
        session, "setting.change", user_id=account.id, details={"from": 1, "to": None}
    )
    by_visitor = factories.new_audit_log(session, "login.failed", username="")

    for row in (by_account, by_visitor):
        assert misfits(AuditLogSchema(), audit_fields(row)) == []
    assert audit_fields(by_account)["details"] == {"from": 1, "to": None}
