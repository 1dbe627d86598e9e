"""Webhooks and e-mails, as admins see and resend them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.api.conftest import Program
from upscaler.models import AuditLog


def test_deliveries_are_listed_shown_and_sent_again(admin: Program, session: Session) -> None:
    failed = factories.new_delivery(session, status="failed", attempts=7, last_error="refused")
    pending = factories.new_delivery(session)

    def found(query: str) -> list[str]:
        return [row["id"] for row in admin.get(f"/admin/deliveries?{query}").get_json()["items"]]

    assert sorted(found("")) == sorted([failed.id, pending.id])
    assert found("status=failed") == [failed.id]
    assert found(f"job_id={pending.job_id}") == [pending.id]
    assert found("kind=email") == []
    shown = admin.get(f"/admin/deliveries/{failed.id}").get_json()
    assert (shown["attempts"], shown["last_error"]) == (7, "refused")
    assert "example.org" not in str(shown), "the recipient may be a secret"

    again = admin.post(f"/admin/deliveries/{failed.id}/resend").get_json()

    assert (again["status"], again["attempts"]) == ("pending", 0)
    assert session.query(AuditLog).filter_by(entity_type="delivery", entity_id=failed.id).count() == 1
    assert admin.post("/admin/deliveries/msg_unknown/resend").get_json()["code"] == "delivery_not_found"
