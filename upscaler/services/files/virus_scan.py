"""Scanning received files for malware, by ClamAV's daemon."""

from __future__ import annotations

import asyncio
from typing import BinaryIO

import structlog
from aioclamd import ClamdAsyncClient, ClamdError
from sqlalchemy.orm import Session

from config import Config
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.errors import Infected, ScannerUnavailable
from upscaler.services import audit
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import safe_filename

log = structlog.get_logger()

# For one file: a scanner that takes longer is taken for one that is away.
_TIMEOUT_SECONDS = 30.0
_FOUND = "FOUND"


def scanner_of(config: Config) -> VirusScanner | None:
    """Return the scanner that the settings name, None where the operator wants none."""
    if config.antivirus == "off":
        return None
    return VirusScanner(config.clamd_host, config.clamd_port, required=config.antivirus == "required")


class VirusScanner:
    """The scanner of one address.

    Args:
        host: of clamd.
        port: of clamd.
        required: whether files are refused while it is away.
        timeout_seconds: for one file.
    """

    def __init__(
        self, host: str, port: int, *, required: bool, timeout_seconds: float = _TIMEOUT_SECONDS
    ) -> None:
        self._client = ClamdAsyncClient(host, port, timeout_seconds)
        self._required = required

    def version(self) -> str:
        """Return the versions of the scanner and its signatures.

        Raises:
            ScannerUnavailable: it does not answer.

        """
        try:
            return str(asyncio.run(self._client.version()))
        except (ClamdError, OSError) as error:
            raise ScannerUnavailable from error

    def check(self, session: Session, incoming: IncomingFile, actor: audit.Actor) -> None:
        """Scan a received file. What is found leaves a row in the audit log, which is committed at once.

        Raises:
            Infected: something harmful was found.
            ScannerUnavailable: the scanner is required and away, or does not take the file.

        """
        try:
            found = self._found(incoming)
        except (ClamdError, OSError) as error:
            # One that is too large for clamd's StreamMaxLength was not scanned either.
            log.warning("scan.unavailable", reason=f"{type(error).__name__}: {error}")
            if self._required:
                raise ScannerUnavailable from error
            return
        if found is None:
            return
        details = {
            "signature": found,
            "filename": safe_filename(incoming.filename),
            "sha256": sha256_of(incoming.path),
        }
        audit.record(session, actor, "file.infected", details=details)
        session.commit()
        log.warning("scan.infected", **details)
        raise Infected

    def _found(self, incoming: IncomingFile) -> str | None:
        """Return the name of what was found, None for nothing."""
        with incoming.path.open("rb") as file:
            answer = asyncio.run(self._client.instream(_Chunks(file)))
        if not answer:
            raise ClamdError("it closed the connection")
        [(status, name)] = answer.values()
        if status == _FOUND:
            return str(name)
        if status != "OK":
            raise ClamdError(f"{status} {name or ''}")
        return None


class _Chunks:
    """A file that gives more at a time than it is asked for: the client asks for 1 kB, with a change of thread each."""

    _SIZE = 256 << 10

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, _: int = -1) -> bytes:
        """Return the next bytes, none at the end."""
        return self._file.read(self._SIZE)
