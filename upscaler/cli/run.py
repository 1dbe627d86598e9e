"""A run: one image after another, a line for each, and a summary."""

from __future__ import annotations

import errno
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import IO

from upscaler.cli.inputs import Source
from upscaler.cli.interruption import Interruption
from upscaler.cli.plan import PlannedImage
from upscaler.cli.staging import RESULTS, TEMPORARY, staged
from upscaler.cli.terminal import complain, say, shown
from upscaler.cli.upscaling import ImageUpscaler, Upscaled, UpscaleFailed, UpscaleInterrupted


class Outcome(Enum):
    """What became of an image; the value is the word of the summary."""

    UPSCALED = "upscaled"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Rules:
    """What a run does about results that exist, and what it prints.

    Attributes:
        extension: of results, without the dot.
        overwrite: replace results that exist.
        skip_existing: leave them, also for images that were named themselves.
        quiet: print errors only.

    """

    extension: str
    overwrite: bool = False
    skip_existing: bool = False
    quiet: bool = False


@dataclass
class Run:
    """The work on several images: a failure of one does not stop the others.

    Attributes:
        rules: what to do about results that exist.
        sources: the inputs: none is ever overwritten.
        stdout: standard output, where the result goes there.
        counts: the number of images so far with each outcome.

    """

    rules: Rules
    sources: Sequence[Source]
    stdout: IO[bytes] | None = None
    counts: Counter[Outcome] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._inputs = frozenset(
            filter(None, (file_id(source.path) for source in self.sources if not source.is_standard))
        )

    def do(self, images: Sequence[PlannedImage], upscaler: ImageUpscaler, interrupted: Interruption) -> None:
        """Upscale images until all are done or the program is interrupted."""
        for image in images:
            if interrupted():
                return
            try:
                self.counts[self._outcome(image, upscaler, interrupted)] += 1
            except (UpscaleInterrupted, KeyboardInterrupt):
                return
            except UpscaleFailed as error:
                self.fail(str(image.source), str(error))
            except OSError as error:
                self.fail(str(image.source), _reason(error, image))
            except MemoryError:
                self.fail(str(image.source), "there is not enough memory")

    def fail(self, name: str, reason: str) -> None:
        """Count a failure, and print its reason in one line."""
        self.counts[Outcome.FAILED] += 1
        complain(f"{shown(name)}: {shown(reason)}")

    def summary(self) -> str:
        """Return what became of the images, such as "3 upscaled, 1 failed"."""
        parts = [f"{self.counts[outcome]} {outcome.value}" for outcome in Outcome if self.counts[outcome]]
        return ", ".join(parts) or "nothing to do"

    def _outcome(self, image: PlannedImage, upscaler: ImageUpscaler, interrupted: Interruption) -> Outcome:
        if image.target is not None and os.path.lexists(image.target) and self._skips(image):
            self._say(f"{shown(image.target)} exists: skipped")
            return Outcome.SKIPPED
        if image.target is not None:
            self._prepare(image.target)
        staging = staged(image, self.rules.extension, self.stdout, interrupted)
        with self._progress(image.source) as show, staging as files:
            result = upscaler.upscale(files, show, interrupted)
        self._report(image, result)
        return Outcome.UPSCALED

    def _skips(self, image: PlannedImage) -> bool:
        """Return whether a result that exists is left as it is: by default for the images of folders."""
        wanted = self.rules.skip_existing or image.source.folder is not None
        return wanted and not self.rules.overwrite

    def _prepare(self, target: Path) -> None:
        """Make the folder of a result.

        Raises:
            UpscaleFailed: what exists under its name must not be replaced.
        """
        if file_id(target) in self._inputs:
            raise UpscaleFailed(f"{target} is an input and is not overwritten")
        if os.path.lexists(target):
            if target.exists() and not target.is_file():
                raise UpscaleFailed(f"{target} exists and is no file")
            if not self.rules.overwrite:
                raise UpscaleFailed(
                    f"{target} exists; add --overwrite to replace it, or --skip-existing to leave it"
                )
        target.parent.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def _progress(self, source: Source) -> Iterator[Callable[[float], None]]:
        """Yield a function that shows the part of the work that is done, on a terminal only."""
        from tqdm import tqdm  # noqa: PLC0415 - only now, so that --help answers at once

        hidden = self.rules.quiet or sys.stderr is None or not sys.stderr.isatty()
        with tqdm(
            total=100, desc=shown(Path(str(source)).name), unit="%", disable=hidden, leave=False
        ) as bar:

            def show(done: float) -> None:
                bar.update(round(100 * done) - bar.n)

            yield show

    def _report(self, image: PlannedImage, result: Upscaled) -> None:
        name = "standard output" if image.target is None else shown(image.target)
        self._say(f"{name} ({result.width} x {result.height})")
        for change in result.changed:
            self._say(f"  {shown(change)}")

    def _say(self, line: str) -> None:
        if not self.rules.quiet:
            say(line)


def file_id(path: Path) -> tuple[int, int] | None:
    """Return what identifies a file under all its names: links, and other cases where these make no difference."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _reason(error: OSError, image: PlannedImage) -> str:
    """Return why a file could not be read or written, with its name where it is not that of the image."""
    if error.errno == errno.EPIPE:
        return "standard output was closed"
    reason, name = error.strerror or str(error), os.fspath(error.filename or "")
    if image.target is not None and f"/{RESULTS}/" in name:
        return f"{reason}: {image.target.parent}"
    return f"{reason}: {name}" if name and TEMPORARY not in name else reason
