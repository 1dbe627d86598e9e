"""Loading the settings, with one line of explanation where one cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from config.audit import refused
from config.kinds import instead
from config.settings import Config
from config.sources import ROOT, ConfigError, text_of, variables


def load(
    environ: Mapping[str, str] | None = None,
    env_file: Path | None = ROOT / ".env",
    *,
    may_be_unsafe: bool = False,
) -> Config:
    """Read the settings: the environment first, then ``env_file``, then the defaults.

    Raises:
        ConfigError: one line that names the variable, or the file, and what is wrong with it; one line for each
            setting that is unsafe where others reach the service, unless they ``may_be_unsafe``.
    """
    values = variables(environ, env_file)
    fields: dict[str, str] = {}
    for name in Config.model_fields:
        variable = name.upper()
        if path := values.get(f"{variable}_FILE"):
            fields[name] = _read_secret(f"{variable}_FILE", Path(path))
        elif variable in values:
            fields[name] = values[variable]
    try:
        # An empty variable means "not set", as it does in compose files and .env.
        config = Config.model_validate({name: value for name, value in fields.items() if value != ""})
    except ValidationError as error:
        raise ConfigError(_one_line(error)) from None
    if not may_be_unsafe and (findings := refused(config)):
        raise ConfigError("\n".join(map(str, findings)))
    return config


def models_dir(environ: Mapping[str, str] | None = None, env_file: Path | None = ROOT / ".env") -> Path:
    """Return the folder of custom models; the other settings need not be valid."""
    values = variables(environ, env_file)
    if folder := values.get("ENGINE_MODELS_DIR"):
        return Path(folder)
    return _data_dir(values) / "models"


def cache_dir(environ: Mapping[str, str] | None = None, env_file: Path | None = ROOT / ".env") -> Path:
    """Return the folder of what can be made again; the other settings need not be valid."""
    return _data_dir(variables(environ, env_file)) / "cache"


def _data_dir(values: Mapping[str, str]) -> Path:
    return ROOT / (values.get("DATA_DIR") or Config.model_fields["data_dir"].default)


def _read_secret(variable: str, path: Path) -> str:
    try:
        return text_of(path).strip()
    except OSError as error:
        raise ConfigError(f"{variable}: cannot read {path}: {error.strerror}") from None


def _one_line(error: ValidationError) -> str:
    parts = []
    for item in error.errors(include_url=False):
        name = ".".join(str(part) for part in item["loc"]).upper()
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "literal_error":
            # No other message repeats what was entered, which may be a secret.
            message = f"must be one of {_choices(name)}{instead(str(item['input']))}"
        parts.append(f"{name}: {message}" if name else message)
    return "; ".join(parts)


def _choices(name: str) -> str:
    return ", ".join(get_args(Config.model_fields[name.lower()].annotation))
