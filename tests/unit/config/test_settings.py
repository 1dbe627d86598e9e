from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from sqlalchemy import text

import config as configuration
from config import ConfigError, load
from upscaler.models.database import make_engine
from upscaler.tasks.queue import HueyQueue, build_huey


@pytest.mark.parametrize("url", ["postgres://u:p@h/d", "postgresql://u:p@h/d"])
def test_it_uses_psycopg_3_for_postgresql(url: str) -> None:
    address = load({"DATABASE_URL": url}, env_file=None).database_uri

    assert address.render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize("name", ["a?mode=ro", "a#b", "%41", "a b", "zoë", 'd\'or "x"', "a&b=c;d", "[1]"])
def test_the_database_lies_in_the_data_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    config = load({"DATA_DIR": str(tmp_path / name)}, env_file=None)
    queue = HueyQueue(build_huey(config))

    with make_engine(config.database_uri).connect() as connection:
        connection.execute(text("CREATE TABLE found (id INTEGER)"))
    queue.enqueue("job_1")

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert {path.name for path in (tmp_path / name).iterdir()} >= {"app.db", "queue.db"}


def test_a_password_in_a_database_url_is_never_in_an_error() -> None:
    with pytest.raises(ConfigError) as raised:
        load({"DATABASE_URL": "postgresql://u:hidden@h:port/d"}, env_file=None)

    assert "hidden" not in str(raised.value)


def test_every_variable_stands_in_the_readme_with_its_default_and_its_meaning() -> None:
    readme = (configuration.ROOT / "README.md").read_text()
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]*?) \| (.*) \|$", readme, re.MULTILINE)

    assert {name: (default, meaning) for name, default, meaning in rows} == {
        name.upper(): (_written(field.default), _meaning(name, field))
        for name, field in configuration.Config.model_fields.items()
    }


def _written(default: object) -> str:
    text = default.get_secret_value() if isinstance(default, SecretStr) else default
    text = ", ".join(text) if isinstance(text, tuple) else text
    return "" if text == "" else f"`{text}`"


def _meaning(name: str, field: FieldInfo) -> str | None:
    runtime = name in configuration.RuntimeValues.model_fields
    return configuration.runtime_mark(name).description if runtime else field.description


def test_folders_lie_in_the_data_folder_unless_models_have_their_own(tmp_path: Path) -> None:
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)
    own = load({"DATA_DIR": str(tmp_path), "ENGINE_MODELS_DIR": "/srv/models"}, env_file=None)

    assert [config.files_dir, config.models_dir, config.cache_dir, config.scratch_dir, config.logs_dir] == [
        tmp_path / name for name in ("files", "models", "cache", "scratch", "logs")
    ]
    assert own.models_dir == Path("/srv/models")
