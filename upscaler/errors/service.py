"""What the service itself failed at."""

from __future__ import annotations

from upscaler.errors.base import N_, UpscalerError


class ServiceUnavailable(UpscalerError):
    status = 503
    code = "service_unavailable"
    title = N_("The service is not available right now")
    message = N_("Something that the service needs is not answering. Please try again in a moment.")


class StorageUnavailable(ServiceUnavailable):
    code = "storage_unavailable"
    title = N_("The storage is not available right now")
    message = N_("The place where images are kept is not answering. Please try again in a moment.")


class StorageFull(UpscalerError):
    status = 507
    code = "storage_full"
    title = N_("There is no room left")
    message = N_("The server has no room for more images right now. Please try again later.")


class EngineError(UpscalerError):
    """The upscaled image failed; the next attempt may succeed.

    Attributes:
        log_tail: last lines of the engine's log, for the operator and not for the public.
    """

    log_tail = ""
    code = "engine_failed"
    title = N_("The image could not be upscaled")
    message = N_("The upscaled image failed. Please try again.")


class EngineCrashed(EngineError):
    code = "engine_crashed"
    message = N_("The engine stopped unexpectedly (%(reason)s). Please try again.")


class EngineTimeout(EngineError):
    code = "timeout"
    title = N_("The upscaled image took too long")
    message = N_(
        "The upscaled image took longer than %(seconds)s seconds and was stopped. Please try a smaller image or factor."
    )


class EngineOutOfMemory(EngineError):
    code = "out_of_memory"
    title = N_("The upscaled image needed too much memory")
    message = N_(
        "The upscaled image needed more than %(limit)s of memory and was stopped. Please try a smaller image or factor."
    )


class EngineUnavailable(EngineError):
    status = 503
    code = "engine_unavailable"
    title = N_("No engine is available")
    message = N_("No engine can run on this machine: %(reason)s")


class OutputRejected(EngineError):
    code = "output_rejected"
    title = N_("The result did not pass its check")
    message = N_(
        "The result did not look right (%(reason)s) and was not kept. Please try again or choose another preset."
    )


class EngineCanceled(EngineError):
    status = 409
    code = "canceled"
    title = N_("The job was canceled")
    message = N_("The upscaled image was canceled.")
