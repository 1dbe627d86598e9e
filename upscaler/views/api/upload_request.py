"""A request that receives its files straight to disk."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO

from flask import Request

from upscaler.errors import TooManyFiles
from upscaler.views.api.form_parser import FormParser
from upscaler.views.context import services


class UploadRequest(Request):
    """A request whose files go to the data folder as they arrive, never into memory."""

    form_data_parser_class = FormParser

    @cached_property
    def received_files(self) -> list[IO[bytes]]:
        """The files so far, also those of a form that broke off and was never parsed to its end."""
        return []

    # Set by views that take several.
    most_files: int | None = None

    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        if self.most_files is not None and len(self.received_files) >= self.most_files:
            raise TooManyFiles(limit=self.most_files)
        # The one before has arrived in full. Only its name is needed from now on, and open files are few.
        for file in self.received_files[-1:]:
            file.close()
        # Removed by hand: the storage may have moved it away by then.
        folder = services().workspace.folder
        file = tempfile.NamedTemporaryFile(dir=folder, prefix="incoming-", delete=False)  # noqa: SIM115
        self.received_files.append(file)
        return file


def discard(files: list[IO[bytes]]) -> None:
    """Remove received files that were not moved away."""
    for file in files:
        Path(file.name).unlink(missing_ok=True)
        # What a full disk had no room for is not wanted any more.
        with suppress(OSError):
            file.close()
