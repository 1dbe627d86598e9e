"""Links from pages of other sites to ours, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.support.service import ADMIN, LiveService, free_port


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def other_site(
    tmp_path_factory: pytest.TempPathFactory, live_service: LiveService
) -> Iterator[Callable[[str], str]]:
    """Return a function that gives the URL of a page of another site, which links to a path of ours."""
    folder, port = tmp_path_factory.mktemp("other"), free_port()
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def page(path: str) -> str:
        name = f"{len(list(folder.iterdir()))}.html"
        # Our pages are at 127.0.0.1: to a browser this host is another site.
        (folder / name).write_text(
            f"""<!doctype html><link rel="icon" href="data:,">
            <a href="{live_service.url}{path}">link</a>
            <form method="post" action="{live_service.url}{path}"><button>form</button></form>"""
        )
        return f"http://localhost:{port}/{name}"

    yield page
    server.shutdown()
    server.server_close()


@pytest.fixture
def signed_in(open_page) -> Page:
    page = open_page("/admin/dashboard", viewport={"width": 1280, "height": 800})
    page.locator("#username").fill(ADMIN[0])
    page.locator("#password").fill(ADMIN[1])
    page.locator(".login__card button").click()
    page.wait_for_url("**/admin/dashboard")
    return page


@pytest.mark.parametrize("path", ["/admin/jobs", "/", "/api/v1/docs"])
def test_a_link_from_another_site_leaves_people_signed_in(
    signed_in: Page, other_site: Callable[[str], str], path: str
) -> None:
    cookie = session_of(signed_in)

    signed_in.goto(other_site(path))
    signed_in.get_by_role("link", name="link").click()
    signed_in.wait_for_url(f"**{path}")

    assert "/admin/login" not in signed_in.url
    assert session_of(signed_in) == cookie
    if path != "/admin/jobs":
        token = signed_in.locator('meta[name="csrf-token"]').get_attribute("content")
        assert token, "the page knows who is signed in"
    signed_in.goto("/admin/dashboard")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Dashboard")


@pytest.mark.parametrize("path", ["/admin/login", "/language", "/admin/logout", "/unknown"])
def test_a_form_of_another_site_changes_nothing(
    signed_in: Page, other_site: Callable[[str], str], path: str, expected_errors: list[str]
) -> None:
    expected_errors.append("status of (400|403|404|405)")
    cookie = session_of(signed_in)

    signed_in.goto(other_site(path))
    signed_in.get_by_role("button", name="form").click()
    signed_in.wait_for_url(f"**{path}")

    assert session_of(signed_in) == cookie
    assert [one["name"] for one in signed_in.context.cookies()] == ["session"]
    signed_in.goto("/admin/dashboard")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Dashboard")


def test_a_visitor_has_no_cookie_at_all(open_page) -> None:
    page = open_page()
    page.goto("/api/v1/docs")
    page.goto("/")

    assert page.context.cookies() == []


def session_of(page: Page) -> str:
    [cookie] = [one for one in page.context.cookies() if one["name"] == "session"]
    assert cookie["sameSite"] == "Lax"
    return cookie["value"]
