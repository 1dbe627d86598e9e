from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.errors import QueueFull
from upscaler.models import Job
from upscaler.services.jobs.quota import check_queue, quota_of

VALUES = RuntimeValues(
    rate_limit="1 per hour",
    account_rate_limit="2 per hour",
    preview_rate_limit="3 per hour",
    poll_rate_limit="4 per hour",
    visitor_keep_days=5,
    account_keep_days=6,
    queue_limit=2,
)


def test_accounts_and_visitors_have_rates_and_retention_of_their_own() -> None:
    visitor, account = (quota_of(VALUES, has_account=has_account) for has_account in (False, True))

    assert (visitor.upload_rate, visitor.keep_days) == ("1 per hour", 5)
    assert (account.upload_rate, account.keep_days) == ("2 per hour", 6)
    for quota in (visitor, account):
        assert (quota.preview_rate, quota.request_rate) == ("3 per hour", "4 per hour")


def test_only_waiting_jobs_fill_the_queue(db_session: Session, new_job: Callable[..., Job]) -> None:
    for status in ("queued", "running", "completed"):
        new_job(status=status)

    check_queue(db_session, VALUES, 1)

    with pytest.raises(QueueFull):
        check_queue(db_session, VALUES, 2)
