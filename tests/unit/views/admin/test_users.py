from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from upscaler.models import ADMIN_ROLE, Account, AuditLog, Job

NewAccount = Callable[..., Account]
Trail = Callable[..., list[AuditLog]]
NEW = {
    "username": "omar",
    "email": "omar@example.org",
    "first_name": "Omar",
    "last_name": "",
    "role": "User",
    "active": "y",
    "password": "a long enough secret",
    "again": "a long enough secret",
}


def names(page: str, candidates: list[str]) -> list[str]:
    return [name for name in candidates if f"<bdi>{name}</bdi>" in page]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["abdullah", "layla", "sven", "zoë"]),
        ("q=LAY", ["layla"]),
        ("q=sven%40example", ["sven"]),
        ("role=Admin", ["abdullah"]),
        ("role=User", ["layla", "sven", "zoë"]),
        ("q=ZO%C3%8B", ["zoë"]),
        ("active=no", ["sven"]),
        ("active=yes&role=User", ["layla", "zoë"]),
    ],
)
def test_the_list_shows_who_was_asked_for(
    admin, new_account: NewAccount, query: str, found: list[str]
) -> None:
    new_account("layla")
    new_account("sven", active=False)
    new_account("zoë")

    everybody = ["abdullah", "layla", "sven", "zoë"]
    assert names(admin.get(f"/admin/users?{query}").text, everybody) == found


@pytest.mark.parametrize("taken", [{"username": "ZOË"}, {"email": " Zoë@Example.ORG"}])
def test_a_name_that_is_taken_in_another_way_of_writing_is_refused(
    admin, new_account: NewAccount, session: Session, taken: dict[str, str]
) -> None:
    new_account("zoë")

    answer = admin.post("/admin/users/add", {**NEW, **taken})

    assert answer.status_code == 422
    assert session.query(Account).count() == 2


def test_a_created_account_can_sign_in(admin, new_person, session: Session, trail: Trail) -> None:
    answer = admin.post("/admin/users/add", NEW)

    assert answer.location == "/admin/users"
    account = session.query(Account).filter_by(username="omar").one()
    assert (account.email, account.first_name, account.role) == ("omar@example.org", "Omar", "user")
    assert new_person().sign_in("omar", NEW["password"]).status_code == 303
    [row] = trail("user.create")
    assert (row.username, row.ip_address, row.entity_id) == ("abdullah", "127.0.0.1", str(account.id))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"username": "Abdullah"}, "This user name is taken. Choose another."),
        ({"email": "abdullah@example.org"}, "belongs to another account"),
        ({"email": "nobody"}, "Enter a valid e-mail address"),
        ({"password": "short", "again": "short"}, "10 to 128 characters"),
        ({"again": "something else"}, "The passwords do not match. Enter them again."),
        ({"role": "Root"}, "Not a valid choice"),
        ({"username": "x" * 65}, "64 characters"),
    ],
)
def test_a_mistake_is_explained_beside_the_field(
    admin, session: Session, change: dict[str, str], message: str
) -> None:
    answer = admin.post("/admin/users/add", {**NEW, **change})

    assert answer.status_code == 422
    assert message in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert NEW["password"] not in answer.text
    assert session.query(Account).count() == 1


def test_an_edit_changes_rights_and_is_noted(
    admin, new_account: NewAccount, session: Session, trail: Trail
) -> None:
    layla = new_account("layla")

    admin.post(f"/admin/users/{layla.id}", {"email": "new@example.org", "role": "Admin", "active": "y"})

    session.refresh(layla)
    assert (layla.email, layla.role, layla.active) == ("new@example.org", "admin", True)
    [row] = trail("user.update")
    assert row.details["role"] == {"from": "User", "to": "Admin"}


def test_the_form_shows_what_the_account_has(admin, new_account: NewAccount) -> None:
    sven = new_account("sven", ADMIN_ROLE, active=False)

    page = admin.get(f"/admin/users/{sven.id}").text

    assert 'value="sven@example.org"' in page
    assert '<option value="Admin" selected>' in page
    assert 'checked id="active"' not in page
    assert "Never" in page


def test_nobody_locks_themselves_out(admin, session: Session) -> None:
    own = session.query(Account).one()

    answer = admin.post(f"/admin/users/{own.id}", {"email": own.email, "role": "User", "active": "y"})

    assert "your own rights" in admin.get(answer.location).text
    session.refresh(own)
    assert own.is_admin


def test_nobody_deletes_themselves(admin, session: Session, trail: Trail) -> None:
    own = session.query(Account).one()

    admin.post(f"/admin/users/{own.id}/delete", page="/admin/users/add")

    assert session.query(Account).count() == 1
    assert trail("user.delete") == []


def test_a_deleted_account_is_gone_its_jobs_stay(
    admin, new_account: NewAccount, new_job: Callable[..., Job], session: Session, trail: Trail
) -> None:
    layla = new_account("layla")
    job = new_job(owner_id=layla.id)

    admin.post(f"/admin/users/{layla.id}/delete", page="/admin/users/add")

    session.expire_all()
    assert [account.username for account in session.query(Account)] == ["abdullah"]
    session.refresh(job)
    assert job.owner_id is None
    assert [row.details for row in trail("user.delete")] == [{"username": "layla"}]


def test_a_new_password_works_and_the_old_one_does_not(
    admin, user, new_person, session: Session, trail: Trail
) -> None:
    layla = session.query(Account).filter_by(username="layla").one()
    secret = "a long enough secret"

    answer = admin.post(f"/admin/users/{layla.id}/password", {"password": secret, "again": secret})

    assert answer.location == "/admin/users"
    assert new_person().sign_in("layla").status_code == 401
    assert new_person().sign_in("layla", secret).status_code == 303
    assert user.get("/admin/users").status_code == 303
    assert [row.entity_id for row in trail("user.reset_password")] == [str(layla.id)]


@pytest.mark.parametrize("path", ["999999", "2147483648", "9" * 40, "-1", "abc"])
def test_an_unknown_account_is_not_found(admin, path: str) -> None:
    assert admin.get(f"/admin/users/{path}").status_code == 404
    assert admin.get(f"/admin/users/{path}/password").status_code == 404
