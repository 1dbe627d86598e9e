"""A real S3 server that checks signatures: SeaweedFS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.service import START_SECONDS, free_port
from upscaler.storage.s3_client import Bucket

ACCESS_KEY = "access-key-for-tests"
SERVICE_KEY = "access-key-of-the-service"
SECRET_KEY = "secret-key-for-tests"
FLEET_BUCKET = "images"
_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)


class S3Server:
    """One server in a folder of its own, which can be stopped and started again with what it holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {name: free_port() for name in _PORTS}
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._ports['s3.port']}"

    def start(self) -> None:
        """Start, and return once objects can be written."""
        # The second one has the rights that docker/make-secrets.sh gives the service.
        everything = _identity(ACCESS_KEY, ["Admin", "Read", "Write", "List", "Tagging"])
        service = _identity(SERVICE_KEY, [f"{right}:{FLEET_BUCKET}" for right in ("Read", "Write", "List")])
        identities = self._folder / "identities.json"
        identities.write_text(json.dumps({"identities": [everything, service]}))
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(Path(sys.executable).with_name("weed")),
                    *("server", "-dir", str(self._folder), "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1"),
                    *(
                        "-filer",
                        "-s3",
                        "-s3.config",
                        str(identities),
                        "-s3.port.iceberg=0",
                        "-s3.port.lance=0",
                    ),
                    *("-master.volumeSizeLimitMB=1024", "-volume.max=100", "-volume.minFreeSpace=1MiB"),
                    *("-master.telemetry=false", "-volume.preStopSeconds=0"),
                    *(f"-{name}={port}" for name, port in self._ports.items()),
                ],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._writable():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY) -> Any:
        """Return a plain client."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(connect_timeout=1, read_timeout=30, retries={"total_max_attempts": 1}),
        )

    def empty_bucket(self, name: str = "tests", **settings: str) -> Bucket:
        """Return how to reach a bucket that is empty now. Few buckets serve many tests: new ones are slow to make."""
        client = self.client()
        if any(found["Name"] == name for found in client.list_buckets().get("Buckets", [])):
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
                for found in page.get("Contents", []):
                    client.delete_object(Bucket=name, Key=found["Key"])
        else:
            client.create_bucket(Bucket=name)
        values = {
            "endpoint_url": self.url,
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
            "addressing_style": "path",
            **settings,
        }
        return Bucket(name=name, **values)

    def keys(self, name: str = FLEET_BUCKET) -> set[str]:
        """List what is in a bucket."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=name)
        return {found["Key"] for page in pages for found in page.get("Contents", [])}

    def read(self, key: str, name: str = FLEET_BUCKET) -> bytes:
        """Return what is stored under a key."""
        content: bytes = self.client().get_object(Bucket=name, Key=key)["Body"].read()
        return content

    @property
    def port(self) -> int:
        """Address that the server listens on."""
        return self._ports["s3.port"]

    @property
    def shell(self) -> str:
        """The command line of the server's own shell."""
        ports, program = self._ports, Path(sys.executable).with_name("weed")
        addresses = {
            name: f"127.0.0.1:{ports[f'{name}.port']}.{ports[f'{name}.port.grpc']}"
            for name in ("master", "filer")
        }
        return f"{program} shell " + " ".join(f"-{name}={address}" for name, address in addresses.items())

    def environment(self, bucket: Bucket) -> dict[str, str]:
        """Return the variables that make the service use a bucket."""
        return {
            "STORAGE_BACKEND": "s3",
            "S3_BUCKET": bucket.name,
            "S3_ENDPOINT_URL": bucket.endpoint_url,
            "S3_ACCESS_KEY_ID": bucket.access_key_id,
            "S3_SECRET_ACCESS_KEY": bucket.secret_access_key,
            "S3_ADDRESSING_STYLE": bucket.addressing_style,
            "S3_PUBLIC_ENDPOINT_URL": bucket.public_endpoint_url,
        }

    def _writable(self) -> bool:
        client = self.client()
        try:
            if not any(found["Name"] == "ready" for found in client.list_buckets().get("Buckets", [])):
                client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="ready", Body=b"ready")
        except (BotoCoreError, ClientError):
            return False
        return True


def _identity(access_key: str, actions: list[str]) -> dict[str, Any]:
    credentials = [{"accessKey": access_key, "secretKey": SECRET_KEY}]
    return {"name": access_key, "credentials": credentials, "actions": actions}
