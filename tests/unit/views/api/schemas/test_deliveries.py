from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, faults
from upscaler.models import DeliveryKind, DeliveryStatus
from upscaler.views.api.schemas.deliveries import DeliveryListSchema, DeliverySchema


@pytest.mark.parametrize("status", DeliveryStatus)
@pytest.mark.parametrize("kind", DeliveryKind)
def test_each_kind_and_state_is_a_filter_and_fits(
    admin: Program, session: Session, kind: DeliveryKind, status: DeliveryStatus
) -> None:
    job = factories.new_job(session)
    wanted = factories.new_delivery(session, job, kind=kind.value, status=status.value)
    factories.new_delivery(session, kind=kind.value, status=status.value)

    listed = admin.get(
        f"/admin/deliveries?kind={kind.value}&status={status.value}&job_id={job.id}"
    ).get_json()

    assert misfits(DeliveryListSchema(), listed) == []
    assert [row["id"] for row in listed["items"]] == [wanted.id]
    assert misfits(DeliverySchema(), admin.get(f"/admin/deliveries/{wanted.id}").get_json()) == []


def test_each_wrong_filter_is_listed(admin: Program) -> None:
    query = f"event=job.completed&job_id={'x' * 41}&kind=pigeon&status=lost&from=2025-02-30&to=1"

    assert faults(admin.get(f"/admin/deliveries?{query}")) == [
        ("event", "unknown_parameter"),
        *((name, "invalid_parameter") for name in ("from", "job_id", "kind", "status", "to")),
    ]
