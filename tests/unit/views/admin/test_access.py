from __future__ import annotations

import re

import pytest
from flask import Flask

CONSOLE = {
    "/admin/": {"GET"},
    "/admin/login": {"GET", "POST"},
    "/admin/logout": {"POST"},
    "/admin/dashboard": {"GET"},
    "/admin/jobs": {"GET"},
    "/admin/job/<id:pk>": {"GET"},
    "/admin/job/<id:pk>/cancel": {"POST"},
    "/admin/job/<id:pk>/requeue": {"POST"},
    "/admin/job/<id:pk>/delete": {"POST"},
    "/admin/job/<id:pk>/download": {"POST"},
    "/admin/usage.csv": {"POST"},
    "/admin/deliveries": {"GET"},
    "/admin/deliveries/<id:pk>/send-again": {"POST"},
    "/admin/models": {"GET"},
    "/admin/models/<number:pk>": {"GET"},
    "/admin/models/default-preset": {"POST"},
    "/admin/users": {"GET"},
    "/admin/users/add": {"GET", "POST"},
    "/admin/users/<number:pk>": {"GET", "POST"},
    "/admin/users/<number:pk>/password": {"GET", "POST"},
    "/admin/users/<number:pk>/delete": {"POST"},
    "/admin/keys": {"GET", "POST"},
    "/admin/keys/<id:key_id>/revoke": {"POST"},
    "/admin/settings": {"GET", "POST"},
    "/admin/audit": {"GET"},
}
PAGES = [
    "/admin/",
    "/admin/dashboard",
    "/admin/jobs",
    "/admin/job/job_1",
    "/admin/deliveries",
    "/admin/models",
    "/admin/models/1",
    "/admin/users",
    "/admin/users/add",
    "/admin/users/1",
    "/admin/users/1/password",
    "/admin/keys",
    "/admin/settings",
    "/admin/audit",
]


def test_nothing_of_flask_appbuilder_is_reachable_but_our_own_pages(app: Flask) -> None:
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in app.blueprints and not rule.rule.startswith(
            ("/api/", "/files/", "/static/", "/metrics")
        ):
            found.setdefault(rule.rule, set()).update((rule.methods or set()) - {"HEAD", "OPTIONS"})
    console = {path: methods for path, methods in found.items() if path.startswith("/admin")}
    public = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("public.")}

    assert console == CONSOLE
    assert set(found) == set(CONSOLE) | public


@pytest.mark.parametrize(
    "path",
    [
        "/login/",
        "/logout/",
        "/users/list/",
        "/roles/list/",
        "/back",
        "/lang/ar",
        "/swagger/v1",
        "/api/v1/menu/",
    ],
)
def test_the_framework_s_own_addresses_lead_nowhere(admin, path: str) -> None:
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_a_visitor_is_sent_to_the_login_and_back(visitor, path: str) -> None:
    answer = visitor.get(path)

    assert answer.status_code == 303
    assert answer.location == f"/admin/login?next={path}"


@pytest.mark.parametrize("path", PAGES[1:])
def test_a_user_without_rights_is_refused(user, path: str) -> None:
    assert user.get(path).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        re.sub("<id:.*?>", "job_1", path).replace("<number:pk>", "1")
        for path, methods in CONSOLE.items()
        if methods == {"POST"}
    ],
)
def test_no_action_without_a_token_or_by_a_link(admin, path: str) -> None:
    assert admin.post_without_token(path).status_code == 400
    assert admin.get(path).status_code == 405


def test_the_root_of_the_console_leads_to_the_dashboard(admin) -> None:
    answer = admin.get("/admin/")

    assert answer.status_code == 302
    assert answer.location == "/admin/dashboard"


def test_the_menu_names_every_page_and_marks_the_current_one(admin) -> None:
    page = admin.get("/admin/jobs").text

    for path in ("dashboard", "jobs", "deliveries", "models", "users", "settings", "audit"):
        assert f'href="/admin/{path}"' in page
    assert 'href="/admin/jobs" aria-current="page"' in page


def test_the_page_is_shown_in_the_language_of_the_browser(admin) -> None:
    page = admin.get("/admin/dashboard", headers={"Accept-Language": "ar"}).text

    assert '<html lang="ar" dir="rtl">' in page


def test_scripts_and_styles_come_from_this_server_with_the_nonce_of_the_page(admin) -> None:
    answer = admin.get("/admin/dashboard")

    policy = answer.headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert answer.text.count("<script") == answer.text.count(f'nonce="{nonce}"')
    assert "//" not in "".join(part.partition('"')[0] for part in answer.text.split('src="')[1:])
    assert "<style" not in answer.text
