"""Lists answer whatever stands in their address."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from upscaler.views.admin.jobs import JobView
from upscaler.views.admin.queries import MAX_PAGE, PAGE_SIZES, read_query

LISTS = ("/admin/jobs", "/admin/models", "/admin/users", "/admin/audit")
ODD = (
    "page=zzz",
    "page=-1",
    "page=0",
    "page=99999999999999999999",
    "page=99999999",
    "page=%D9%A3",
    "page=1e3",
    "size=99999999",
    "size=-5",
    "sort=nonsense",
    "sort=-",
    "sort=--created_at",
    "sort=password",
    "sort=owner.password",
    "page_JobView=zzz",
    "psize_JobView=99999999",
    "_oc_JobView=nonsense&_od_JobView=asc",
    "_flt_9_status=1",
    "_flt_0_password=1",
    "q=" + "x" * 5000,
    "q=%00",
    "q=%25%5F%27%22%5C",
    "q=%FF%FE",
    "q=%F0%9F%92%A9",
    "q=a&q=b&q=c",
    "user=%00&owner=%00&model=%00",
    "status=%00",
    "from=2025-13-45",
    "from=0001-01-01&to=9999-12-31",
    "from=10000-01-01",
    "to=20251207T10:00",
    "action=nonsense&role=Root&active=maybe&type=x",
    "=&&&=x",
)


@pytest.mark.parametrize("path", LISTS)
def test_odd_queries_give_a_list(admin, path: str) -> None:
    answers = {query: admin.get(f"{path}?{query}").status_code for query in ODD}

    assert {query: status for query, status in answers.items() if status != 200} == {}


@pytest.mark.parametrize("query", ["period=zzz", "period=%00", "x=" + "y" * 5000])
def test_odd_queries_give_a_dashboard(admin, query: str) -> None:
    assert admin.get(f"/admin/dashboard?{query}").status_code == 200


@pytest.mark.parametrize("query", ["next=%00", "next=" + "x" * 5000, "next=//evil.example", "next[]=1"])
def test_odd_queries_give_a_login_page(visitor, query: str) -> None:
    assert visitor.get(f"/admin/login?{query}").status_code == 200


# A busy machine is no reason to fail.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["page", "size", "sort", "q", "status", "owner", "from"]), st.text()))
def test_what_was_read_is_always_within_bounds(arguments: dict[str, str]) -> None:
    query = read_query(MultiDict(arguments), "JobView.list", JobView.search, JobView.order_columns)

    assert 0 <= query.page < MAX_PAGE
    assert query.page_size in PAGE_SIZES
    assert query.order in {"", *JobView.order_columns}
    assert all(0 < len(value) <= 200 and "\0" not in value for value in query.values.values())
    assert query.values.get("status", "queued") in {"queued", "running", "completed", "failed", "canceled"}


def test_links_keep_the_search_and_the_order(app: Flask) -> None:
    arguments = MultiDict({"q": "a&b", "sort": "-status", "size": "50", "page": "3"})
    with app.test_request_context():
        query = read_query(arguments, "JobView.list", JobView.search, JobView.order_columns)

        assert query.link(page=3) == f"/admin/jobs?q={quote('a&b')}&sort=-status&size=50&page=4"
        assert query.sort_link("status") == f"/admin/jobs?q={quote('a&b')}&sort=status&size=50"
        assert query.sort_link("model") == f"/admin/jobs?q={quote('a&b')}&sort=model&size=50"
