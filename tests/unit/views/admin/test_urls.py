from __future__ import annotations

import pytest

from upscaler.views.admin.urls import local_target


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "admin/jobs",
        "http://[::1",
        "/" + "x" * 3000,
        "",
    ],
)
def test_no_target_leads_away_from_this_site(target: str) -> None:
    assert local_target(target) is None


@pytest.mark.parametrize("target", ["/", "/admin/jobs?status=failed", "/jobs/صورة"])
def test_a_target_on_this_site_is_kept(target: str) -> None:
    assert local_target(target) == target
