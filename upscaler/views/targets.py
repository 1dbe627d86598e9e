"""The address of a page, and the way back to one: no form leads to another site."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from flask import request

_MAX_CHARACTERS = 2000


def this_page() -> str:
    """Return the path and query of the page that was asked for, as browsers see it."""
    return local_path(request.full_path.rstrip("?") if request.method == "GET" else request.path)


def local_path(path: str) -> str:
    """Return a path of this service, such as that of a signed link, as browsers reach it on the same host."""
    return f"{request.script_root}{path}"


def local_target(target: str) -> str | None:
    """Return ``target`` when it is a path, with a query or without, on this site; else None."""
    # Browsers read a backslash as a slash and skip control characters, so "/\\host" would leave this site.
    if "\\" in target or not target.isprintable() or len(target) > _MAX_CHARACTERS:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    # Browsers follow dots in a path, also where they are encoded.
    climbs = not {".", ".."}.isdisjoint(unquote(parts.path).split("/"))
    if not target or parts.scheme or parts.netloc or target.startswith("//") or climbs:
        return None
    return target if f"{parts.path}/".startswith(f"{request.script_root}/") else None
