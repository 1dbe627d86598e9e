"""The public pages."""

from upscaler.views.public.pages import blueprint

__all__ = ["blueprint"]
