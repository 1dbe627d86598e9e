"""``python -m upscaler doctor``: what is unsafe in the set-up of the service, and how to mend it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import config as configuration
from config.audit import audit, is_exposed
from upscaler.cli.terminal import say
from upscaler.engine.process.cage.enter import Confinement
from upscaler.engine.process.inspector import Inspector
from upscaler.errors import UpscalerError
from upscaler.services.files.virus_scan import scanner_of

EXIT_UNSAFE = 1
_GOOD, _NOTE, _BAD = "good", "note", "bad"
# What to do for each part of the cage that this machine does not give, by the kernel's names.
_CURES = {
    "Landlock": "the processes that read images can open all files of their user. It takes Linux 5.13 or later, with "
    "landlock among the names in /sys/kernel/security/lsm",
    "seccomp": "the processes that read images can make any system call. It takes the library libseccomp "
    "(Debian: apt-get install libseccomp2) and a kernel with seccomp",
    "namespaces": "the processes that read images share the network of this machine; without seccomp, they can use it. "
    "It takes user namespaces (Debian: sysctl kernel.unprivileged_userns_clone=1; containers often forbid them)",
}


@dataclass(frozen=True)
class _Line:
    """One thing that was examined."""

    verdict: str
    text: str


def examine(arguments: Sequence[str]) -> int:
    """Print what was found; return the exit status: 1 where the service would not start, or has no cage at all."""
    parser = argparse.ArgumentParser(
        prog="python -m upscaler doctor",
        description="Examine the settings and this machine: what is unsafe where others reach the service, and what "
        "the kernel gives to confine the processes that read strangers' images.",
    )
    parser.parse_args(arguments)
    lines: list[_Line] = []
    try:
        config = configuration.load(may_be_unsafe=True)
    except configuration.ConfigError as error:
        lines += [_Line(_BAD, str(error)), *_cage()]
    else:
        lines += [*_settings(config), *_cage(), *_scanner(config)]
    for line in lines:
        say(f"{line.verdict}: {line.text}")
    return EXIT_UNSAFE if any(line.verdict == _BAD for line in lines) else 0


def _settings(config: configuration.Config) -> Iterator[_Line]:
    if not is_exposed(config):
        yield _Line(
            _GOOD, f"only this machine reaches the service at {config.host}, so any settings are safe"
        )
        return
    findings = audit(config)
    for finding in findings:
        if finding.risk in config.accepted_risks:
            yield _Line(
                _NOTE, f"accepted by {finding.risk} in ACCEPTED_RISKS: {finding.variable} {finding.text}"
            )
        else:
            yield _Line(_BAD, str(finding))
    if not findings:
        yield _Line(_GOOD, "the settings are safe where others reach the service")


def _cage() -> Iterator[_Line]:
    try:
        with tempfile.TemporaryDirectory() as folder:
            holds = _confinement(Path(folder))
    except UpscalerError as error:
        yield _Line(_BAD, f"the process that reads images does not start: {error.internal_detail}")
        return
    if not holds.lacking:
        yield _Line(
            _GOOD,
            f"the processes that read images are confined (Landlock {holds.files}, seccomp, namespaces)",
        )
    for feature in holds.lacking:
        verdict = _BAD if len(holds.lacking) == len(_CURES) else _NOTE
        yield _Line(verdict, f"no {feature}: {_CURES[feature]}")


def _scanner(config: configuration.Config) -> Iterator[_Line]:
    scanner = scanner_of(config)
    if scanner is None:
        yield _Line(_NOTE, "files are not scanned for malware; see ANTIVIRUS")
        return
    place = f"{config.clamd_host}, port {config.clamd_port}"
    try:
        yield _Line(_GOOD, f"files are scanned at {place} by {scanner.version()}")
    except UpscalerError:
        verdict = _BAD if config.antivirus == "required" else _NOTE
        yield _Line(verdict, f"no virus scanner answers at {place}; see CLAMD_HOST and CLAMD_PORT")


def _confinement(folder: Path) -> Confinement:
    inspector = Inspector(folder)
    try:
        return inspector.confinement()
    finally:
        inspector.close()
