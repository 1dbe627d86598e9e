"""The commands of ``docs/api.md`` run as they stand, from the first to the last."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.support.receiver import content, receiver
from tests.support.service import ADMIN, FETCHED_FROM, ROOT, LiveService
from tests.support.small_models import write_onnx


def test_the_walk_through_the_api_works(
    live_service: LiveService, photographs: dict[str, Path], tmp_path: Path
) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    model = write_onnx(tmp_path / "blocks.onnx", 3)
    given = {"SERVER": live_service.url, "IMAGE": str(photographs["coffee"]), "MODEL": str(model)}

    with receiver(content(photographs["coffee"].read_bytes()), host=FETCHED_FROM) as host:
        given["IMAGE_URL"] = f"http://{FETCHED_FROM}:{host.port}/coffee.jpg"
        done = subprocess.run(
            ["bash", "-euxc", "\n".join(blocks)],
            cwd=tmp_path,
            env={**os.environ, **given, "ADMIN_NAME": ADMIN[0], "ADMIN_PASS": ADMIN[1]},
            timeout=400,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert len(blocks) >= 8
    assert [request.path for request in host.requests] == ["/coffee.jpg"] * 2
    assert (tmp_path / "usage.csv").read_text().startswith("day,username,jobs")
    assert (tmp_path / "original").read_bytes() == photographs["coffee"].read_bytes()
