"""Upscale images with the version of the engine in the current folder; run by `bench.versions`.

It works with this version and with 0.1.0, whose engine process has the same names. For each line on standard input, a
preset, a factor and the path of an image as JSON, it upscales from file to file and prints the seconds as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Serve the lines."""
    threads, cache = sys.argv[1:]
    # Run as a file, its own folder is searched first; the version's is the current one, as for its engine process.
    sys.path[0] = str(Path.cwd())
    from upscaler.engine.options import UpscaleOptions  # noqa: PLC0415 - of the current folder
    from upscaler.engine.process.client import EngineLimits, EngineProcess  # noqa: PLC0415 - as above
    from upscaler.engine.settings import EngineSettings  # noqa: PLC0415 - as above

    wanted = {"threads": int(threads), "cache_dir": cache}
    known = {field.name for field in dataclasses.fields(EngineSettings)}
    settings = EngineSettings(**{name: value for name, value in wanted.items() if name in known})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = EngineProcess(settings, EngineLimits(timeout_seconds=7200, memory_bytes=16 << 30), folder)
        for line in sys.stdin:
            preset, factor, path = json.loads(line)
            # Its process may open no files outside its folder.
            source = Path(shutil.copy(path, folder))
            begun = time.perf_counter()
            engine.upscale(source, folder / "target", None, UpscaleOptions(factor, preset))
            print(json.dumps(time.perf_counter() - begun), flush=True)
        engine.close()


if __name__ == "__main__":
    main()
