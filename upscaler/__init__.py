"""ImageUpscalerPro. Importing the package does nothing; ``create_app`` builds the web application."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Config


def create_app(config: Config | None = None) -> Flask:
    """Build the web application; without ``config`` the settings come from the environment.

    Raises:
        config.ConfigError: a setting cannot be used.
    """
    # The engine's processes and the command line import this package too, and have no use for a web framework.
    from upscaler.application import build  # noqa: PLC0415

    return build(config)
