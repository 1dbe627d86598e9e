"""The places that settings come from: the environment, ``.env``, and files with secrets."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parents[1]

# Byte order marks; that of UTF-16 is the beginning of one of UTF-32, which therefore comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class ConfigError(Exception):
    """A setting is missing or has a value that cannot be used. The text is one line that names it and the reason."""


def variables(environ: Mapping[str, str] | None, env_file: Path | None) -> dict[str, str]:
    """Return the variables of ``environ`` (None: of this process) over those of ``env_file``."""
    values = _of_file(env_file) if env_file else {}
    values.update(os.environ if environ is None else environ)
    return values


def example_settings() -> dict[str, str]:
    """Return the settings of ``.env.example``."""
    return _of_file(ROOT / ".env.example")


def example_password() -> str:
    """Return the first admin's password in ``.env.example``, which is public."""
    return example_settings().get("ADMIN_SEED_PASS", "")


def text_of(path: Path) -> str:
    """Return the text of a file: in UTF-8, or in the encoding that its byte order mark names.

    Raises:
        ConfigError: it holds no such text.
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ConfigError(f"{path} is not a text in UTF-8; save it in that encoding")
    return text


def _of_file(path: Path) -> dict[str, str]:
    try:
        text = text_of(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text)).items()}
