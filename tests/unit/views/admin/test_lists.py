"""Lists of the console: rows, order, pages and search."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.admin.conftest import Person
from upscaler.models import ADMIN_ROLE, Account

NAME = re.compile(r"<bdi>(omar[^<]*)</bdi>")


@pytest.fixture
def rows(session: Session) -> list[str]:
    """Names in 60 rows, the oldest first."""
    names = [f"omar{number:02}" for number in range(60)]
    for name in names:
        factories.new_audit_log(session, username=name)
    return names


def shown(person: Person, query: str) -> list[str]:
    return NAME.findall(person.get(f"/admin/audit?{query}").text)


def test_a_list_is_shown_page_by_page_in_its_own_order(admin: Person, rows: list[str]) -> None:
    newest = rows[::-1]

    assert shown(admin, "user=omar") == newest[:25]
    assert shown(admin, "user=omar&page=3") == newest[50:]
    assert shown(admin, "user=omar&size=50") == newest[:50]
    assert shown(admin, "user=omar&size=50&page=2") == newest[50:]


@pytest.mark.parametrize(("sort", "step"), [("username", 1), ("-username", -1), ("password", -1)])
def test_a_list_is_sorted_by_a_column_or_as_usual(
    admin: Person, rows: list[str], sort: str, step: int
) -> None:
    assert shown(admin, f"user=omar&sort={sort}&size=100") == rows[::step]


def test_a_page_counts_the_rows_and_leads_to_those_beside_it(admin: Person, rows: list[str]) -> None:
    page = admin.get("/admin/audit?user=omar&sort=username&page=2").text

    assert "60 entries" in page
    assert "Page 2 of 3" in page
    assert re.findall(r'rel="(?:prev|next)" href="([^"]+)"', page) == [
        "/admin/audit?user=omar&amp;sort=username",
        "/admin/audit?user=omar&amp;sort=username&amp;page=3",
    ]
    assert 'aria-sort="ascending"' in page


def test_a_form_keeps_what_was_searched_for_and_how_it_was_sorted(admin: Person, rows: list[str]) -> None:
    page = admin.get("/admin/audit?user=%3Comar&sort=-username&size=50").text

    assert 'name="user" type="search" value="&lt;omar"' in page
    assert '<input type="hidden" name="sort" value="-username">' in page
    assert '<input type="hidden" name="size" value="50">' in page
    assert "No matches." in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [("user=omar&page=9", "Nothing on this page."), ("user=nobody", "No matches.")],
)
def test_a_list_without_rows_says_why(admin: Person, rows: list[str], query: str, sentence: str) -> None:
    page = admin.get(f"/admin/audit?{query}").text

    assert sentence in page
    assert "<tbody" not in page


def test_an_empty_table_is_no_failed_search(admin: Person) -> None:
    assert "Nothing here yet." in admin.get("/admin/deliveries").text


def test_requests_at_the_same_time_do_not_share_filters(
    new_person: Callable[[], Person], new_account: Callable[..., Account], rows: list[str]
) -> None:
    new_account("abdullah", ADMIN_ROLE)
    wrong: list[list[str]] = []

    def search(name: str) -> None:
        person = new_person()
        person.sign_in("abdullah")
        for _ in range(5):
            found = shown(person, f"user={name}")
            if found != [name]:
                wrong.append(found)

    threads = [threading.Thread(target=search, args=[name]) for name in rows[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
