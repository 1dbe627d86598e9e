"""The Flask extensions, not yet bound to an application."""

from __future__ import annotations

from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

# On Flask-AppBuilder's metadata, so that its tables and ours are migrated together.
db = SQLA(metadata=Model.metadata)
migrate = Migrate()
csrf = CSRFProtect()
