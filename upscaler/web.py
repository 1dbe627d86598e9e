"""The web process: ``python -m upscaler.web``."""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import replace

from config import Config
from upscaler.server.limits import Limits
from upscaler.server.serving import Server
from upscaler.views.body_limits import BodyLimits
from upscaler.views.waiting import seats_for
from upscaler.wsgi import create


def main() -> None:
    """Serve until a signal to stop."""
    # Whatever it writes holds images or secrets.
    os.umask(0o077)
    app = create()
    config: Config = app.extensions["config"]
    # Requests and responses that do not fit into memory wait in the data folder, not where a small file system may be.
    tempfile.tempdir = str(app.extensions["upscaler"].workspace.folder)
    # Waiting for a thread is no event: requests that wait are few and short.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    bodies = BodyLimits(app)
    bodies.keep_fresh()
    limits = Limits()
    if config.trusted_proxies:
        # All connections come from the proxies, which limit those of their clients.
        limits = replace(limits, per_address=0)
    threads = config.web_threads + seats_for(config.web_threads)
    Server(app, config.host, config.port, threads, limits, bodies.most).run()


if __name__ == "__main__":
    main()
