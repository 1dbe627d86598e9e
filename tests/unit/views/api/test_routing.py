"""What holds for every operation."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import Program
from upscaler.views.api import OPERATIONS
from upscaler.views.api.operations import Access, Operation


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_parameter_that_nobody_knows_is_refused_in_every_query(
    admin: Program, session: Session, operation: Operation
) -> None:
    path = re.sub("<[^>]+>", "1", operation.path)

    answer = admin.request(operation.method, f"{path}?nobody_knows_this=1", json=None)

    if operation.scope is None and operation.access is not Access.OPEN:
        assert answer.get_json()["code"] == "keys_not_accepted"
    else:
        assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_parameter")
        assert "nobody_knows_this" in answer.get_json()["detail"]
