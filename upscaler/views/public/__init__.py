"""The public pages."""

from upscaler.views.public.pages import init_app

__all__ = ["init_app"]
