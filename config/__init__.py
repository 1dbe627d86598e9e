"""The settings of a process, read once from the environment (and ``.env``) into one validated object.

To add a setting: add a field with its default and description to ``settings.Config``, or to ``runtime.RuntimeValues``
if an admin may change it while the service runs, and a row to the table in ``README.md``.
A secret may also come from a file: ``NAME_FILE=/run/secrets/name`` is read in place of ``NAME``.
Of the rest of the program, only names are imported here: of presets, factors, image formats and storage backends.
"""

from config.keys import derived_keys, secret_keys
from config.loading import cache_dir, load, models_dir
from config.runtime import Runtime, RuntimeValues, runtime_mark
from config.settings import Config, sqlite_uri
from config.sources import ROOT, ConfigError, example_password, example_settings

__all__ = [
    "ROOT",
    "Config",
    "ConfigError",
    "Runtime",
    "RuntimeValues",
    "cache_dir",
    "derived_keys",
    "example_password",
    "example_settings",
    "load",
    "models_dir",
    "runtime_mark",
    "secret_keys",
    "sqlite_uri",
]
