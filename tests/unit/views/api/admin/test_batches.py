"""Batches of everyone, as admins see them."""

from __future__ import annotations

import io
from collections.abc import Callable

from tests.unit.views.api.conftest import Program, small_png


def send(program: Program) -> str:
    form = {"file": [(io.BytesIO(small_png()), "a.png")], "factor": "2x"}
    return str(program.post("/batches", data=form).get_json()["id"])


def test_batches_are_listed_by_owner_and_shown(
    admin: Program, visitor: Program, with_key: Callable[..., Program]
) -> None:
    of_layla, of_visitor = send(with_key("layla")), send(visitor)

    def found(query: str) -> list[str]:
        return [batch["id"] for batch in admin.get(f"/admin/batches?{query}").get_json()["items"]]

    assert found("") == [of_visitor, of_layla]
    assert found("owner=layla") == [of_layla]
    assert found("owner=-") == [of_visitor]
    assert found("to=2020-01-01") == []
    shown = admin.get(f"/admin/batches/{of_layla}").get_json()
    assert (shown["owner"], shown["counts"]["queued"], len(shown["items"])) == ("layla", 1, 1)
    assert admin.get("/admin/batches/batch_unknown").get_json()["code"] == "batch_not_found"
