"""The settings that an admin may change while the service runs: one marked field for each.

The environment gives their first values, the console and the API change them, and all three read the same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from config.kinds import OneOf, Rate, SomeOf, Switch, WholeNumber
from upscaler.engine.imaging.formats import INPUT_MIME_TYPES
from upscaler.engine.options import FACTORS, PRESETS
from upscaler.errors import N_

# What becomes of a file with several images.
FRAMES = ("first", "refuse")

BYTES, PIXELS, JOBS, DAYS, SECONDS = N_("bytes"), N_("pixels"), N_("jobs"), N_("days"), N_("seconds")
IMAGES, OUTPUT, RATES, KEEPING, ACCESS = (
    N_("Images"),
    N_("Upscaling"),
    N_("Rate limits"),
    N_("Queue and retention"),
    N_("Access"),
)


@dataclass(frozen=True)
class Runtime:
    """Mark of a setting that can be changed while the service runs. All texts are message ids of the translations.

    Attributes:
        label: the setting's name in the console.
        group: the heading under which the console shows it.
        unit: the unit of its number, or nothing.
        help: what the label leaves open, or nothing.
    """

    label: str
    group: str
    unit: str = ""
    help: str = ""

    @property
    def description(self) -> str:
        """The sentence of the README and of the API reference."""
        named = self.label[0].lower() + self.label[1:] + (f", in {self.unit}" if self.unit else "")
        return f"{named}: {self.help}" if self.help else named


class RuntimeValues(BaseModel):
    """The values of the runtime settings. A field's name in upper case is the name of its environment variable."""

    model_config = ConfigDict(frozen=True, validate_default=True)

    max_upload_size_bytes: Annotated[WholeNumber, Runtime(N_("Maximum file size"), IMAGES, BYTES)] = Field(
        15_000_000, ge=1_000, le=1 << 40
    )
    max_batch_files: Annotated[
        WholeNumber,
        Runtime(N_("Maximum files per batch"), IMAGES, help=N_("sent together or in one ZIP file")),
    ] = Field(100, ge=1, le=1_000)
    max_batch_size_bytes: Annotated[
        WholeNumber, Runtime(N_("Maximum batch size"), IMAGES, BYTES, N_("as sent and as unpacked"))
    ] = Field(500_000_000, ge=1_000, le=1 << 40)
    allowed_mimes: Annotated[
        tuple[str, ...],
        SomeOf(INPUT_MIME_TYPES),
        Runtime(N_("Accepted image formats"), IMAGES, help=N_("as media types")),
    ] = INPUT_MIME_TYPES
    max_image_side: Annotated[WholeNumber, Runtime(N_("Maximum width and height"), IMAGES, PIXELS)] = Field(
        8_000, ge=16, le=100_000
    )
    max_input_pixels: Annotated[
        WholeNumber, Runtime(N_("Maximum image size"), IMAGES, PIXELS, N_("width times height"))
    ] = Field(64_000_000, ge=256, le=10**10)
    frames: Annotated[
        str,
        OneOf(FRAMES),
        Runtime(
            N_("Animations and multi-page files"),
            IMAGES,
            help=N_("first upscales their first image and says so in the receipt; refuse refuses them"),
        ),
    ] = FRAMES[0]

    max_output_pixels: Annotated[
        WholeNumber, Runtime(N_("Maximum result size"), OUTPUT, PIXELS, N_("width times height"))
    ] = Field(256_000_000, ge=256, le=10**11)
    factors: Annotated[
        tuple[str, ...],
        SomeOf(FACTORS),
        Runtime(N_("Factors"), OUTPUT, help=N_("3x takes as long as 4x; 8x takes up to five times as long")),
    ] = FACTORS
    default_preset: Annotated[
        str,
        OneOf(PRESETS),
        Runtime(N_("Default preset"), OUTPUT, help=N_("used when a request doesn't choose one")),
    ] = PRESETS[0]

    rate_limit: Annotated[
        Rate, Runtime(N_("Uploads per address"), RATES, help=N_("such as 10 per hour; off for no limit"))
    ] = "10 per hour"
    account_rate_limit: Annotated[
        Rate, Runtime(N_("Uploads per account"), RATES, help=N_("such as 100 per day; off for no limit"))
    ] = "100 per day"
    preview_rate_limit: Annotated[
        Rate,
        Runtime(
            N_("Preview rate limit"),
            RATES,
            help=N_("per account or address, such as 60 per hour; off for no limit"),
        ),
    ] = "60 per hour"
    poll_rate_limit: Annotated[
        Rate,
        Runtime(
            N_("Polling rate limit"),
            RATES,
            help=N_(
                "other API calls per account or address, such as 600 per minute; off for no limit",
            ),
        ),
    ] = "600 per minute"

    queue_limit: Annotated[
        WholeNumber,
        Runtime(N_("Queue limit"), KEEPING, JOBS, N_("further uploads are answered with status 429")),
    ] = Field(1_000, ge=1, le=10**7)
    visitor_keep_days: Annotated[
        WholeNumber,
        Runtime(
            N_("Retention for visitors"),
            KEEPING,
            DAYS,
            N_("counted from the end of the job; 0 keeps images until someone deletes them"),
        ),
    ] = Field(0, ge=0, le=36_500)
    account_keep_days: Annotated[
        WholeNumber,
        Runtime(
            N_("Retention for accounts"),
            KEEPING,
            DAYS,
            N_("counted from the end of the job; 0 keeps images until someone deletes them"),
        ),
    ] = Field(0, ge=0, le=36_500)
    link_ttl_seconds: Annotated[WholeNumber, Runtime(N_("Link lifetime"), KEEPING, SECONDS)] = Field(
        86_400, ge=60, le=10**8
    )

    require_login: Annotated[
        Switch,
        Runtime(
            N_("Require sign-in"),
            ACCESS,
            help=N_("on closes the site and the API to visitors without an account"),
        ),
    ] = False


def runtime_mark(name: str) -> Runtime:
    """Return the mark of the runtime setting of that name; raise ``KeyError`` for an unknown one."""
    field = RuntimeValues.model_fields[name]
    return next(item for item in field.metadata if isinstance(item, Runtime))
