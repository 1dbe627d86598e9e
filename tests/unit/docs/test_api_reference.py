from __future__ import annotations

import re
from collections.abc import Iterator

from config import ROOT
from upscaler.errors import UpscalerError


def tree(kind: type[UpscalerError]) -> Iterator[type[UpscalerError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


def test_every_error_code_stands_in_the_reference_with_its_status() -> None:
    reference = (ROOT / "docs" / "api.md").read_text()
    documented = set(re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", reference, re.MULTILINE))

    assert documented == {(kind.code, str(kind.status)) for kind in tree(UpscalerError)}
