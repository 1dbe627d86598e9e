from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import AuditLog, Delivery, Job, utcnow

NewJob = Callable[..., Job]
Trail = Callable[..., list[AuditLog]]
DAY = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)


@pytest.fixture
def deliveries(new_job: NewJob, session: Session) -> list[Delivery]:
    job = new_job(status="completed")
    failed = factories.new_delivery(
        session,
        job,
        target="https://hooks.example.org/<b>",
        status="failed",
        attempts=9,
        next_attempt_at=None,
        last_status=500,
        last_error="<i>no room</i>",
        created_at=DAY,
    )
    delivered = factories.new_delivery(
        session,
        job,
        kind="email",
        target="layla@example.org",
        status="delivered",
        attempts=1,
        next_attempt_at=None,
        last_status=250,
        delivered_at=DAY,
        created_at=DAY + timedelta(days=2),
    )
    return [failed, delivered]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["webhook", "email"]),
        ("status=failed", ["webhook"]),
        ("status=nonsense", ["webhook", "email"]),
        ("kind=email", ["email"]),
        ("q=LAYLA@", ["email"]),
        ("q=hooks.example", ["webhook"]),
        ("q=nothing", []),
        ("from=2025-12-08", ["email"]),
        ("to=2025-12-07", ["webhook"]),
        ("sort=-attempts&page=99", []),
    ],
)
def test_the_list_shows_what_was_asked_for(
    admin, deliveries: list[Delivery], query: str, found: list[str]
) -> None:
    page = admin.get(f"/admin/deliveries?{query}")

    assert page.status_code == 200
    assert [row.kind for row in deliveries if f"/admin/deliveries/{row.id}/send-again" in page.text] == found


def test_they_are_found_by_their_job(admin, deliveries: list[Delivery], new_job: NewJob) -> None:
    other = new_job()

    assert admin.get(f"/admin/deliveries?q={deliveries[0].job_id}").text.count("/send-again") == 2
    assert admin.get(f"/admin/deliveries?q={other.id}").text.count("/send-again") == 0


def test_what_receivers_say_is_shown_as_text(admin, deliveries: list[Delivery]) -> None:
    for path in ("/admin/deliveries", f"/admin/job/{deliveries[0].job_id}"):
        page = admin.get(path).text
        assert "&lt;i&gt;no room&lt;/i&gt;" in page
        assert "<i>no room" not in page
        assert "layla@example.org" in page


def test_the_report_of_a_job_without_receivers_has_no_such_part(admin, new_job: NewJob) -> None:
    assert 'id="deliveries-title"' not in admin.get(f"/admin/job/{new_job().id}").text


@pytest.mark.parametrize("where", ["list", "job"])
def test_sending_again_is_noted(
    admin, deliveries: list[Delivery], session: Session, trail: Trail, where: str
) -> None:
    failed = deliveries[0]
    page = "/admin/deliveries?status=failed" if where == "list" else f"/admin/job/{failed.job_id}"

    answer = admin.post(f"/admin/deliveries/{failed.id}/send-again", {"next": page}, page=page)

    assert (answer.status_code, answer.location) == (303, page)
    assert "will be sent again" in admin.get(page).text
    session.refresh(failed)
    assert (failed.status, failed.attempts) == ("pending", 0)
    assert failed.next_attempt_at is not None
    assert failed.next_attempt_at <= utcnow()
    [row] = trail("delivery.send_again")
    assert (row.username, row.entity_type, row.entity_id) == ("abdullah", "delivery", failed.id)
    assert row.details == {"job": failed.job_id, "kind": "webhook"}


@pytest.mark.parametrize("delivery_id", ["msg_unknown", "x" * 40])
def test_an_unknown_message_is_refused_kindly(
    admin, deliveries: list[Delivery], trail: Trail, delivery_id: str
) -> None:
    answer = admin.post(f"/admin/deliveries/{delivery_id}/send-again", page="/admin/deliveries")

    assert answer.status_code == 303
    assert "This message is being sent right now" in admin.get(answer.location).text
    assert trail("delivery.send_again") == []


def test_the_page_speaks_arabic(admin, deliveries: list[Delivery]) -> None:
    page = admin.get("/admin/deliveries", headers={"Accept-Language": "ar"}).text

    for word in ("الرسائل المرسلة", "إشعار ويب", "بريد إلكتروني", "تم التسليم", "إرسال من جديد"):
        assert word in page
