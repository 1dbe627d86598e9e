"""The Flask extensions, not yet bound to an application."""

from __future__ import annotations

from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from upscaler.views.addresses import client_address

# On Flask-AppBuilder's metadata, so that its tables and ours are migrated together.
db = SQLA(metadata=Model.metadata)
migrate = Migrate()
csrf = CSRFProtect()
limiter = Limiter(key_func=client_address, in_memory_fallback_enabled=True)
