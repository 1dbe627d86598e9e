"""Files that a real scanner refuses, lets pass, or cannot be asked about."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.clamd import SIGNATURE, clamd_server, save_harmless, save_marked
from tests.support.service import free_port
from upscaler.errors import Infected, ScannerUnavailable
from upscaler.models import AuditLog
from upscaler.services.audit import Actor
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.virus_scan import VirusScanner

VISITOR = Actor(None, "", "192.0.2.7")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with clamd_server(tmp_path_factory.mktemp("clamd"), most_megabytes=1) as found:
        yield found


@pytest.fixture
def scanner(port: int) -> VirusScanner:
    return VirusScanner("127.0.0.1", port, required=True)


def test_a_harmless_file_passes_without_a_trace(
    scanner: VirusScanner, db_session: Session, tmp_path: Path
) -> None:
    scanner.check(db_session, IncomingFile(save_harmless(tmp_path / "a.png"), "a.png"), VISITOR)

    assert db_session.scalars(select(AuditLog)).all() == []


def test_what_is_found_is_refused_and_recorded(
    scanner: VirusScanner, db_session: Session, tmp_path: Path
) -> None:
    path = save_marked(tmp_path / "a.png")

    with pytest.raises(Infected):
        scanner.check(db_session, IncomingFile(path, "../holiday.png"), VISITOR)
    db_session.rollback()

    [row] = db_session.scalars(select(AuditLog)).all()
    assert (row.action, row.ip_address, row.user_id) == ("file.infected", "192.0.2.7", None)
    assert row.details["signature"].startswith(SIGNATURE)
    assert row.details["filename"] == "holiday.png"
    assert row.details["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_of_many_chunks_is_scanned_to_its_end(
    scanner: VirusScanner, db_session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 700_000 + save_marked(tmp_path / "marked.png").read_bytes())

    with pytest.raises(Infected):
        scanner.check(db_session, IncomingFile(path, "a.bin"), VISITOR)


def unavailable(kind: str, port: int, tmp_path: Path) -> tuple[int, Path]:
    """Return the port of a scanner that gives no verdict on a file, and the file."""
    if kind == "too large for the scanner":
        large = tmp_path / "large.bin"
        large.write_bytes(b"x" * 3_000_000)
        return port, large
    return free_port(), save_marked(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["not there", "too large for the scanner"])
def test_without_a_verdict_files_pass_unless_one_is_required(
    kind: str, port: int, db_session: Session, tmp_path: Path
) -> None:
    asked, path = unavailable(kind, port, tmp_path)

    VirusScanner("127.0.0.1", asked, required=False).check(db_session, IncomingFile(path, "a"), VISITOR)
    with pytest.raises(ScannerUnavailable):
        VirusScanner("127.0.0.1", asked, required=True).check(db_session, IncomingFile(path, "a"), VISITOR)


@pytest.mark.parametrize("says", [b"", b"stream: \n", b"\xff\n", b"stream: Could not scan ERROR\n"])
def test_a_server_that_says_something_else_is_no_scanner(
    says: bytes, db_session: Session, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        scanner = VirusScanner("127.0.0.1", server.getsockname()[1], required=True, timeout_seconds=10)

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                while not connection.recv(65536).endswith(b"\0\0\0\0"):
                    pass
                connection.sendall(says)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ScannerUnavailable):
            scanner.check(db_session, IncomingFile(save_harmless(tmp_path / "a.png"), "a"), VISITOR)
        thread.join()


def test_a_silent_server_is_given_up(db_session: Session, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        scanner = VirusScanner("127.0.0.1", server.getsockname()[1], required=True, timeout_seconds=0.3)

        with pytest.raises(ScannerUnavailable):
            scanner.check(db_session, IncomingFile(save_harmless(tmp_path / "a.png"), "a"), VISITOR)


def test_it_names_its_version(scanner: VirusScanner) -> None:
    assert scanner.version().startswith("ClamAV ")
    with pytest.raises(ScannerUnavailable):
        VirusScanner("127.0.0.1", free_port(), required=False).version()
