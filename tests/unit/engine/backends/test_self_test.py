import numpy as np
import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.self_test import self_test
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings
from upscaler.errors import OutputRejected

PHOTO = MODELS["waifu2x-upconv7-photo"]


def test_a_sound_model_passes() -> None:
    self_test(LanczosBackend(EngineSettings(threads=1)).load(PHOTO))


def test_a_black_result_is_rejected() -> None:
    spoilt = SpoiltModel(LanczosBackend(EngineSettings(threads=1)).load(PHOTO), lambda result: result * 0)

    with pytest.raises(OutputRejected):
        self_test(spoilt)


@pytest.mark.parametrize("model", [PHOTO, MODELS["span-x2"]], ids=lambda model: model.name)
def test_numbers_that_are_not_finite_are_rejected(model: Model) -> None:
    sound = LanczosBackend(EngineSettings(threads=1)).load(model)

    with pytest.raises(OutputRejected, match="not finite"):
        self_test(SpoiltModel(sound, lambda result: result * np.float32("nan")))
