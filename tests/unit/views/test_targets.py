from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from upscaler.views.targets import local_path, local_target, this_page

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "///evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "admin/jobs",
    "http://[::1",
    "//[",
    "/" + "x" * 3000,
    "",
    "/../other",
    "/jobs/%2e%2E/%2e%2e/other",
]


@pytest.fixture(params=["", "/upscaler"])
def prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """A prefix that the service is served under, in a request for a page."""
    app = Flask("upscaler")
    with app.test_request_context("/admin/jobs?page=2", base_url=f"http://localhost{request.param}"):
        yield request.param


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_target_leads_away_from_this_site(prefix: str, target: str) -> None:
    assert local_target(target) is None
    if target.startswith("/") and prefix:
        assert local_target(f"{prefix}{target}") in (None, f"{prefix}{target}")


@pytest.mark.parametrize(
    "target", ["/", "/admin/jobs?status=failed", "/jobs/صورة", "/?next=//a", "/a..b/...c"]
)
def test_a_target_on_this_site_is_kept(prefix: str, target: str) -> None:
    assert local_target(prefix + target) == prefix + target


def test_what_lies_beside_the_prefix_is_another_site() -> None:
    app = Flask("upscaler")
    with app.test_request_context(base_url="http://localhost/upscaler"):
        assert local_target("/upscaler") == "/upscaler"
        for target in ("/", "/upscaler2/", "/upscaler/../other", "/upscaler/%2e%2e/other", "/admin/jobs"):
            assert local_target(target) is None


def test_a_page_knows_its_own_address(prefix: str) -> None:
    assert this_page() == f"{prefix}/admin/jobs?page=2"
    assert local_target(this_page()) == this_page()
    assert local_path("/files/a.png?b=c") == f"{prefix}/files/a.png?b=c"


def test_after_a_form_the_way_back_is_its_own_page() -> None:
    with Flask("upscaler").test_request_context("/admin/login?next=x", method="POST"):
        assert this_page() == "/admin/login"
