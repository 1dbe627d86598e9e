"""A Flask-AppBuilder list that keeps no state between requests and accepts any query string."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flask import request
from flask_appbuilder.security.decorators import has_access
from flask_appbuilder.views import ModelView
from flask_appbuilder.widgets import ListWidget, SearchWidget
from flask_login import current_user

from upscaler.views.admin.queries import PAGE_SIZES, Field, ListQuery, read_query
from upscaler.views.admin.urls import ExactPaths


class TableWidget(ListWidget):
    """The rows of a list."""

    template = "admin/widgets/table.html"


class SearchFormWidget(SearchWidget):
    """The fields that narrow a list."""

    template = "admin/widgets/search.html"

    def __call__(self, **kwargs: Any) -> Any:
        """Render the fields as they stand, without Flask-AppBuilder's conversion of forms."""
        return super(SearchWidget, self).__call__(**kwargs)


class ConsoleList(ExactPaths, ModelView):
    """A list of rows with search, order and pages.

    Flask-AppBuilder keeps the active filters of a list on the view, where concurrent requests would mix them
    up; here every request has its own.

    Attributes:
        search: the fields of the search form.
        row_template: a template of the cells of a row, which sees the row as ``item``.
        has_actions: whether a row ends with a cell of buttons.
        intro: a sentence below the title.
    """

    search: Sequence[Field] = ()
    row_template = ""
    has_actions = True
    intro: Any = ""
    list_template = "admin/list.html"
    list_widget = TableWidget
    search_widget = SearchFormWidget
    page_size = PAGE_SIZES[0]

    @has_access
    def list(self) -> str:
        """Show the page of rows that the address asks for."""
        query = read_query(request.args, f"{self.endpoint}.list", self.search, self.order_columns)
        widgets = {"list": self._table(query), "search": self._search_form(query)}
        page: str = self.render_template(
            self.list_template,
            title=self.list_title,
            intro=self.intro,
            widgets=widgets,
            **self.list_context(),
        )
        return page

    def list_context(self) -> dict[str, Any]:
        """Override to hand more to the template of the list."""
        return {}

    def _table(self, query: ListQuery) -> TableWidget:
        filters = self.datamodel.get_filters()
        for field in self.search:
            if field.name in query.values:
                filters.add_filter(field.column, field.filter, query.values[field.name])
        order, direction = self.base_order
        if query.order:
            order, direction = query.order, "desc" if query.descending else "asc"
        count, rows = self.datamodel.query(
            filters, order, direction, page=query.page, page_size=query.page_size
        )
        return self.list_widget(
            columns=self.list_columns,
            labels=self.label_columns,
            order_columns=self.order_columns,
            rows=rows,
            count=count,
            pages=max(1, math.ceil(count / query.page_size)),
            query=query,
            row_template=self.row_template,
            has_actions=self.has_actions,
            current_user=current_user,
        )

    def _search_form(self, query: ListQuery) -> SearchFormWidget:
        return self.search_widget(fields=self.search, query=query, filters=None)
