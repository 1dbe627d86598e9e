from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import config as configuration
from config import ConfigError, load
from upscaler.engine.backends.registry import ENGINE_NAMES
from upscaler.engine.options import PRESETS
from upscaler.storage.registry import BACKENDS

STRONG = {
    "FLASK_ENV": "production",
    "SECRET_KEY": "a-key-of-more-than-thirty-two-characters",
    "ADMIN_SEED_PASS": "another-password",
    "PUBLIC_URL": "https://example.org",
}

MAIL = {"SMTP_HOST": "mail.example.org", "MAIL_FROM": "a@example.org", "PUBLIC_URL": "https://example.org"}


def test_it_has_a_default_for_everything() -> None:
    config = load({}, env_file=None)

    assert (config.host, config.port) == ("127.0.0.1", 8000)
    assert config.data_dir == configuration.ROOT / "data"
    assert config.database_uri.render_as_string() == f"sqlite:///{configuration.ROOT}/data/app.db"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nHOST=0.0.0.0\n")

    config = load({"PORT": "9001"}, tmp_path / ".env", may_be_unsafe=True)

    assert (config.host, config.port) == ("0.0.0.0", 9001)


def test_an_empty_variable_means_the_default() -> None:
    assert load({"PORT": "", "DATABASE_URL": ""}, env_file=None).port == 8000


def test_it_reads_a_secret_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")

    config = load({"SECRET_KEY_FILE": str(tmp_path / "key")}, env_file=None)

    assert [key.get_secret_value() for key in config.secret_key] == ["from-a-file"]


def test_a_secret_in_an_unknown_encoding_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes("schlüssel".encode("latin-1"))

    with pytest.raises(ConfigError, match="is not a text in UTF-8"):
        load({"SECRET_KEY_FILE": str(tmp_path / "key")}, env_file=None)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"PORT": "x"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"ENGINE": "cuda"}, "ENGINE"),
        ({"RATE_LIMIT": "ten"}, "RATE_LIMIT"),
        ({"PUBLIC_URL": "example.org"}, "PUBLIC_URL"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE"),
        ({"WEBHOOK_SECRET": "secret"}, "WEBHOOK_SECRET"),
        ({"WEBHOOK_SECRET": "whsec_short"}, "WEBHOOK_SECRET"),
        ({"WEBHOOK_ALLOWED_NETWORKS": "example.org"}, "WEBHOOK_ALLOWED_NETWORKS"),
        ({"WEBHOOK_ALLOWED_NETWORKS": "10.0.0.0/8, ::/0"}, "WEBHOOK_ALLOWED_NETWORKS"),
        ({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY"),
        ({**MAIL, "MAIL_FROM": ""}, "MAIL_FROM"),
        ({**MAIL, "MAIL_FROM": "nobody"}, "MAIL_FROM"),
        ({**MAIL, "MAIL_FROM": "a@example.org\nBcc: b@example.org"}, "MAIL_FROM"),
        ({**MAIL, "PUBLIC_URL": ""}, "PUBLIC_URL"),
        ({**MAIL, "SMTP_USER": "mailer"}, "SMTP_PASSWORD"),
        (
            {**STRONG, **MAIL, "SMTP_USER": "mailer", "SMTP_PASSWORD": "x", "SMTP_SECURITY": "none"},
            "SMTP_SECURITY",
        ),
        ({"DATABASE_URL": "localhost/upscaler"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:p@h:port/d"}, "DATABASE_URL"),
        ({"STORAGE_BACKEND": "ftp"}, "STORAGE_BACKEND"),
        ({"STORAGE_BACKEND": "s3"}, "S3_BUCKET"),
        ({"S3_ACCESS_KEY_ID": "half"}, "S3_SECRET_ACCESS_KEY"),
        ({"S3_ENDPOINT_URL": "s3.example.org"}, "S3_ENDPOINT_URL"),
        ({**STRONG, "SECRET_KEY": ""}, "SECRET_KEY"),
        ({**STRONG, "SECRET_KEY": "short"}, "SECRET_KEY"),
        ({**STRONG, "METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
        ({**STRONG, "ADMIN_SEED_PASS": "231980077"}, "ADMIN_SEED_PASS"),
    ],
)
def test_it_names_the_variable_that_is_wrong_in_one_line(values: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(values, env_file=None)

    assert named in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "value", "choices"),
    [
        ("ENGINE", "cuda", ", ".join(ENGINE_NAMES)),
        ("STORAGE_BACKEND", "ftp", ", ".join(BACKENDS)),
        ("DEFAULT_PRESET", "magic", ", ".join(PRESETS)),
        ("SMTP_SECURITY", "ssl", "none, starttls, tls"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_choice_that_is_none_is_repeated_beside_those_that_are(
    variable: str, value: str, choices: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load({variable: value}, env_file=None)

    assert str(raised.value) == f"{variable}: must be one of {choices}, not '{value}'"


def test_it_never_shows_a_secret() -> None:
    config = load({**STRONG, "SECRET_KEY": "hidden" + STRONG["SECRET_KEY"]}, env_file=None)

    assert "hidden" not in repr(config)


def test_it_takes_a_mail_server_and_a_webhook_secret() -> None:
    secret = "whsec_" + "A" * 43 + "="
    config = load(
        {**STRONG, **MAIL, "MAIL_FROM": "Images <a@example.org>", "WEBHOOK_SECRET": f"{secret} {secret}"},
        env_file=None,
    )

    assert config.mail_from == "Images <a@example.org>"
    assert secret not in repr(config)


def test_it_imports_no_large_part_of_the_program() -> None:
    large = (
        "flask",
        "sqlalchemy",
        "numpy",
        "pyvips",
        "limits",
        "huey",
        "upscaler.services",
        "upscaler.views",
    )
    code = f"import config, sys; print([name for name in {large} if name in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=configuration.ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
