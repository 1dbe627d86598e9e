"""Failures of the service itself."""

from __future__ import annotations

from upscaler.errors.base import N_, UpscalerError


class ServiceUnavailable(UpscalerError):
    status = 503
    code = "service_unavailable"
    title = N_("Service unavailable")
    message = N_("The service isn't available right now. Try again in a moment.")


class ServiceBusy(ServiceUnavailable):
    code = "service_busy"
    title = N_("Service busy")
    message = N_("Many images are being received right now. Try again in a moment.")


class ScannerUnavailable(ServiceUnavailable):
    code = "scanner_unavailable"
    title = N_("Virus scanner unavailable")
    message = N_("Files can't be checked for viruses right now. Try again in a few minutes.")


class StorageUnavailable(ServiceUnavailable):
    code = "storage_unavailable"
    title = N_("Storage unavailable")
    message = N_("The storage isn't available right now. Try again in a moment.")


class StorageFull(UpscalerError):
    status = 507
    code = "storage_full"
    title = N_("Storage is full")
    message = N_("There's no space for more images right now. Try again later.")


class StoredFileDamaged(UpscalerError):
    """A stored file that is missing, or is not the one that was stored."""

    code = "stored_file_damaged"
    title = N_("Stored file damaged")
    message = N_("The stored file is damaged. Upload it again.")


class EngineError(UpscalerError):
    """The upscaled image failed; the next attempt may succeed.

    Attributes:
        log_tail: last lines of the engine's log, for the operator and not for the public.
    """

    log_tail = ""
    code = "engine_failed"
    title = N_("Upscaling failed")
    message = N_("The image couldn't be upscaled. Try again.")


class EngineCrashed(EngineError):
    code = "engine_crashed"
    message = N_("The image couldn't be upscaled: the engine stopped unexpectedly. Try again.")


class EngineTimeout(EngineError):
    code = "timeout"
    title = N_("Upscaling took too long")
    message = N_(
        "This took longer than %(seconds)s seconds, so we stopped it. Try a smaller image or factor."
    )


class EngineOutOfMemory(EngineError):
    code = "out_of_memory"
    title = N_("Out of memory")
    message = N_(
        "This needed more than %(limit)s of memory, so we stopped it. Try a smaller image or factor."
    )


class EngineUnavailable(EngineError):
    status = 503
    code = "engine_unavailable"
    title = N_("No engine available")
    message = N_("No engine can run on this server right now. Try again later.")


class OutputRejected(EngineError):
    code = "output_rejected"
    title = N_("Result rejected")
    message = N_("The result didn't pass our check, so we discarded it. Try again, or choose another preset.")


class EngineCanceled(EngineError):
    status = 409
    code = "canceled"
    title = N_("Job canceled")
    message = N_("The job was canceled.")
