"""What a cage's policy names."""

from __future__ import annotations

from pathlib import Path

from config import ROOT
from upscaler.engine.process.cage.policy import PACKAGE, Cage, environment_of


def is_under(path: Path, folder: Path) -> bool:
    return folder == path or folder in path.parents


def test_it_survives_its_way_to_the_child() -> None:
    cage = Cage(reads=("/a",), writes=("/b", "/c"), programs=True, graphics=True, enforced=False)

    assert Cage.from_json(cage.as_json()) == cage
    assert Cage.from_json(Cage().as_json()) == Cage()


def test_no_settings_and_no_data_are_readable() -> None:
    readable = Cage(writes=("/somewhere",)).readable

    assert PACKAGE in readable
    for hidden in (ROOT / ".env", ROOT / "data", Path.home(), Path("/etc/shadow"), Path("/proc/1/environ")):
        assert [path for path in readable if is_under(hidden, path)] == []


def test_graphics_devices_are_for_those_who_compute_on_them() -> None:
    drivers = {Path("/dev/dri"), Path("/dev/kfd")}

    assert not drivers & set(Cage().devices)
    assert drivers <= set(Cage(graphics=True).devices)


def test_only_known_variables_go_to_a_child() -> None:
    environment = {
        "PATH": "/bin",
        "OMP_NUM_THREADS": "1",
        "SECRET_KEY": "x",
        "DATABASE_URL": "x",
        "ADMIN_PASSWORD": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "HOME": "/root",
    }

    assert environment_of(environment) == {"PATH": "/bin", "OMP_NUM_THREADS": "1"}
