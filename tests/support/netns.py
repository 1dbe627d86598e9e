"""Several hosts on one machine: network namespaces joined by a bridge. Needs Linux, root and iproute2."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

# Private addresses of which a run takes 256 that the machine does not use.
_NETWORK = "10.213"


@dataclass(frozen=True)
class NetHost:
    """A host on the bridge.

    Attributes:
        address: where the others reach it.
        namespace: its network namespace.
        port: the bridge's end of its cable.
    """

    address: str
    namespace: str
    port: str

    @property
    def launcher(self) -> tuple[str, ...]:
        """A command that runs the command after it on this host."""
        return ("ip", "netns", "exec", self.namespace)

    def cut_off(self) -> None:
        """Pull the cable: packets are lost in both directions, without an error on either side."""
        _run("ip", "link", "set", self.port, "down")

    def join(self) -> None:
        """Put the cable back."""
        _run("ip", "link", "set", self.port, "up")


class Bridge:
    """Joins hosts with one another and with this machine, which has ``address`` there."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(3)
        self.name = f"chaos{self._token}"
        used = subprocess.run(["ip", "-o", "address"], capture_output=True, text=True, check=True).stdout
        third = next(number for number in range(256) if f" {_NETWORK}.{number}." not in used)
        self.network = f"{_NETWORK}.{third}.0/24"
        self.address = f"{_NETWORK}.{third}.1"
        self._hosts: list[NetHost] = []

    def start(self) -> None:
        """Make it."""
        _run("ip", "link", "add", self.name, "type", "bridge")
        _run("ip", "address", "add", f"{self.address}/24", "dev", self.name)
        _run("ip", "link", "set", self.name, "up")

    def add_host(self) -> NetHost:
        """Make a host and join it."""
        number = len(self._hosts) + 2
        address = f"{self.address.rpartition('.')[0]}.{number}"
        host = NetHost(address, f"{self.name}-{number}", f"v{self._token}-{number}")
        _run("ip", "netns", "add", host.namespace)
        self._hosts.append(host)
        _run(
            *("ip", "link", "add", host.port, "type", "veth"),
            *("peer", "name", "eth0", "netns", host.namespace),
        )
        _run("ip", "link", "set", host.port, "master", self.name, "up")
        _run("ip", "-n", host.namespace, "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _run("ip", "-n", host.namespace, "link", "set", device, "up")
        return host

    def remove(self) -> None:
        """Remove the hosts and the bridge; their processes have ended by now."""
        for host in self._hosts:
            # The cable goes with either of its ends.
            subprocess.run(["ip", "link", "delete", host.port], check=False, capture_output=True)
            subprocess.run(["ip", "netns", "delete", host.namespace], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", self.name], check=False, capture_output=True)


@contextmanager
def bridge() -> Iterator[Bridge]:
    """Make a bridge and remove it with its hosts; skip the test where that is not allowed."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("hosts of their own can be made by root on Linux with iproute2 only")
    made = Bridge()
    with contextlib.ExitStack() as stack:
        stack.callback(made.remove)
        try:
            made.start()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no bridge can be made here: {error.stderr.strip()}")
        # Its address is good for use only a moment after it was given.
        time.sleep(0.1)
        yield made


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
