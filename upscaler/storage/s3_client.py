"""Clients of a bucket: its address, the time-outs of calls, and the library's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import boto3
from botocore.config import Config


@dataclass(frozen=True)
class Bucket:
    """Address of the bucket and the credentials for it. Empty text means the default of boto3.

    Attributes:
        public_endpoint_url: where browsers reach the same bucket; empty when they cannot.
    """

    name: str
    endpoint_url: str = ""
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = ""
    addressing_style: Literal["auto", "path", "virtual"] = "auto"
    public_endpoint_url: str = ""


@dataclass(frozen=True)
class Patience:
    """Time-outs of a call: seconds to connect, seconds of silence, and the number of attempts.

    Where ``asks_first`` is true, each call begins with a small question to which an answer comes at once or not at all.
    """

    connect_seconds: float
    read_seconds: float
    attempts: int
    asks_first: bool = False


# A visitor waits for the answer. A second attempt is needed: an idle connection may have been closed by the server.
# Both, and the second for which the library waits for leave to send an upload, would make ten seconds of a silence.
WEB = Patience(connect_seconds=0.7, read_seconds=4, attempts=2, asks_first=True)
# No client waits for a worker, and its results took long to compute.
WORKER = Patience(connect_seconds=3, read_seconds=30, attempts=4)
# For the question. What is refused is refused within two seconds, which leaves one for everything else.
QUESTION = Patience(connect_seconds=0.7, read_seconds=1, attempts=1)


def client_of(bucket: Bucket, endpoint_url: str, patience: Patience) -> Any:
    """Return a client of boto3; nothing is sent yet."""
    session = boto3.session.Session(
        aws_access_key_id=bucket.access_key_id or None,
        aws_secret_access_key=bucket.secret_access_key or None,
        region_name=bucket.region,
    )
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": bucket.addressing_style},
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.read_seconds,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        max_pool_connections=32,
        # Many S3-compatible services do not know the checksums that the library would add by itself. What is
        # sent is covered by the signature (http) or by TLS.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return session.client("s3", endpoint_url=endpoint_url or None, config=config)
