import pytest

from upscaler.views.public.pages import local_path


@pytest.mark.parametrize("path", ["/", "/jobs/job_abc", "/?page=2", "/jobs/صورة"])
def test_it_returns_to_a_path_on_this_site(site, path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "elsewhere",
    [
        "",
        "jobs",
        "https://example.org/",
        "//example.org/",
        "///example.org/",
        "/\\example.org/",
        "/\t/example.org/",
        "/\n/example.org",
        "javascript:alert(1)",
        "//[",
    ],
)
def test_it_sends_nobody_to_another_site(site, elsewhere):
    assert local_path(elsewhere) == "/"
