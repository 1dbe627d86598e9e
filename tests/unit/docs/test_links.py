"""Links and paths in the documents lead to files of the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from config import ROOT

DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")],
    key=lambda path: str(path.relative_to(ROOT)),
)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
# A path in a code span that begins in one of these folders, such as `upscaler/storage/registry.py`.
NAMED = re.compile(r"`((?:upscaler|docs|tests|bench|scripts|migrations)/[\w./-]*[\w/])`")
IN_CODE = re.compile(r"\bdocs/[\w/-]+\.md\b")


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_named_files_exist(path: Path) -> None:
    text = path.read_text()

    missing = []
    for link, anchor in LINK.findall(text):
        target = path.parent / link
        if not target.exists() or (anchor and anchor.removeprefix("#") not in anchors(target)):
            missing.append(link + anchor)
    # What stood where in an earlier version is history.
    named = [] if path.name == "CHANGELOG.md" else NAMED.findall(text)
    missing += [name for name in named if not (ROOT / name).exists()]

    assert missing == []


def test_documents_that_the_code_names_exist() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.html", "*.toml", "*.sh", "Makefile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    named = {
        (name, document)
        for name in listed
        if (ROOT / name).exists()
        for document in IN_CODE.findall((ROOT / name).read_text())
    }

    assert {(name, document) for name, document in named if not (ROOT / document).exists()} == set()
