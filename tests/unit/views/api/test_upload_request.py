from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder

from tests.support.leftovers import files_in
from upscaler.errors import TooManyFiles
from upscaler.views.api.upload_request import UploadRequest, discard


@pytest.fixture
def sent(app: Flask) -> Iterator[UploadRequest]:
    """A form with two files that are still to be received."""
    files = [(io.BytesIO(content), f"{content.decode()}.png") for content in (b"a", b"b")]
    with app.app_context():
        yield UploadRequest(EnvironBuilder(method="POST", data={"file": files}).get_environ())


def test_files_go_to_the_scratch_folder_and_are_discarded(app: Flask, sent: UploadRequest) -> None:
    assert len(sent.files.getlist("file")) == 2
    paths = [Path(file.name) for file in sent.received_files]

    assert {path.parent for path in paths} == {app.extensions["upscaler"].workspace.folder}
    sent.received_files[-1].flush()
    assert [path.read_bytes() for path in paths] == [b"a", b"b"]
    discard(sent.received_files)
    assert files_in(app.extensions["config"].scratch_dir) == []
    sent.close()


def test_one_file_more_than_is_taken_ends_the_form(sent: UploadRequest) -> None:
    sent.most_files = 1

    with pytest.raises(TooManyFiles):
        _ = sent.files
    assert len(sent.received_files) == 1
    discard(sent.received_files)
