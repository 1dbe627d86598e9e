"""The command line, ``python -m upscaler``."""

from __future__ import annotations

from upscaler.cli.main import main

__all__ = ["main"]
