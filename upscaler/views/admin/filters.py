"""Filters of the lists, in Flask-AppBuilder's form. The meaning of each is a condition of ``services.queries``."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from flask_appbuilder.models.filters import BaseFilter
from sqlalchemy.orm import Query

from upscaler.models import ADMIN_ROLE, Account, Job
from upscaler.services import queries


class Contains(BaseFilter):
    """The column contains the text, in capitals or not."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(queries.contains(getattr(self.model, self.column_name), value))


class Equals(BaseFilter):
    """The column has exactly this value."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(getattr(self.model, self.column_name) == value)


class Since(BaseFilter):
    """The time is on the day, such as ``2025-12-07`` in UTC, or later."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query; a text that is not a day changes nothing."""
        day = midnight(value)
        return (
            query if day is None else query.filter(queries.since(getattr(self.model, self.column_name), day))
        )


class Until(BaseFilter):
    """The time is on the day or earlier."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query; a text that is not a day changes nothing."""
        day = midnight(value)
        if day is None:
            return query
        return query.filter(queries.until(getattr(self.model, self.column_name), day + timedelta(days=1)))


class JobSearch(BaseFilter):
    """The job's id, its upload's id or the file's name contains the text."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(queries.job_matches(value))


class OwnerContains(BaseFilter):
    """The user name of the job's owner contains the text; ``-`` finds jobs of visitors."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(queries.owned_by(Job, value))


class AuditSearch(BaseFilter):
    """The entity, the action or the address contains the text."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(queries.audit_matches(value))


class DeliverySearch(BaseFilter):
    """The job's id, the message's id or the recipient contains the text."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(queries.delivery_matches(value))


class UserSearch(BaseFilter):
    """The user name, the e-mail address or the name contains the text."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(queries.account_matches(value))


class HasRole(BaseFilter):
    """The account is an admin (``Admin``) or not (any other value)."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(queries.has_role("admin" if value == ADMIN_ROLE else "user"))


class IsActive(BaseFilter):
    """The account may sign in (``yes``) or may not (``no``)."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(Account.active.is_(value == "yes"))


def midnight(value: str) -> datetime | None:
    """Return when a day such as ``2025-12-07`` begins in UTC; None for a text that is not a day."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return datetime.combine(day, time(), timezone.utc) if 1 < day.year < 9999 else None
