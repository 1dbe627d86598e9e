"""A host is cut off in the middle of a transaction: the others need not wait for it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from sqlalchemy import text

from tests.support.netns import bridge
from tests.support.servers import PostgreSQLServer
from tests.support.service import ROOT
from upscaler.models.database import make_engine

# What is promised, in seconds: a good deal less than the two hours of the system's own patience.
PATIENCE_SECONDS = 60

# Takes a row as a worker does with a job, and is not heard of again.
TAKE_A_ROW = """
import sys, time
from sqlalchemy import text
from upscaler.models.database import make_engine

with make_engine(sys.argv[1]).connect() as connection:
    connection.execute(text("UPDATE held SET by = 'a worker'"))
    print("taken", flush=True)
    time.sleep(600)
"""


def test_the_rows_of_a_host_that_is_cut_off_are_free_again_soon(report: Callable[[str], None]) -> None:
    with bridge() as network, PostgreSQLServer(network.address, network.network) as server:
        uri = server.url.replace("://", "+psycopg://")
        engine = make_engine(uri)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE held (by text)"))
            connection.execute(text("INSERT INTO held VALUES ('nobody')"))
        host = network.add_host()
        command = [*host.launcher, sys.executable, "-c", TAKE_A_ROW, uri]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
            try:
                assert worker.stdout is not None
                assert worker.stdout.readline() == "taken\n"
                host.cut_off()
                begun = time.monotonic()

                with engine.begin() as connection:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'"))
                    connection.execute(text("UPDATE held SET by = 'another one'"))

                report(f"the row was free {time.monotonic() - begun:.1f} s after its holder was cut off")
            finally:
                worker.kill()
                engine.dispose()
