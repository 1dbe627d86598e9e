from __future__ import annotations

import re

from config import ROOT
from upscaler.version import __version__

KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_the_changelog_has_dated_versions_and_sorted_kinds_of_change() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    unreleased = text.partition("## [Unreleased]")[2].partition("\n## ")[0]
    kinds = re.findall(r"^### (.+)$", unreleased, re.MULTILINE)

    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version) for version in versions[1:])
    assert versions[1].startswith(f"[{__version__}]")
    assert kinds == [kind for kind in KINDS if kind in kinds]
