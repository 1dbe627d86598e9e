"""Programs that run in a cage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from upscaler.engine.process.cage.policy import Cage
from upscaler.engine.process.subprocess import ChildDiedError, ChildProcess

# Runs functions of a module, and answers what each of them returned, or the name of its error.
RUNNER = """
import json, sys
import attempts

outcomes = {}
for name, attempt in list(vars(attempts).items()):
    if name.startswith("try_"):
        try:
            outcomes[name.removeprefix("try_")] = attempt(json.loads(sys.argv[1]))
        except BaseException as error:
            outcomes[name.removeprefix("try_")] = type(error).__name__
print(json.dumps(outcomes), flush=True)
sys.stdin.read()
"""

RunCaged = Callable[..., dict[str, Any]]


@pytest.fixture
def run_caged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunCaged:
    """Return a function that runs the functions ``try_...`` of a source text in a cage."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "runner.py").write_text(RUNNER)
    monkeypatch.setenv("PYTHONPATH", str(code))

    def run(source: str, values: str = "{}", cage: Cage | None = None) -> dict[str, Any]:
        (code / "attempts.py").write_text(source)
        child = ChildProcess("runner", [values], cage=cage or Cage())
        try:
            try:
                answer = child.receive(60)
            except ChildDiedError:
                pytest.fail(child.log_tail)
            assert answer is not None
            return {**answer, "cage": child.cage}
        finally:
            child.end(5)

    return run
