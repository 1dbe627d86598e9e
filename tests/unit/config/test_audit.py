"""Settings that are unsafe where others reach the service: all of them named at once, and accepted by name."""

from __future__ import annotations

import secrets

import pytest

from config import Config, ConfigError, load
from config.audit import audit, entropy_bits, is_exposed
from config.settings import RISKS

SAFE = {
    "FLASK_ENV": "production",
    "SECRET_KEY": secrets.token_hex(32),
    "ADMIN_SEED_PASS": "a password of its own",
    "PUBLIC_URL": "https://images.example.org",
    "REDIS_URL": "redis://:password@10.0.0.5:6379/0",
    "CORS_ORIGINS": "https://app.example.org",
    "WEBHOOK_ALLOWED_NETWORKS": "10.0.0.0/8, fd00::/8, 203.0.113.0/24",
    "METRICS_TOKEN": secrets.token_hex(16),
}


def loaded(values: dict[str, str]) -> Config:
    return load(values, env_file=None, may_be_unsafe=True)


def named(values: dict[str, str]) -> list[str]:
    return [finding.variable for finding in audit(loaded(values))]


def test_safe_settings_have_no_findings() -> None:
    assert named(SAFE) == []


@pytest.mark.parametrize(
    ("changes", "variables"),
    [
        ({"SECRET_KEY": ""}, ["SECRET_KEY"]),
        ({"SECRET_KEY": "a" * 40}, ["SECRET_KEY"]),
        ({"SECRET_KEY": "0123456789" * 2}, ["SECRET_KEY"]),
        ({"SECRET_KEY": "abcd" * 10}, ["SECRET_KEY"]),
        ({"SECRET_KEY": secrets.token_hex(32) + " " + "a" * 40}, ["SECRET_KEY"]),
        ({"SECRET_KEY": secrets.token_hex(32) + " " + secrets.token_hex(32)}, []),
        ({"ADMIN_SEED_PASS": "231980077"}, ["ADMIN_SEED_PASS"]),
        ({"ADMIN_SEED_PASS": "x"}, ["ADMIN_SEED_PASS"]),
        ({"ADMIN_SEED_PASS": " " * 12}, ["ADMIN_SEED_PASS"]),
        ({"METRICS_TOKEN": "short"}, ["METRICS_TOKEN"]),
        ({"PUBLIC_URL": ""}, ["PUBLIC_URL"]),
        ({"PUBLIC_URL": "http://images.example.org"}, ["PUBLIC_URL"]),
        ({"REDIS_URL": "redis://10.0.0.5:6379/0"}, ["REDIS_URL"]),
        ({"REDIS_URL": "redis://user@redis:6379"}, ["REDIS_URL"]),
        ({"CORS_ORIGINS": "https://a.example.org, http://b.example.org"}, ["CORS_ORIGINS"]),
        ({"RATE_LIMIT": "off", "POLL_RATE_LIMIT": "off"}, ["RATE_LIMIT", "POLL_RATE_LIMIT"]),
        ({"WEBHOOK_ALLOWED_NETWORKS": "0.0.0.0/1"}, ["WEBHOOK_ALLOWED_NETWORKS"]),
        ({"WEBHOOK_ALLOWED_NETWORKS": "8.0.0.0/8"}, ["WEBHOOK_ALLOWED_NETWORKS"]),
        ({"WEBHOOK_ALLOWED_NETWORKS": "2000::/3, 10.0.0.0/8"}, ["WEBHOOK_ALLOWED_NETWORKS"]),
    ],
)
def test_what_is_unsafe_is_found(changes: dict[str, str], variables: list[str]) -> None:
    assert named({**SAFE, **changes}) == variables
    assert named({**SAFE, **changes, "FLASK_ENV": "development", "HOST": "0.0.0.0"}) == (
        # Without one in development, a key is made.
        [] if changes == {"SECRET_KEY": ""} else variables
    )


@pytest.mark.parametrize(
    "url", ["", "redis://127.0.0.1:6379/0", "redis://localhost", "unix:///run/redis.sock"]
)
def test_a_queue_of_this_machine_needs_no_password(url: str) -> None:
    assert named({**SAFE, "REDIS_URL": url}) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_what_only_this_machine_reaches_may_be_set_up_in_any_way(host: str) -> None:
    values = {"HOST": host, "ADMIN_SEED_PASS": "231980077", "RATE_LIMIT": "off"}
    assert not is_exposed(loaded(values))
    assert named(values) == []
    assert load(values, env_file=None).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "images.example.org"])
def test_any_other_address_is_one_that_others_reach(host: str) -> None:
    assert is_exposed(loaded({"HOST": host}))


def test_all_findings_are_named_at_once_one_on_a_line_and_no_secret_is_shown() -> None:
    values = {
        "HOST": "0.0.0.0",
        "SECRET_KEY": "hunter2" * 6,
        "ADMIN_SEED_PASS": "231980077",
        "REDIS_URL": "redis://redis:6379",
        "RATE_LIMIT": "off",
    }
    with pytest.raises(ConfigError) as raised:
        load(values, env_file=None)

    lines = str(raised.value).splitlines()
    names = ["SECRET_KEY", "ADMIN_SEED_PASS", "PUBLIC_URL", "REDIS_URL", "RATE_LIMIT"]
    assert [line.split()[0] for line in lines] == names
    assert lines[-1].endswith(", or name no_limits in ACCEPTED_RISKS")
    assert "hunter2" not in str(raised.value)
    assert "231980077" not in str(raised.value)


def test_a_risk_can_be_accepted_by_its_name_and_a_secret_that_can_be_guessed_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    risky = {
        **SAFE,
        "PUBLIC_URL": "http://images.lan",
        "REDIS_URL": "redis://redis:6379",
        "RATE_LIMIT": "off",
        "WEBHOOK_ALLOWED_NETWORKS": "0.0.0.0/1",
    }
    monkeypatch.setattr("config.audit.is_root", lambda: True)
    assert {finding.risk for finding in audit(loaded(risky))} == set(RISKS)
    assert (
        load({**risky, "ACCEPTED_RISKS": ", ".join(RISKS)}, env_file=None).public_url == "http://images.lan"
    )
    with pytest.raises(ConfigError, match=r"^ADMIN_SEED_PASS [^\n]*$"):
        load({**risky, "ACCEPTED_RISKS": ", ".join(RISKS), "ADMIN_SEED_PASS": "x"}, env_file=None)


def test_root_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.audit.is_root", lambda: True)

    with pytest.raises(
        ConfigError, match=r"^The user must not be root; make one .*adduser.*runuser"
    ) as raised:
        load(SAFE, env_file=None)
    assert str(raised.value).endswith(", or name root_user in ACCEPTED_RISKS")
    assert load({**SAFE, "ACCEPTED_RISKS": "root_user"}, env_file=None).production
    assert not load({}, env_file=None).production


def test_random_keys_are_far_above_the_limit() -> None:
    assert entropy_bits("a" * 40) == 0
    assert entropy_bits("") == 0
    assert min(entropy_bits(secrets.token_hex(16)) for _ in range(200)) > 90
