"""Every decision has a date and a status, and stands in the index with both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import ROOT

ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
STATUS = re.compile(
    r"(accepted|superseded by LINK)(; amended by LINK( and LINK)*)?".replace("LINK", r"\[\d{4}\]\(\S+\.md\)")
)


def head(path: Path) -> tuple[str, str, str, str]:
    """Return number, title, date and status of a decision."""
    found = re.match(r"# (\d+)\. (.+)\n\n- Date: (\d{4}-\d\d-\d\d)\n- Status: (.+)\n\n", path.read_text())
    assert found, f"{path.name} does not begin with number and title, date and status"
    return found[1], found[2], found[3], found[4]


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.name[:4])
def test_a_decision_has_its_number_a_date_and_a_status(path: Path) -> None:
    number, _, _, status = head(path)

    assert path.name.startswith(f"{int(number):04}-")
    assert STATUS.fullmatch(status), status


def test_numbers_are_used_once_and_without_gaps() -> None:
    assert [int(head(path)[0]) for path in ADRS] == list(range(1, len(ADRS) + 1))


def test_the_index_lists_every_decision_as_its_page_has_it() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    rows = re.findall(r"^\| \[\d{4}\].*$", index, re.MULTILINE)

    expected = []
    for path in ADRS:
        _, title, date, status = head(path)
        expected.append(f"| [{path.name[:4]}]({path.name}) | {title} | {date} | {status} |")
    assert rows == expected
