"""Every operation of admins is closed to all others."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.views.api.conftest import Program
from upscaler.views.api import OPERATIONS
from upscaler.views.api.operations import Access

WithKey = Callable[..., Program]


ADMIN_OPERATIONS = [operation for operation in OPERATIONS if operation.access is Access.ADMIN]


@pytest.mark.parametrize("operation", ADMIN_OPERATIONS, ids=lambda operation: operation.name)
def test_only_admins_get_in(visitor: Program, with_key: WithKey, operation: Any) -> None:
    path = re.sub("<[^>]+>", "1", operation.path)

    assert visitor.request(operation.method, path).status_code == 401
    assert with_key("layla").request(operation.method, path).get_json()["code"] == "forbidden"
    weak = with_key("abdullah", "Admin", ("read", "write")).request(operation.method, path)
    assert weak.get_json()["code"] == "insufficient_scope"
