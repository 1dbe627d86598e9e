"""The table of the console's pages, and the menu that is made of it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask_babel import force_locale

from tests.unit.views.admin.conftest import Person
from upscaler.views.admin.lists import ConsoleList
from upscaler.views.admin.pages import PAGES
from upscaler.views.admin.security import LoginView
from upscaler.views.admin.urls import ExactPaths

MENU_ITEM = re.compile(
    r'<a class="menu__item" href="(/admin/[^"]*)"[^>]*><svg[^>]*>(.*?)</svg><span>([^<]+)</span></a>'
)


def views_of(kind: type) -> set[type]:
    """Return the subclasses of a view, and theirs."""
    return {view for child in kind.__subclasses__() for view in (child, *views_of(child))}


def test_every_view_of_the_console_has_a_row() -> None:
    # Visitors get to the login, and the list is what others are made from.
    assert {page.view for page in PAGES} == views_of(ExactPaths) - {LoginView, ConsoleList}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_menu_follows_the_rows_with_a_drawn_icon_and_a_label(
    app: Flask, admin: Person, language: str
) -> None:
    page = admin.get("/admin/dashboard", headers={"Accept-Language": language}).text
    menu = MENU_ITEM.findall(page)

    with app.test_request_context(), force_locale(language):
        assert [label for _, _, label in menu] == [str(row.label) for row in PAGES]
    assert len({label for _, _, label in menu}) == len({drawing for _, drawing, _ in menu}) == len(PAGES)
    assert all(drawing.strip() for _, drawing, _ in menu)


def test_each_row_of_the_menu_leads_to_a_page_that_says_where_one_is(admin: Person) -> None:
    for path, _, label in MENU_ITEM.findall(admin.get("/admin/dashboard").text):
        page = admin.get(path)

        assert page.status_code == 200
        assert f'href="{path}" aria-current="page"' in page.text
        assert page.text.count('aria-current="page"') == 1, label
