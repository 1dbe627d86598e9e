"""The way from a laptop to a fleet: what docs/operations.md has an operator run, run."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from tests.support.s3 import S3Server
from tests.support.service import ROOT, environment


def run_command(name: str, argument: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command of the operations page on ``argument`` in place of what the page names."""
    page = (ROOT / "docs" / "operations.md").read_text()
    found = re.search(rf"^ +\.venv/bin/python -m (scripts\.{name}) \S+$", page, re.MULTILINE)
    assert found is not None
    return subprocess.run(
        [sys.executable, "-m", found[1], str(argument)],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def prepare(settings: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "scripts.prepare"], cwd=ROOT, env=settings, timeout=300, check=True)


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    """A laptop's database with an image, a job and a second run of it."""
    (tmp_path / "laptop").mkdir()
    prepare(environment(tmp_path / "laptop", 1))
    path = tmp_path / "laptop" / "app.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO uploads (id, original_filename, storage_path, mime_type, size_bytes, width, height, sha256,"
            " created_at, owner_id) VALUES ('upl_1', 'cät.png', 'uploads/1/upl_1.png', 'image/png', 9, 1, 1, '0',"
            " '2026-01-02 03:04:05', 1)"
        )
        for job, parent in (("job_a", "job_b"), ("job_b", None)):
            connection.execute(
                "INSERT INTO jobs (id, upload_id, parent_id, status, progress, params, model, estimated_seconds,"
                " attempts, created_at) VALUES (?, 'upl_1', ?, 'completed', 100, '{\"factor\": \"2x\"}', 'm', 1, 1,"
                " '2026-01-02 03:04:05')",
                (job, parent),
            )
        connection.execute(
            "INSERT INTO job_logs (id, job_id, created_at, level, message)"
            " VALUES (41, 'job_a', '2026-01-02 03:04:05', 'info', 'accepted')"
        )
    connection.close()
    return path


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_laptops_database_moves_to_postgresql(laptop: Path, new_database: str, tmp_path: Path) -> None:
    settings = environment(tmp_path / "fleet", 1, DATABASE_URL=new_database)
    (tmp_path / "fleet").mkdir()
    prepare(settings)

    done = run_command("copy_database", laptop, settings)

    assert done.returncode == 0, done.stderr
    source = create_engine(f"sqlite:///{laptop}")
    target = create_engine(new_database.replace("://", "+psycopg://"))
    tables = [str(name) for (name,) in rows(source, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert len(tables) > 12
    for table in tables:
        count = f"SELECT count(*) FROM {table}"  # noqa: S608 - names of our own tables
        assert rows(target, count) == rows(source, count), table
    assert rows(target, "SELECT original_filename FROM uploads") == [("cät.png",)]
    assert rows(target, "SELECT id, parent_id FROM jobs ORDER BY id") == [("job_a", "job_b"), ("job_b", None)]
    password = "SELECT username, password FROM ab_user"
    assert rows(target, password) == rows(source, password)
    # New rows get numbers that are still free.
    with target.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO job_logs (job_id, created_at, level, message) VALUES ('job_b', now(), 'info', 'x')"
            )
        )
    assert rows(target, "SELECT max(id) FROM job_logs") == [(42,)]
    target.dispose()
    source.dispose()

    again = run_command("copy_database", laptop, settings)
    assert again.returncode == 1
    assert again.stderr.strip() == "copy_database: the target has images already; copy into a new database"


def test_images_move_to_a_bucket(s3_server: S3Server, tmp_path: Path) -> None:
    bucket = s3_server.empty_bucket("moved")
    files = tmp_path / "files"
    for key, content in (("uploads/ab/upl_ab.png", b"first"), ("results/cd/job_cd.webp", b"second")):
        (files / key).parent.mkdir(parents=True)
        (files / key).write_bytes(content)
    (files / "results" / "cd" / ".job_cd.png.1234").write_bytes(b"never finished")
    settings = environment(tmp_path / "fleet", 1, **s3_server.environment(bucket))

    first = run_command("copy_files", files, settings)
    second = run_command("copy_files", files, settings)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout.strip() == "copy_files: copied 2 files; 0 were there already"
    assert second.stdout.strip() == "copy_files: copied 0 files; 2 were there already"
    client = s3_server.client()
    found = client.list_objects_v2(Bucket=bucket.name)["Contents"]
    assert {item["Key"] for item in found} == {"uploads/ab/upl_ab.png", "results/cd/job_cd.webp"}
    assert client.get_object(Bucket=bucket.name, Key="uploads/ab/upl_ab.png")["Body"].read() == b"first"
    assert (files / "uploads" / "ab" / "upl_ab.png").exists()


@pytest.mark.parametrize("name", ["copy_files", "copy_database"])
def test_a_copy_needs_somewhere_to_go(name: str, tmp_path: Path) -> None:
    (tmp_path / "app.db").touch()
    what = tmp_path / "app.db" if name == "copy_database" else tmp_path

    done = run_command(name, what, environment(tmp_path / "data", 1))

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "set " in done.stderr
