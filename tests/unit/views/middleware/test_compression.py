"""Compressed responses."""

from __future__ import annotations

import gzip
import json

from tests.unit.views.api.conftest import Program


def test_long_answers_are_packed_for_those_who_can_unpack_them(visitor: Program) -> None:
    packed = visitor.get("/presets", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data)) == visitor.get("/presets").get_json()
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Content-Encoding" not in visitor.get("/health", headers={"Accept-Encoding": "gzip"}).headers
