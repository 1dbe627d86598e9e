from __future__ import annotations

import pytest

from upscaler.services.monitoring import statistics


@pytest.mark.parametrize(
    ("language", "title", "back"),
    [
        ("en", "Page not found", "Back to the dashboard"),
        ("ar", "الصفحة غير موجودة", "العودة إلى لوحة المعلومات"),
    ],
)
def test_an_admin_stays_in_the_console(admin, language: str, title: str, back: str) -> None:
    answer = admin.get("/admin/nothing-here", headers={"Accept-Language": language})

    assert answer.status_code == 404
    assert f"<h1>{title}</h1>" in answer.text
    assert back in answer.text
    assert 'href="/admin/jobs"' in answer.text
    assert "/admin/login" not in answer.text


def test_a_user_without_rights_can_sign_out(user) -> None:
    answer = user.get("/admin/jobs")

    assert answer.status_code == 403
    assert 'action="/admin/logout"' in answer.text
    assert "Back to the dashboard" not in answer.text


def test_a_visitor_sees_the_public_page(visitor) -> None:
    answer = visitor.get("/admin/nothing-here")

    assert answer.status_code == 404
    assert "Back to the start page" in answer.text
    assert "/admin/logout" not in answer.text


def test_a_failure_of_the_server_needs_no_frame(admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "key_figures", None)

    answer = admin.get("/admin/dashboard")

    assert answer.status_code == 500
    assert "Back to the start page" in answer.text
