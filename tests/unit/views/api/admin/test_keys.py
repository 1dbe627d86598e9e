"""API keys of all accounts, as admins see and revoke them."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.views.api.conftest import Program, assert_refused


def test_keys_of_all_accounts_are_listed_and_revoked(
    admin: Program, with_key: Callable[..., Program]
) -> None:
    layla = with_key("layla")

    [key] = admin.get("/admin/keys?user=layla").get_json()["items"]
    everyones = admin.get("/admin/keys").get_json()["items"]

    assert (key["username"], key["scopes"]) == ("layla", ["read", "write"])
    assert {found["username"] for found in everyones} == {"abdullah", "layla"}
    assert admin.delete(f"/admin/keys/{key['id']}").status_code == 204
    assert_refused(layla.get("/jobs"))
    assert admin.delete(f"/admin/keys/{key['id']}").get_json()["code"] == "key_not_found"
    assert admin.delete("/admin/keys/key_unknown").get_json()["code"] == "key_not_found"
