"""Checks of received files and of image sizes against the limits in force, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config import RuntimeValues
from upscaler.engine.imaging import formats
from upscaler.engine.imaging.inspection import InspectionLimits
from upscaler.engine.imaging.opening import ImageInfo
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.inspector_pool import InspectorPool
from upscaler.errors import EmptyFile, FileTooLarge, ResultTooLarge, SideTooLong, TooManyPixels
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import readable_bytes


@dataclass(frozen=True)
class CheckedFile:
    """An accepted file with the facts about its image, and its size in bytes."""

    incoming: IncomingFile
    info: ImageInfo
    size_bytes: int


def check_file(
    inspector: InspectorPool, incoming: IncomingFile, options: UpscaleOptions, limits: RuntimeValues
) -> CheckedFile:
    """Inspect a received file.

    Raises:
        EmptyFile, FileTooLarge, UnsupportedImage, TooManyPixels, SeveralImages, DamagedImage:
            the file is refused.
        ResultTooLarge, FormatTooSmall, InvalidParameter, TargetOutOfRange: as ``check_result_size`` does.
    """
    size = checked_bytes(incoming.path, limits)
    info = inspector.inspect(incoming.path, inspection_limits(limits), incoming.filename)
    check_result_size(info.width, info.height, options, limits)
    return CheckedFile(incoming, info, size)


def checked_bytes(path: Path, limits: RuntimeValues) -> int:
    """Return the size of a received file in bytes; raise ``EmptyFile`` or ``FileTooLarge``."""
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile
    if size > limits.max_upload_size_bytes:
        raise FileTooLarge(limit=readable_bytes(limits.max_upload_size_bytes))
    return size


def inspection_limits(limits: RuntimeValues) -> InspectionLimits:
    """Return the limits in force as the inspector takes them."""
    return InspectionLimits(
        allowed_mimes=limits.allowed_mimes,
        max_side=limits.max_image_side,
        max_pixels=limits.max_input_pixels,
        series=limits.frames == "first",
    )


def check_image_size(width: int, height: int, limits: RuntimeValues) -> None:
    """Raise ``TooManyPixels`` or ``SideTooLong`` for an image of width x height pixels that would be refused."""
    if max(width, height) > limits.max_image_side:
        raise SideTooLong(width=width, height=height, limit=f"{limits.max_image_side:,}")
    if width * height > limits.max_input_pixels:
        raise TooManyPixels(width=width, height=height, limit=f"{limits.max_input_pixels:,}")


def check_result_size(
    width: int, height: int, options: UpscaleOptions, limits: RuntimeValues
) -> tuple[int, int]:
    """Return the size of the upscaled image in pixels.

    Raises:
        ResultTooLarge: it has more pixels than are allowed.
        FormatTooSmall: the output format cannot hold it.
        InvalidParameter, TargetOutOfRange: the factor is not offered, or the target size needs another one.
    """
    wide, high = options.result_size(width, height, limits.factors)
    if wide * high > limits.max_output_pixels:
        raise ResultTooLarge(width=wide, height=high, limit=f"{limits.max_output_pixels:,}")
    formats.check_result_size(wide, high, formats.format_named(options.output_format))
    return wide, high
