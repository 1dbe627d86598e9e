"""The request limiter of the views, not yet bound to an application."""

from __future__ import annotations

from flask_limiter import Limiter

from upscaler.views.addresses import client_address

# Where its storage is unavailable, it counts in memory.
limiter = Limiter(key_func=client_address, in_memory_fallback_enabled=True)
