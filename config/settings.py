"""The settings that a process reads at its start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from config.kinds import (
    Hosts,
    MailSender,
    Networks,
    OneOf,
    Origins,
    SecretKeys,
    SigningSecrets,
    SomeOf,
    Switch,
    Url,
    WholeNumber,
)
from config.runtime import RuntimeValues
from config.sources import ROOT
from upscaler.engine.backends.registry import ENGINE_NAMES
from upscaler.storage.registry import BACKENDS

if TYPE_CHECKING:
    from sqlalchemy import URL

# What is unsafe and may be wanted: see ``config.audit``.
RISKS = ("plain_http", "open_redis", "no_limits", "wide_networks", "root_user")


def sqlite_uri(path: Path) -> URL:
    """Return the SQLAlchemy URL of a SQLite file, whatever characters its path has."""
    from sqlalchemy import URL  # noqa: PLC0415 - processes that use no database need not load it

    return URL.create("sqlite", database=str(path))


class Config(RuntimeValues):
    """The settings of one process. A field's name in upper case is the name of its environment variable."""

    flask_env: Literal["development", "production"] = Field(
        "development",
        description="`production` refuses to start with unsafe settings, as does a `HOST` that other machines reach",
    )
    accepted_risks: Annotated[tuple[str, ...], SomeOf(RISKS, may_be_empty=True)] = Field(
        (),
        description="what is unsafe and wanted where others reach the service: `plain_http` on a network that is "
        "trusted, `open_redis`, `no_limits`, `wide_networks`, `root_user`; empty: such settings stop the start",
    )
    host: str = Field("127.0.0.1", description="address that `make run` listens on")
    port: WholeNumber = Field(8000, ge=1, le=65535, description="port that `make run` listens on")
    data_dir: Path = Field(Path("data"), description="folder of the database, the queue, files and logs")
    public_url: Url = Field(
        "",
        description="URL of the site, such as `https://example.org` or `https://example.org/upscaler`; empty: taken "
        "from each request, and webhooks carry no links",
    )
    trusted_proxies: WholeNumber = Field(
        0, ge=0, le=10, description="number of reverse proxies whose `X-Forwarded-*` headers are trusted"
    )

    secret_key: SecretKeys = Field(
        (),
        description="key that signs sessions and links, of 32 or more characters; several separated by spaces: the "
        "first one signs, all are accepted; empty in development: generated once",
    )
    admin_seed_user: str = Field("", description="user name of the first admin")
    admin_seed_pass: SecretStr = Field(SecretStr(""), description="password of the first admin")

    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in `DATA_DIR`")
    redis_url: str = Field(
        "", description="URL of Redis for the queue and the rate limits; empty: a SQLite queue in `DATA_DIR`"
    )
    storage_backend: Annotated[str, OneOf(BACKENDS)] = Field(
        "local", description="storage of images: `local` is `DATA_DIR/files`, `s3` a bucket"
    )
    s3_bucket: str = Field("", description="existing bucket for `STORAGE_BACKEND=s3`")
    s3_endpoint_url: Url = Field(
        "",
        description="URL of an S3-compatible service, such as `https://s3.example.org`; empty: Amazon S3",
    )
    s3_region: str = Field("us-east-1", description="region of the bucket")
    s3_access_key_id: str = Field(
        "", description="access key of the bucket; empty: what boto3 finds, such as an instance role"
    )
    s3_secret_access_key: SecretStr = Field(SecretStr(""), description="secret of `S3_ACCESS_KEY_ID`")
    s3_addressing_style: Literal["auto", "path", "virtual"] = Field(
        "auto", description="whether the bucket is named in the `path` of a URL or as a `virtual` host"
    )
    s3_public_endpoint_url: Url = Field(
        "",
        description="URL at which browsers reach the bucket's service; files are then downloaded from there with "
        "presigned URLs; empty: the web server sends them",
    )

    trusted_hosts: Hosts = Field(
        (),
        description="hosts under which the service is reached, besides that of `PUBLIC_URL` and this machine's own, "
        "such as `images.lan`, or `.example.org` for all below it; separated by commas",
    )
    cors_origins: Origins = Field(
        (),
        description="origins whose pages may call the API, such as `https://app.example.org`, "
        "separated by commas; empty for none",
    )
    fetch_urls: Switch = Field(
        True, description="whether an upload may name a `url` that the service fetches"
    )

    antivirus: Literal["off", "available", "required"] = Field(
        "off",
        description="scan of received files by ClamAV's daemon: `off`, `available` (files pass while it is away), or "
        "`required` (they are refused then)",
    )
    clamd_host: str = Field("127.0.0.1", description="host of ClamAV's daemon (`TCPAddr` in `clamd.conf`)")
    clamd_port: WholeNumber = Field(
        3310, ge=1, le=65535, description="port of ClamAV's daemon (`TCPSocket` in `clamd.conf`)"
    )

    engine: Annotated[str, OneOf(ENGINE_NAMES)] = Field(
        "auto", description="backend that runs the models; `auto` takes the fastest that passes its self-test"
    )
    engine_cage: Switch = Field(
        True,
        description="whether the kernel confines the engine's process; `off` for a graphics driver that does not work "
        "so",
    )
    engine_trial: Switch = Field(
        True,
        description="whether an idle worker measures, for some seconds and once, which backend runs each model fastest",
    )
    engine_threads: WholeNumber = Field(
        0, ge=0, le=256, description="processors for the models; 0 for all that are available"
    )
    engine_tile: WholeNumber = Field(
        0, ge=0, le=4096, description="side of a tile, in pixels; 0 for a size that suits the backend"
    )
    engine_gpu: WholeNumber = Field(
        -1,
        ge=-1,
        description="index of the Vulkan device; -1 for the GPUs of the host, one for each worker",
    )
    workers: WholeNumber = Field(
        0, ge=0, le=64, description="workers that `run.py` starts; 0 for one, or one for each GPU"
    )
    worker_number: WholeNumber = Field(
        0, ge=0, description="number of a worker on its host, for the name of its log; `run.py` sets it"
    )
    engine_models_dir: str = Field(
        "", description="folder of custom models and further weights; empty: `models` in `DATA_DIR`"
    )
    max_model_size_bytes: WholeNumber = Field(
        500_000_000, ge=1_000, description="maximum size of a custom model, in bytes, unpacked"
    )
    job_timeout_seconds: WholeNumber = Field(3_600, ge=5, description="time limit of a job, in seconds")
    job_memory_bytes: WholeNumber = Field(
        6_000_000_000, ge=200_000_000, description="memory limit of the engine process, in bytes"
    )
    job_max_attempts: WholeNumber = Field(
        3, ge=1, le=20, description="attempts at a job whose worker or engine process ends unexpectedly"
    )
    lease_seconds: WholeNumber = Field(
        60,
        ge=5,
        description="lease of a job, in seconds: another worker takes it over when its worker stays silent for longer",
    )

    tile_cache_bytes: WholeNumber = Field(
        4_000_000_000,
        ge=0,
        description="size of a worker's tile cache, from which interrupted jobs resume, in bytes; 0 for none",
    )
    orphan_seconds: WholeNumber = Field(
        3_600,
        ge=5,
        description="age at which a stored file without a row in the database is deleted, in seconds",
    )

    webhook_secret: SigningSecrets = Field(
        (),
        description="secret that signs webhooks: `whsec_` and base64, several separated by spaces; "
        "empty: derived from `SECRET_KEY`",
    )
    webhook_allowed_networks: Networks = Field(
        (),
        description="private networks that webhooks may reach and images may be fetched from, such as "
        "`10.1.2.0/24, fd00::/8`; empty for none",
    )
    smtp_host: str = Field("", description="SMTP server that relays e-mails; empty: no e-mails are sent")
    smtp_port: WholeNumber = Field(587, ge=1, le=65535, description="port of the SMTP server")
    smtp_user: str = Field("", description="user name at the SMTP server; empty when it requires none")
    smtp_password: SecretStr = Field(SecretStr(""), description="password at the SMTP server")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls",
        description="encryption of the connection to the SMTP server: `none`, `starttls` or `tls`",
    )
    mail_from: MailSender = Field(
        "", description="sender of e-mails, such as `ImageUpscalerPro <images@example.org>`"
    )
    notification_days: WholeNumber = Field(
        30,
        ge=1,
        le=3650,
        description="retention of e-mail addresses and sent messages after the end of a job, in days",
    )

    web_threads: WholeNumber = Field(
        8,
        ge=1,
        le=256,
        description="requests that a web process works on at the same time; four times as many may wait beside them",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="bearer token for `/metrics`; empty: there are no metrics",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="lowest level that is logged"
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="format of logs on the terminal; `json` suits log collectors"
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else ROOT / value

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
    def _complete_storage(self) -> Config:
        if self.storage_backend == "s3" and not self.s3_bucket:
            raise ValueError("S3_BUCKET must name a bucket when STORAGE_BACKEND is s3")
        if bool(self.s3_access_key_id) != bool(self.s3_secret_access_key.get_secret_value()):
            raise ValueError("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set together or not at all")
        return self

    @model_validator(mode="after")
    def _readable_database_url(self) -> Config:
        try:
            _ = self.database_url and self.database_uri
        # Its text holds the URL, and with it a password.
        except Exception:  # noqa: BLE001 - whatever SQLAlchemy raises
            raise ValueError(
                "DATABASE_URL cannot be read; it looks like postgresql://user:password@host/database, "
                "with %-codes for special characters in the password"
            ) from None
        return self

    @property
    def production(self) -> bool:
        """Whether insecure settings stop the start."""
        return self.flask_env == "production"

    @property
    def database_uri(self) -> URL:
        """The SQLAlchemy URL, with psycopg 3 for PostgreSQL."""
        if not self.database_url:
            return sqlite_uri(self.data_dir / "app.db")
        from sqlalchemy import make_url  # noqa: PLC0415 - as in ``sqlite_uri``

        scheme, _, rest = self.database_url.partition("://")
        known = f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else self.database_url
        return make_url(known)

    @property
    def files_dir(self) -> Path:
        """The folder of the local storage."""
        return self.data_dir / "files"

    @property
    def models_dir(self) -> Path:
        """The folder of custom models, each in a folder of its own."""
        return Path(self.engine_models_dir) if self.engine_models_dir else self.data_dir / "models"

    @property
    def cache_dir(self) -> Path:
        """The folder of what can be made again, such as models in a backend's own format."""
        return self.data_dir / "cache"

    @property
    def scratch_dir(self) -> Path:
        """The folder of temporary files."""
        return self.data_dir / "scratch"

    @property
    def logs_dir(self) -> Path:
        """The folder of log files."""
        return self.data_dir / "logs"
