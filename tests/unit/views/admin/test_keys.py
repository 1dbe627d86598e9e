from __future__ import annotations

import re
from typing import Any

from sqlalchemy.orm import Session

from upscaler.models import AccountKey


def test_a_key_is_made_shown_once_and_revoked(admin: Any, session: Session) -> None:
    page = admin.post("/admin/keys", {"name": "nightly <scans>", "scopes": ["read", "admin"]})

    assert page.status_code == 201
    secret = re.search(r"upk_[\w-]{43}", page.text)
    assert secret
    listed = admin.get("/admin/keys").text
    assert secret[0] not in listed
    assert secret[0][:10] in listed
    assert "nightly &lt;scans&gt;" in listed
    key = session.query(AccountKey).one()
    assert key.scopes == ["read", "admin"]
    assert admin.post(f"/admin/keys/{key.id}/revoke", page="/admin/keys").status_code == 303
    assert "The key was revoked." in admin.get("/admin/keys").text


def test_a_key_without_rights_is_refused_and_what_was_typed_stays(admin: Any, session: Session) -> None:
    page = admin.post("/admin/keys", {"name": "nightly"})

    assert page.status_code == 422
    assert "Choose at least one of these scopes" in page.text
    assert 'value="nightly"' in page.text
    assert session.query(AccountKey).count() == 0
