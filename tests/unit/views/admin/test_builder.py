"""Flask-AppBuilder registers the console's own pages and none of its own."""

from __future__ import annotations

from flask import Flask

from upscaler.views.admin.dashboard import ConsoleIndex
from upscaler.views.admin.pages import PAGES
from upscaler.views.admin.security import LoginView
from upscaler.views.admin.users import UserView


def test_the_index_the_login_and_our_pages_are_all_that_is_registered(app: Flask) -> None:
    registered = [type(view) for view in app.appbuilder.baseviews]

    assert sorted(registered, key=str) == sorted(
        [ConsoleIndex, LoginView, *(page.view for page in PAGES)], key=str
    )


def test_the_menu_has_our_pages_without_groups(app: Flask) -> None:
    menu = app.appbuilder.menu.get_list()

    assert [(item.icon, type(item.baseview)) for item in menu] == [(page.icon, page.view) for page in PAGES]
    assert [item.childs for item in menu] == [[]] * len(PAGES)


def test_the_framework_leads_from_an_account_to_our_page_of_it(app: Flask) -> None:
    assert isinstance(app.appbuilder.sm.user_view, UserView)
