"""The service behind a reverse proxy that serves it under a path of its host."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from tests.browser import steps
from tests.support.mail import Mailbox, mail_server
from tests.support.service import ADMIN, JOB_SECONDS, LiveService
from tests.support.subpath import PREFIX, below_a_path
from upscaler.client import Client


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server() as found:
        yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, box: Mailbox) -> Iterator[str]:
    """The URL at which the service is reached through the proxy."""
    service = LiveService(tmp_path_factory.mktemp("behind"))
    with below_a_path(service.port) as host:
        service.settings |= {
            "ENGINE": "lanczos",
            "RATE_LIMIT": "off",
            "TRUSTED_PROXIES": "1",
            "PUBLIC_URL": f"{host}{PREFIX}",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(box.port),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "images@example.org",
        }
        service.start()
        yield f"{host}{PREFIX}"
        service.stop()


@pytest.fixture
def open_site(open_page, site):
    """Open a path of the site; every request that it makes stays below the prefix."""
    asked: list[str] = []

    def open_path(path: str = "/", **options: object):
        page = open_page("about:blank", **options)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site}{path}")
        return page

    yield open_path
    outside = [url for url in asked if url.startswith("http") and not url.startswith(f"{site}/")]
    assert outside == []


def test_a_visitor_uploads_follows_and_downloads_an_image(open_site, site, photographs):
    page = open_site()
    steps.choose(page, photographs["coffee"])
    page.locator("#email").fill("layla@example.org")
    steps.submit(page)
    assert page.url.startswith(f"{site}/jobs/job_")
    steps.result(page)
    for name in ("Original: ", "Upscaled: "):
        photo = page.get_by_role("img", name=name)
        expect(photo).to_have_js_property("complete", value=True)
        assert photo.evaluate("image => image.naturalWidth") > 0
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert steps.size_of(download.value) == (320, 214)

    page.reload()
    steps.result(page)
    page.go_back()
    expect(page.locator("#upload")).to_be_visible()
    page.go_forward()
    steps.result(page)
    page.get_by_role("button", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert urlsplit(page.url).path.startswith(f"{PREFIX}/jobs/")
    page.locator("#job-again, .brand").first.click()
    expect(page.locator("#upload")).to_be_visible()
    assert page.url.rstrip("/") == site


def test_the_operator_signs_in_works_and_signs_out(open_site, site, photographs):
    with Client(site) as client:
        job = client.wait(client.upload(photographs["coffee"], factor="2x").id)
    page = open_site("/admin/jobs?status=completed", viewport={"width": 1280, "height": 800})
    page.locator("#username").fill(ADMIN[0])
    page.locator("#password").fill(ADMIN[1])
    page.locator(".login__card button").click()
    page.wait_for_url("**/admin/jobs?status=completed")
    [cookie] = [one for one in page.context.cookies() if one["name"] == "session"]
    assert cookie["path"] == PREFIX
    page.get_by_role("button", name=f"Run again: {job.id}").click()
    page.get_by_role("dialog").get_by_role("button", name="Run again").click()
    expect(page.get_by_role("status")).to_contain_text("was queued again")
    for name in ("Dashboard", "Deliveries", "Models", "Users", "API keys", "Settings", "Audit log", "Jobs"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.locator(f'a[href="{PREFIX}/admin/job/{job.id}"]').first.click()
    expect(page.get_by_role("img", name="The original image")).to_have_js_property("complete", value=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download result").click()
    assert steps.size_of(download.value) == (320, 214)
    page.get_by_role("link", name="View site").click()
    expect(page.locator("#upload")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site}/admin/login")


def test_programs_and_messages_get_links_that_work(
    site: str, box: Mailbox, photographs: dict[str, Path], tmp_path: Path
) -> None:
    with photographs["coffee"].open("rb") as file:
        fields = {"factor": "2x", "email": "omar@example.org"}
        answer = requests.post(f"{site}/api/v1/uploads", files={"file": file}, data=fields, timeout=60)

    assert answer.headers["Location"].startswith(f"{site}/api/v1/jobs/job_")
    with Client(site) as client:
        job = client.wait(answer.json()["id"])
        assert job.completed
        client.download(job, tmp_path / "result.png")
    assert (tmp_path / "result.png").stat().st_size > 0
    assert requests.get(f"{site}/api/v1/jobs/{job.id}/download", timeout=60).ok
    described = requests.get(f"{site}/api/v1/openapi.json", timeout=60).json()
    assert described["servers"] == [{"url": PREFIX}]
    problem = requests.get(f"{site}/api/v1/jobs/job_unknown", timeout=60).json()
    page, _, anchor = problem["type"].partition("#")
    assert f'id="{anchor}"' in requests.get(page, timeout=60).text

    deadline = time.monotonic() + JOB_SECONDS
    while not (mails := [mail for mail in box.messages if mail["To"] == "omar@example.org"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    text = mails[0].get_body(("plain",))
    assert text is not None
    link = re.search(r"http\S+", text.get_content())
    assert link
    assert link[0] == f"{site}/jobs/{job.id}"
    assert requests.get(link[0], timeout=60).ok
