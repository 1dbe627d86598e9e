from __future__ import annotations

from upscaler.services.accounts import api_keys
from upscaler.views.api import OPERATIONS
from upscaler.views.api.operations import Access, Operation, admin_operation


def test_sdks_get_the_name_in_camel_case() -> None:
    assert Operation("list_own_jobs", "GET", "/jobs", lambda: "", "Jobs").operation_id == "listOwnJobs"


def test_an_operation_of_admins_needs_an_admin_and_the_right() -> None:
    made = admin_operation("list_users", "GET", "/users", lambda: "", status=201)

    assert (made.path, made.access, made.scope) == ("/admin/users", Access.ADMIN, api_keys.ADMIN)
    assert made.status == 201


def test_names_and_addresses_are_given_once() -> None:
    names = [operation.name for operation in OPERATIONS]
    addresses = [(operation.method, operation.path) for operation in OPERATIONS]

    assert len(set(names)) == len(names)
    assert len(set(addresses)) == len(addresses)


def test_all_below_admin_is_for_admins_alone() -> None:
    below = {operation.access for operation in OPERATIONS if operation.path.startswith("/admin")}

    assert below == {Access.ADMIN}
