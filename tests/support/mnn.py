"""The mark of the tests that need MNN, which has no wheel for some processors and versions of Python."""

from __future__ import annotations

import importlib.util

import pytest

needs_mnn = pytest.mark.skipif(importlib.util.find_spec("MNN") is None, reason="MNN is not installed here")
