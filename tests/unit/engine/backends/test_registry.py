from __future__ import annotations

import subprocess
import sys

import pytest

from upscaler.engine.backends.registry import AUTO, BACKENDS, ENGINE_NAMES, registration_of
from upscaler.engine.settings import EngineSettings


@pytest.mark.parametrize("name", BACKENDS)
def test_each_backend_has_the_name_of_its_row(name: str) -> None:
    found = registration_of(name).candidates(EngineSettings(threads=1))

    assert {backend.name for backend in found} == {name}


def test_auto_is_no_backend() -> None:
    assert AUTO not in BACKENDS
    assert ENGINE_NAMES[0] == AUTO


def test_a_check_of_a_name_loads_no_library() -> None:
    loaded = "{'numpy', 'PIL', 'ncnn'} & set(sys.modules)"
    code = f"import sys, upscaler.engine.backends.registry; sys.exit(bool({loaded}))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
