import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.self_test import self_test
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings
from upscaler.errors import OutputRejected

PHOTO = MODELS["waifu2x-upconv7-photo"]


def test_a_sound_model_passes() -> None:
    self_test(LanczosBackend(EngineSettings(threads=1)).load(PHOTO))


def test_a_black_result_is_rejected() -> None:
    spoilt = SpoiltModel(LanczosBackend(EngineSettings(threads=1)).load(PHOTO), lambda result: result * 0)

    with pytest.raises(OutputRejected):
        self_test(spoilt)
