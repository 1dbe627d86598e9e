"""The settings that a process reads at its start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from config.kinds import MailSender, Networks, OneOf, Origins, SigningSecrets, Switch, Url, WholeNumber
from config.runtime import RuntimeValues
from config.sources import ROOT, example_password
from upscaler.engine.backends.registry import ENGINE_NAMES
from upscaler.storage.registry import BACKENDS


class Config(RuntimeValues):
    """The settings of one process. A field's name in upper case is the name of its environment variable."""

    flask_env: Literal["development", "production"] = Field(
        "development", description="`production` refuses to start on insecure settings"
    )
    host: str = Field("127.0.0.1", description="address that `make run` listens on")
    port: WholeNumber = Field(8000, ge=1, le=65535, description="port that `make run` listens on")
    data_dir: Path = Field(Path("data"), description="folder for the database, the queue, files and logs")
    public_url: Url = Field(
        "",
        description="address that visitors use, such as `https://example.org`; empty: taken from each request, "
        "and webhooks carry no links",
    )
    trusted_proxies: WholeNumber = Field(
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
    storage_backend: Annotated[str, OneOf(BACKENDS)] = Field(
        "local", description="where images are kept: `local` is `DATA_DIR/files`, `s3` a bucket"
    )
    s3_bucket: str = Field("", description="bucket for `STORAGE_BACKEND=s3`; it must be there already")
    s3_endpoint_url: Url = Field(
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
    s3_public_endpoint_url: Url = Field(
        "",
        description="address at which browsers reach the bucket's service; files then come from there by "
        "short-lived signed addresses; empty: the web server passes them on",
    )

    cors_origins: Origins = Field(
        "",
        description="sites whose pages may call the API from browsers, such as `https://app.example.org`, "
        "separated by commas; empty for none",
    )
    fetch_urls: Switch = Field(
        True, description="whether images may be sent as a `url`, which the service fetches"
    )

    engine: Annotated[str, OneOf(ENGINE_NAMES)] = Field(
        "auto", description="what runs the networks; `auto` takes the fastest that passes its self-test"
    )
    engine_threads: WholeNumber = Field(
        0, ge=0, le=256, description="processors for the networks; 0 for all that are free to use"
    )
    engine_tile: WholeNumber = Field(
        0, ge=0, le=4096, description="side of a tile in pixels; 0 for a size that suits the engine"
    )
    engine_gpu: WholeNumber = Field(
        -1,
        ge=-1,
        description="number of the Vulkan device; -1 for the real GPUs, one for each worker of the host",
    )
    workers: WholeNumber = Field(
        0, ge=0, le=64, description="workers that `run.py` starts; 0 for one, or one for each real GPU"
    )
    worker_number: WholeNumber = Field(
        0, ge=0, description="which of a host's workers this is, for the name of its log; `run.py` sets it"
    )
    engine_models_dir: str = Field(
        "", description="folder for added models and further weights; empty: `models` in `DATA_DIR`"
    )
    max_model_size_bytes: WholeNumber = Field(
        500_000_000, ge=1_000, description="largest model that can be added, in bytes, unpacked"
    )
    job_timeout_seconds: WholeNumber = Field(3_600, ge=5, description="longest time for one job, in seconds")
    job_memory_bytes: WholeNumber = Field(
        6_000_000_000, ge=200_000_000, description="most resident memory of the engine process, in bytes"
    )
    job_max_attempts: WholeNumber = Field(
        3, ge=1, le=20, description="attempts at a job whose worker or engine dies"
    )
    lease_seconds: WholeNumber = Field(
        60, ge=5, description="a job whose worker has been silent this long is taken over, in seconds"
    )

    kept_tiles_bytes: WholeNumber = Field(
        4_000_000_000,
        ge=0,
        description="room on a worker's disk for finished tiles of jobs that were broken off, in bytes; 0 keeps none",
    )
    orphan_seconds: WholeNumber = Field(
        3_600,
        ge=5,
        description="a stored file that nothing points to is removed after this long, in seconds",
    )

    webhook_secret: SigningSecrets = Field(
        SecretStr(""),
        description="signs webhooks: `whsec_` and base64, several separated by spaces; "
        "empty: follows from `SECRET_KEY`",
    )
    webhook_allowed_networks: Networks = Field(
        "",
        description="private networks that webhooks may reach and images be fetched from, such as "
        "`10.1.2.0/24, fd00::/8`; empty for none",
    )
    smtp_host: str = Field(
        "", description="mail server that takes e-mails for everybody; empty: no mail is sent"
    )
    smtp_port: WholeNumber = Field(587, ge=1, le=65535, description="port of the mail server")
    smtp_user: str = Field("", description="name for the mail server; empty when it asks for none")
    smtp_password: SecretStr = Field(SecretStr(""), description="password for the mail server")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls",
        description="how the connection to the mail server is encrypted: `none`, `starttls` or `tls`",
    )
    mail_from: MailSender = Field(
        "", description="sender of e-mails, such as `ImageUpscalerPro <images@example.org>`"
    )
    notification_days: WholeNumber = Field(
        30,
        ge=1,
        le=3650,
        description="how long e-mail addresses and sent messages of ended jobs are kept, in days",
    )

    web_threads: WholeNumber = Field(
        8, ge=1, le=256, description="requests that one web process serves at a time"
    )
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
        """Folder of the local storage."""
        return self.data_dir / "files"

    @property
    def models_dir(self) -> Path:
        """Folder of the added models, with a folder for each."""
        return Path(self.engine_models_dir) if self.engine_models_dir else self.data_dir / "models"

    @property
    def scratch_dir(self) -> Path:
        """Folder for files in work."""
        return self.data_dir / "scratch"

    @property
    def logs_dir(self) -> Path:
        """Folder of the log files, which are rotated there."""
        return self.data_dir / "logs"
