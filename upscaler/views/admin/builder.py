"""Flask-AppBuilder with our pages in place of its own."""

from __future__ import annotations

from flask_appbuilder import AppBuilder

from upscaler.views.admin.pages import PAGES
from upscaler.views.admin.users import UserView


class ConsoleBuilder(AppBuilder):
    """An application builder that registers the index and the login only."""

    def _add_admin_views(self) -> None:
        # Flask-AppBuilder would add pages that we do without: "back", languages, its own accounts, its API.
        self._indexview = self.add_view_no_menu(self.indexview)
        self.sm.register_views()


def register_pages(builder: ConsoleBuilder) -> None:
    """Add the pages and their menu entries."""
    for page in PAGES:
        builder.add_view(page.view, page.icon, label=page.label, icon=page.icon)
    builder.sm.user_view = next(view for view in builder.baseviews if isinstance(view, UserView))
