from __future__ import annotations

import pytest
from limits import parse_many

from config import Config, ConfigError, load
from upscaler.errors import InvalidParameter
from upscaler.services.settings.definitions import DEFINITIONS

# A text for each setting that may be used, and one that may not.
NUMBER = {"good": " 999 ", "bad": "many"}
RATE = {"good": "1/second; 100 per 2 days", "bad": "often"}
TEXTS = {
    **{key: NUMBER for key, it in DEFINITIONS.items() if it.schema["type"] == "integer"},
    **{key: RATE for key, it in DEFINITIONS.items() if "pattern" in it.schema},
    "max_upload_size_bytes": {"good": "2_000_000", "bad": "2 MB"},
    "max_batch_size_bytes": {"good": "2000000.0", "bad": "-5"},
    "allowed_mimes": {"good": "image/png, image/jpeg", "bad": "text/html"},
    "frames": {"good": " refuse", "bad": "all"},
    "factors": {"good": "4x,2x", "bad": "2x, 16x"},
    "default_preset": {"good": "photo", "bad": "magic"},
    "require_login": {"good": "On", "bad": "perhaps"},
}


def test_every_setting_has_a_text_here() -> None:
    assert set(TEXTS) == set(DEFINITIONS)


@pytest.mark.parametrize("key", DEFINITIONS)
def test_the_environment_and_the_console_read_the_same_text_in_the_same_way(key: str) -> None:
    good, bad = TEXTS[key]["good"], TEXTS[key]["bad"]

    assert DEFINITIONS[key].parse(good) == getattr(load({key.upper(): good}, env_file=None), key)
    assert DEFINITIONS[key].parse(good) != getattr(load({}, env_file=None), key)
    with pytest.raises(ConfigError, match=key.upper()):
        load({key.upper(): bad}, env_file=None)
    with pytest.raises(InvalidParameter):
        DEFINITIONS[key].parse(bad)


@pytest.mark.parametrize(
    ("text", "value"), [("on", True), ("OFF", False), ("true", True), (" False ", False)]
)
def test_a_switch_takes_both_pairs_of_words(text: str, value: bool) -> None:
    assert load({"REQUIRE_LOGIN": text}, env_file=None).require_login is value
    assert DEFINITIONS["require_login"].parse(text) is value


@pytest.mark.parametrize(
    "text", ["10 per hour", "10/hour", "1/second; 100 per 2 days", "5 per minute|9 per day"]
)
def test_a_rate_is_one_that_the_limiter_reads(text: str) -> None:
    assert parse_many(str(DEFINITIONS["rate_limit"].parse(text)))


def test_settings_of_one_group_stand_together() -> None:
    groups = [it.mark.group for it in DEFINITIONS.values()]

    assert [group for number, group in enumerate(groups) if group not in groups[:number]] == [
        group for number, group in enumerate(groups) if number == 0 or group != groups[number - 1]
    ]


def test_the_configuration_has_every_runtime_setting() -> None:
    assert set(DEFINITIONS) <= set(Config.model_fields)
