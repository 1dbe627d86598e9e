"""Commands that are run by hand or by the start, as ``python -m scripts.NAME``."""
