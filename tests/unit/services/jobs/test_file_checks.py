from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import RuntimeValues
from tests.support.photographs import save_photograph
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.inspector_pool import InspectorPool, inspectors_for
from upscaler.errors import (
    EmptyFile,
    FileTooLarge,
    FormatTooSmall,
    InvalidParameter,
    ResultTooLarge,
    TargetOutOfRange,
    TooManyPixels,
    UpscalerError,
)
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.jobs.file_checks import (
    check_file,
    check_image_size,
    check_result_size,
    checked_bytes,
    inspection_limits,
)

LIMITS = RuntimeValues(max_upload_size_bytes=1000, max_image_side=100, max_input_pixels=5000)
TWICE = UpscaleOptions("2x")


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InspectorPool]:
    inspector = InspectorPool(inspectors_for(tmp_path_factory.getbasetemp()))
    yield inspector
    inspector.close()


def test_an_accepted_file_is_returned_with_its_facts(inspector: InspectorPool, tmp_path: Path) -> None:
    path = save_photograph("astronaut", tmp_path / "astronaut.png", 40)
    incoming = IncomingFile(path, "astronaut.png")

    found = check_file(inspector, incoming, TWICE, RuntimeValues())

    assert found.incoming is incoming
    assert (found.info.width, found.info.height, found.info.mime_type) == (40, 40, "image/png")
    assert found.size_bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        (RuntimeValues(max_image_side=39), TooManyPixels),
        (RuntimeValues(max_input_pixels=1599), TooManyPixels),
        (RuntimeValues(max_output_pixels=6399), ResultTooLarge),
    ],
)
def test_a_file_beyond_a_limit_is_refused(
    inspector: InspectorPool, tmp_path: Path, limits: RuntimeValues, error: type[UpscalerError]
) -> None:
    path = save_photograph("astronaut", tmp_path / "astronaut.png", 40)

    with pytest.raises(error):
        check_file(inspector, IncomingFile(path, "cat.png"), TWICE, limits)


def test_a_name_that_contradicts_the_content_is_no_error(inspector: InspectorPool, tmp_path: Path) -> None:
    path = save_photograph("astronaut", tmp_path / "astronaut.png", 40)

    found = check_file(inspector, IncomingFile(path, "cat.jpg"), TWICE, RuntimeValues())

    assert found.info.mime_type == "image/png"


def test_the_size_of_a_file_lies_within_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(EmptyFile):
        checked_bytes(path, LIMITS)
    path.write_bytes(b"x" * 1000)
    assert checked_bytes(path, LIMITS) == 1000
    path.write_bytes(b"x" * 1001)
    with pytest.raises(FileTooLarge, match="1 kB"):
        checked_bytes(path, LIMITS)


@pytest.mark.parametrize(("frames", "series"), [("first", True), ("refuse", False)])
def test_the_inspector_gets_the_limits_in_force(frames: str, series: bool) -> None:
    limits = inspection_limits(LIMITS.model_copy(update={"frames": frames}))

    assert (limits.max_side, limits.max_pixels, limits.series) == (100, 5000, series)
    assert limits.allowed_mimes == LIMITS.allowed_mimes


def test_an_image_has_a_largest_side_and_a_largest_area() -> None:
    check_image_size(100, 50, LIMITS)
    with pytest.raises(TooManyPixels, match="No side may be longer than 100 pixels"):
        check_image_size(101, 1, LIMITS)
    with pytest.raises(TooManyPixels, match="No side may be longer than 100 pixels"):
        check_image_size(1, 101, LIMITS)
    with pytest.raises(TooManyPixels, match="up to 5,000 pixels"):
        check_image_size(100, 51, LIMITS)


def test_the_size_of_a_result_is_returned_up_to_its_limit() -> None:
    limits = RuntimeValues(max_output_pixels=4 * 100 * 50)

    assert check_result_size(100, 50, TWICE, limits) == (200, 100)
    with pytest.raises(ResultTooLarge):
        check_result_size(100, 51, TWICE, limits)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (UpscaleOptions("2x", output_format="webp"), FormatTooSmall),
        (UpscaleOptions("8x"), InvalidParameter),
        (UpscaleOptions("fit", target_width=8191), TargetOutOfRange),
        (UpscaleOptions("fit", target_width=16385), TargetOutOfRange),
    ],
)
def test_a_result_that_cannot_be_is_refused(options: UpscaleOptions, error: type[UpscalerError]) -> None:
    with pytest.raises(error):
        check_result_size(8192, 10, options, RuntimeValues(factors=("2x",)))
