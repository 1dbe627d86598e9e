"""Accepting previews."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from upscaler.engine.imaging.crops import Crop
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import CropOutside, EmptyFile, InvalidParameter, PreviewNotFound, QueueFull
from upscaler.models import Preview, utcnow
from upscaler.services.audit import SYSTEM, Actor
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.jobs import quota
from upscaler.services.previews.requests import find
from upscaler.services.registry import Services

TWICE = UpscaleOptions("2x")
VISITOR = Actor(None, "", "192.0.2.7")


@pytest.fixture
def image(received: Path) -> Iterator[IncomingFile]:
    path = received / "in.png"
    Image.linear_gradient("L").resize((400, 300)).save(path)
    yield IncomingFile(path, "in.png")
    assert path.exists(), "what was sent belongs to the caller"


def test_only_the_piece_is_kept(
    services: Services, db_session: Session, image: IncomingFile, tmp_path: Path
) -> None:
    crop = Crop(100, 80, left=300)
    preview = submit(services, db_session, image, crop, presets=("photo", "art"))
    assert (preview.left, preview.top, preview.width, preview.height) == (300, 110, 100, 80)
    assert preview.id.startswith("pre_")
    assert preview.presets == ["photo", "art"]
    target = tmp_path / "kept.tiff"
    services.storage.fetch(preview.crop_path, target)
    with Image.open(target) as kept:
        assert kept.size == (100, 80)
    assert find(db_session, preview.id) is preview
    stored = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert len(stored) == 1


@pytest.mark.parametrize(
    ("crop", "options", "error"),
    [(Crop(left=399), TWICE, CropOutside), (Crop(), UpscaleOptions("8x"), InvalidParameter)],
)
def test_nothing_is_kept_of_what_is_refused(
    services: Services,
    db_session: Session,
    image: IncomingFile,
    tmp_path: Path,
    crop: Crop,
    options: UpscaleOptions,
    error: type[Exception],
) -> None:
    services.settings.update(db_session, SYSTEM, {"factors": ["2x", "4x"]})
    with pytest.raises(error):
        submit(services, db_session, image, crop, options)
    assert db_session.scalar(select(func.count()).select_from(Preview)) == 0
    assert list(tmp_path.rglob("*.tiff")) == []


def test_an_empty_file_is_refused_as_for_a_job(
    services: Services, db_session: Session, tmp_path: Path
) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(EmptyFile):
        submit(services, db_session, IncomingFile(tmp_path / "empty.png", "empty.png"))


def test_too_many_that_wait_are_too_many(
    services: Services, db_session: Session, image: IncomingFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "MAX_WAITING_PREVIEWS", 1)
    submit(services, db_session, image)
    with pytest.raises(QueueFull):
        submit(services, db_session, image)


def test_after_its_hour_a_preview_is_gone(
    services: Services, db_session: Session, image: IncomingFile
) -> None:
    preview = submit(services, db_session, image)
    preview.expires_at = utcnow() - timedelta(seconds=1)
    db_session.commit()
    for gone in (preview.id, "pre_unknown", "nul\0"):
        with pytest.raises(PreviewNotFound):
            find(db_session, gone)


def submit(
    services: Services,
    session: Session,
    image: IncomingFile,
    crop: Crop = Crop(),  # noqa: B008 - a crop does not change
    options: UpscaleOptions = TWICE,
    presets: Sequence[str] = ("photo",),
) -> Preview:
    """Store a preview of a visitor, and nothing else with it."""
    with services.previews.stored(session, image, crop, options, presets, VISITOR) as preview:
        return preview
