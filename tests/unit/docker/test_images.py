"""Checks of the container files: what they name exists. No container engine is needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import ROOT, Config

DOCKER = ROOT / "docker"
DOCKERFILES = sorted(DOCKER.glob("Dockerfile.*"))
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = ["web", "worker", "postgresql", "redis", "s3"]
ONCE = ["bucket", "images-folder"]


def instructions(path: Path, name: str) -> list[str]:
    """Return the arguments of an instruction, continued lines joined."""
    joined = path.read_text().replace("\\\n", " ")
    return re.findall(rf"^\s*{name} +(.*)$", joined, re.MULTILINE)


def test_there_is_an_image_for_web_and_one_for_workers() -> None:
    assert [path.name for path in DOCKERFILES] == ["Dockerfile.web", "Dockerfile.worker"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_is_free_of_complaints(path: Path) -> None:
    hadolint = str(Path(sys.executable).with_name("hadolint"))

    done = subprocess.run([hadolint, str(path)], capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_copies_what_exists_and_is_not_ignored(path: Path) -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    for copied in instructions(path, "COPY"):
        if copied.startswith("--from="):
            continue
        *sources, _target = copied.split()
        for source in sources:
            name = source.removeprefix("./")
            assert (ROOT / name).exists(), name
            assert f"!{name}" in ignored, name


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_runs_as_a_user_without_rights_and_checks_itself(path: Path) -> None:
    text = path.read_text()
    final = text[text.rindex("\nFROM ") :]

    assert re.findall(r"^USER (\S+)$", final, re.MULTILINE) == ["10001"]
    assert "--uid 10001" in text
    assert len(instructions(path, "HEALTHCHECK")) == 1
    assert not re.search(r"(PASS|SECRET|KEY)\w*=", text)


def test_the_web_image_starts_what_the_readme_starts() -> None:
    command = json.loads(instructions(DOCKER / "Dockerfile.web", "CMD")[-1])

    assert command == ["python", "run.py", "web"]
    assert (ROOT / "run.py").exists()


def test_the_worker_image_starts_what_a_laptop_starts() -> None:
    command = json.loads(instructions(DOCKER / "Dockerfile.worker", "CMD")[-1])

    assert command == ["python", "run.py", "worker"]


def test_a_worker_image_can_be_made_for_each_kind_of_device() -> None:
    stages = [line.split(" AS ")[-1] for line in instructions(DOCKER / "Dockerfile.worker", "FROM")]

    assert stages == ["packages", "worker", "mesa", "nvidia", "cpu"]
    for name in ("nvidia", "mesa"):
        more = yaml.safe_load((DOCKER / f"compose.{name}.yml").read_text())
        assert more["services"]["worker"]["build"]["target"] == name
    assert SERVICES["worker"]["build"]["target"] == "cpu"


def test_the_modules_that_health_checks_run_exist() -> None:
    assert SERVICES["worker"]["healthcheck"]["test"][1:3] == ["python", "-m"]
    module = SERVICES["worker"]["healthcheck"]["test"][3]

    assert (ROOT / f"{module.replace('.', '/')}.py").exists()
    assert module in instructions(DOCKER / "Dockerfile.worker", "HEALTHCHECK")[0]


def test_the_fleet_is_complete() -> None:
    assert sorted(SERVICES) == sorted(LASTING + ONCE)


@pytest.mark.parametrize("name", LASTING + ONCE)
def test_a_service_may_do_as_little_as_possible(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    if name == "images-folder":
        # It gives a folder away, which only root can, and reaches nothing else.
        assert (service["cap_add"], service["network_mode"]) == (["CHOWN"], "none")
    else:
        assert "cap_add" not in service
        assert int(service["user"].partition(":")[0]) > 0
    assert ("build" in service) != ("image" in service)
    assert not re.search(r":latest$|^[^:]+$", service.get("image", "x:1"))


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_service_is_started_again_and_watched(name: str) -> None:
    service = SERVICES[name]

    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("name", LASTING + ONCE)
def test_a_service_waits_for_what_it_needs(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert how == {"condition": expected}, other


def test_only_the_web_server_is_reached_from_outside_and_only_from_this_machine() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"web"}
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("worker", "postgresql", "redis", "s3"):
        assert SERVICES[name]["networks"] == ["back"]


@pytest.mark.parametrize("name", ["web", "worker"])
def test_every_variable_is_a_setting_and_every_secret_comes_from_a_file(name: str) -> None:
    service = SERVICES[name]
    for variable, value in service["environment"].items():
        setting = variable.removesuffix("_FILE").lower()
        assert setting in Config.model_fields, variable
        if variable.endswith("_FILE"):
            assert value == f"/run/secrets/{setting}"
            assert setting in service["secrets"]
        else:
            assert not re.search(
                r"SECRET|PASS|KEY|_URL$", variable.replace("S3_ENDPOINT_URL", "").replace("PUBLIC_URL", "")
            )


def test_the_secrets_are_made_by_the_script_and_fit_together(tmp_path: Path) -> None:
    script = str(DOCKER / "make-secrets.sh")
    folder = tmp_path / "secrets"

    subprocess.run(["sh", script, str(folder)], check=True, timeout=60, stdout=subprocess.DEVNULL)
    made = {path.name: path.read_text() for path in folder.iterdir()}
    subprocess.run(["sh", script, str(folder)], check=True, timeout=60, stdout=subprocess.DEVNULL)

    assert {path.name: path.read_text() for path in folder.iterdir()} == made
    assert {name: {"file": f"secrets/{name}"} for name in made} == COMPOSE["secrets"]
    assert folder.stat().st_mode & 0o077 == 0
    assert len(made["secret_key"]) >= 32
    assert made["database_password"] in made["database_url"]
    assert made["redis_password"] in made["redis_url"]
    [identity] = json.loads(made["s3_identities"])["identities"]
    assert identity["credentials"] == [
        {"accessKey": made["s3_access_key_id"], "secretKey": made["s3_secret_access_key"]}
    ]
    bucket = SERVICES["web"]["environment"]["S3_BUCKET"]
    assert identity["actions"] == [f"{right}:{bucket}" for right in ("Read", "Write", "List")]
    assert len(set(made.values())) == len(made)


def test_every_secret_is_used_and_every_used_one_is_made() -> None:
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}

    assert used == set(COMPOSE["secrets"])


def test_secrets_are_never_committed() -> None:
    assert "/docker/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
