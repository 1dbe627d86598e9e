"""Filters of the lists, in Flask-AppBuilder's form: they change a query by what a person typed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from flask_appbuilder.models.filters import BaseFilter
from sqlalchemy import or_
from sqlalchemy.orm import Query

from upscaler.models import ADMIN_ROLE, Account, AuditLog, Delivery, Job, Role, Upload


class Contains(BaseFilter):
    """The column holds the text, wherever, in capitals or not."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(getattr(self.model, self.column_name).icontains(value, autoescape=True))


class Equals(BaseFilter):
    """The column has exactly this value."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(getattr(self.model, self.column_name) == value)


class Since(BaseFilter):
    """The time is on the day, such as ``2025-12-07`` in UTC, or later."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query; a text that is no day changes nothing."""
        day = midnight(value)
        return query if day is None else query.filter(getattr(self.model, self.column_name) >= day)


class Until(BaseFilter):
    """The time is on the day or earlier."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query; a text that is no day changes nothing."""
        day = midnight(value)
        if day is None:
            return query
        return query.filter(getattr(self.model, self.column_name) < day + timedelta(days=1))


class JobSearch(BaseFilter):
    """The job's or its upload's id, or the file's name, holds the text."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        named = Job.upload.has(Upload.original_filename.icontains(value, autoescape=True))
        ids = (column.icontains(value, autoescape=True) for column in (Job.id, Job.upload_id))
        return query.filter(or_(named, *ids))


class OwnerContains(BaseFilter):
    """The name of the job's owner holds the text; ``-`` finds jobs of visitors."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        if value == "-":
            return query.filter(Job.owner_id.is_(None))
        return query.filter(Job.owner.has(Account.username.icontains(value, autoescape=True)))


class AuditSearch(BaseFilter):
    """The object, the action or the IP address contains the text."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        columns = (AuditLog.entity_type, AuditLog.entity_id, AuditLog.action, AuditLog.ip_address)
        return query.filter(or_(*(column.icontains(value, autoescape=True) for column in columns)))


class DeliverySearch(BaseFilter):
    """The job's id, the message's own, or the receiver holds the text."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        columns = (Delivery.job_id, Delivery.id, Delivery.target)
        return query.filter(or_(*(column.icontains(value, autoescape=True) for column in columns)))


class UserSearch(BaseFilter):
    """The user name, the address or the name holds the text."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        columns = (Account.username, Account.email, Account.first_name, Account.last_name)
        return query.filter(or_(*(column.icontains(value, autoescape=True) for column in columns)))


class HasRole(BaseFilter):
    """The account is an admin (``Admin``) or is none (anything else)."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        admin = Account.roles.any(Role.name == ADMIN_ROLE)
        return query.filter(admin if value == ADMIN_ROLE else ~admin)


class IsActive(BaseFilter):
    """The account may sign in (``yes``) or may not (``no``)."""

    def apply(self, query: Query[Any], value: str) -> Query[Any]:
        """Narrow the query."""
        return query.filter(Account.active.is_(value == "yes"))


def midnight(value: str) -> datetime | None:
    """Return when a day such as ``2025-12-07`` begins in UTC; None for a text that is no such day."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return datetime.combine(day, time(), timezone.utc) if 1 < day.year < 9999 else None
