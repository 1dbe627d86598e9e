"""Routes are added by calls, never by an import."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import upscaler.views
from config import ROOT


def test_importing_every_view_adds_no_route_to_an_application() -> None:
    modules = [found.name for found in pkgutil.walk_packages(upscaler.views.__path__, "upscaler.views.")]
    code = "\n".join(
        [
            "import importlib",
            "from unittest.mock import patch",
            "from flask import Blueprint",
            "added = []",
            "with patch.object(Blueprint, 'add_url_rule', lambda self, rule, *a, **k: added.append(rule)):",
            f"    for name in {modules}:",
            "        importlib.import_module(name)",
            "print(added)",
        ]
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("[]\n", "")
