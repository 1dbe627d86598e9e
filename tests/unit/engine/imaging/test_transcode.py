from __future__ import annotations

from dataclasses import replace

import pytest

from upscaler.engine.imaging import transcode
from upscaler.engine.imaging.formats import HEIC, JPEG, PNG, WEBP
from upscaler.engine.imaging.image_format import Writer
from upscaler.engine.imaging.transcode import check_writers, save_options, writer_of
from upscaler.errors import EngineUnavailable


def test_every_format_of_the_table_can_be_written_here():
    check_writers.__wrapped__()


@pytest.mark.parametrize(
    "writer",
    [
        Writer("nosuchsave"),
        Writer("webpsave", {"no_such_option": 1}),
        Writer("heifsave", {"compression": "no such codec"}),
    ],
)
def test_a_format_that_cannot_be_written_stops_the_engine_at_its_start(monkeypatch, writer):
    monkeypatch.setattr(transcode, "FORMATS", (PNG, replace(WEBP, writer=writer)))
    with pytest.raises(EngineUnavailable, match="WebP files cannot be written"):
        check_writers.__wrapped__()


def test_a_format_without_a_quality_is_not_given_one():
    assert "Q" not in save_options(PNG, 50)
    assert (save_options(JPEG, None)["Q"], save_options(JPEG, 50)["Q"]) == (92, 50)


def test_a_format_that_is_only_read_has_no_writer():
    with pytest.raises(ValueError, match="HEIC files are not written"):
        writer_of(HEIC)
