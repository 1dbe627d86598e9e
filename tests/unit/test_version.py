from __future__ import annotations

import re

from config import ROOT
from upscaler.version import __version__


def test_the_package_takes_its_version_from_the_module() -> None:
    text = (ROOT / "pyproject.toml").read_text()

    assert 'dynamic = ["version"]' in text
    [(module, name)] = re.findall(r'^version = \{ attr = "([\w.]+)\.(\w+)" \}$', text, re.MULTILINE)
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text()
    assert re.findall(rf'^{name} = "(.*)"$', source, re.MULTILINE) == [__version__]
    assert text.count(__version__) == 0
