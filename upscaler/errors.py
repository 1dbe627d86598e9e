"""Every error that a person or a client may see: a status, a stable code, and words that say what to do.

Messages are templates in English. Whoever shows one translates the template first and fills in ``values`` afterwards,
so that translators see whole sentences. ``N_`` marks them for extraction without translating.
"""

from __future__ import annotations

from typing import Any


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools use for "mark, translate later"
    """Mark a message for the translation catalogue; return it unchanged."""
    return message


class UpscalerError(Exception):
    """Base of the tree.

    Attributes:
        status: HTTP status code.
        code: stable, machine-readable name, listed in ``docs/api.md``.
        title: short English summary, the same for every occurrence of the code.
        message: English template of what happened and what to do, with ``%(name)s`` placeholders.
        values: what fills the placeholders.
    """

    status = 500
    code = "internal_error"
    title = N_("Something went wrong on our side")
    message = N_("The request could not be completed. Please try again in a moment.")

    def __init__(self, message: str | None = None, **values: Any) -> None:
        self.message = message if message is not None else type(self).message
        self.values = values
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        """The message in English, filled in."""
        return self.message % self.values if self.values else self.message


# What a client sent


class InvalidRequest(UpscalerError):
    status = 400
    code = "invalid_request"
    title = N_("The request could not be understood")
    message = N_("Please check the request and send it again.")


class MissingFile(InvalidRequest):
    status = 422
    code = "missing_file"
    title = N_("No picture was sent")
    message = N_('Please send a picture in the form field "file", or its address in "url".')


class TwoPictures(UpscalerError):
    status = 422
    code = "two_pictures"
    title = N_("Two pictures were sent as one")
    message = N_('Please send either "file" or "url", not both.')


class EmptyFile(InvalidRequest):
    code = "empty_file"
    title = N_("The file is empty")
    message = N_("The file has no content. Please choose another one.")


class InvalidParameter(UpscalerError):
    status = 422
    code = "invalid_parameter"
    title = N_("A parameter has a value that is not supported")
    message = N_('The value "%(value)s" is not supported for "%(name)s". Please use one of: %(choices)s.')


class MissingParameter(UpscalerError):
    status = 422
    code = "missing_parameter"
    title = N_("A parameter is missing")
    message = N_('Please send the parameter "%(name)s".')


class UnusableParameter(InvalidParameter):
    """A value that is not one of a few; it is not repeated, for it may be a secret."""

    message = N_(
        'The value of "%(name)s" cannot be used. The documentation of the API says what is expected.'
    )


class UnknownModel(InvalidParameter):
    code = "unknown_model"
    title = N_("There is no such model")
    message = N_('There is no model "%(name)s" here. Please choose another one, or leave it out.')


class UnknownParameter(UpscalerError):
    status = 422
    code = "unknown_parameter"
    title = N_("A parameter is not known")
    message = N_('There is no parameter "%(name)s". Please leave it out.')


class NotAvailable(UpscalerError):
    status = 422
    code = "not_available"
    title = N_("This server does not offer that")
    message = N_('"%(name)s" is not available on this server. Please leave it out.')


class MailNotOffered(NotAvailable):
    title = N_("This service sends no e-mail")
    message = N_(
        'This service sends no e-mail. Please leave "email" out, and keep the link to the job instead.'
    )


class InvalidEmail(UpscalerError):
    status = 422
    code = "invalid_email"
    title = N_("That is not an e-mail address")
    message = N_("Please check the e-mail address, or leave it out.")


class InvalidUrl(UpscalerError):
    """An address on the web that cannot be used; ``parameter`` is where it came in."""

    status = 422
    code = "invalid_url"
    title = N_("That address cannot be used")
    message = N_('"%(name)s" must be a complete address that begins with http:// or https://.')
    parameter = "url"

    def __init__(self, message: str | None = None, **values: Any) -> None:
        super().__init__(message, name=self.parameter, **values)


class InvalidCallbackUrl(InvalidUrl):
    code = "invalid_callback_url"
    title = N_("That callback_url cannot be used")
    parameter = "callback_url"


class UrlNotAllowed(UpscalerError):
    status = 422
    code = "url_not_allowed"
    title = N_("That address is not fetched from")
    message = N_(
        "This service fetches pictures from public addresses only, at the usual ports of the web. "
        "Please send the file itself."
    )


class FetchFailed(UpscalerError):
    status = 422
    code = "fetch_failed"
    title = N_("The picture could not be fetched")
    message = N_(
        "No complete answer came from that address. Please check it and try again, or send the file itself."
    )


class FileTooLarge(UpscalerError):
    status = 413
    code = "file_too_large"
    title = N_("The file is too large")
    message = N_("A file may have at most %(limit)s. Please choose a smaller one.")


class TooManyPixels(UpscalerError):
    status = 422
    code = "too_many_pixels"
    title = N_("The picture has too many pixels")
    message = N_(
        "The picture is %(width)s x %(height)s pixels; at most %(limit)s are accepted. Please make it smaller first."
    )


class ResultTooLarge(UpscalerError):
    status = 422
    code = "result_too_large"
    title = N_("The result would have too many pixels")
    message = N_(
        "Enlarged, the picture would be %(width)s x %(height)s pixels; at most %(limit)s are possible. "
        "Please choose a smaller factor or a smaller picture."
    )


class FormatTooSmall(ResultTooLarge):
    code = "format_too_small"
    title = N_("That kind of file cannot hold the result")
    message = N_(
        "The result would be %(width)s x %(height)s pixels; a %(kind)s file holds at most %(limit)s. "
        "Please choose one of these kinds of file instead: %(choices)s."
    )


class TargetOutOfRange(UpscalerError):
    status = 422
    code = "target_out_of_range"
    title = N_("That size cannot be made of this picture")
    message = N_(
        "The picture is %(width)s x %(height)s pixels; for that width or height it would grow %(ratio)s times. "
        "Please choose a size between 1 and %(most)s times the picture's own."
    )


class CropOutside(UpscalerError):
    status = 422
    code = "crop_outside"
    title = N_("That piece lies outside the picture")
    message = N_(
        "The picture is %(width)s x %(height)s pixels; a piece that begins at %(left)s, %(top)s reaches beyond it. "
        "Please choose another place, or leave it out for the middle."
    )


class SeveralPictures(UpscalerError):
    status = 422
    code = "several_pictures"
    title = N_("The file holds more than one picture")
    message = N_(
        "The file holds %(count)s pictures, such as frames or pages, and this server takes single pictures only. "
        "Please save the one you want as a file of its own."
    )


class BatchTooLarge(FileTooLarge):
    code = "batch_too_large"
    title = N_("The batch is too large")
    message = N_(
        "The files of a batch may have at most %(limit)s together, packed and unpacked. Please send fewer at once."
    )


class TooManyFiles(UpscalerError):
    status = 422
    code = "too_many_files"
    title = N_("The batch has too many files")
    message = N_("A batch may have at most %(limit)s files. Please send them in several batches.")


class InvalidArchive(UpscalerError):
    status = 422
    code = "invalid_archive"
    title = N_("The ZIP file cannot be read")
    message = N_("The ZIP file is incomplete or damaged. Please pack it again.")


class BatchRefused(UpscalerError):
    status = 422
    code = "batch_refused"
    title = N_("None of the files can be used")
    message = N_("None of the files can be used: %(files)s. Nothing was kept.")


class UnsupportedImage(UpscalerError):
    status = 415
    code = "unsupported_image"
    title = N_("The file is not a picture of a supported kind")
    message = N_("Please send one of these kinds of picture: %(formats)s.")


class ExtensionMismatch(UpscalerError):
    status = 415
    code = "extension_mismatch"
    title = N_("The file's name does not fit its content")
    message = N_(
        'The file is named "%(name)s" but holds a picture of kind %(kind)s. Please rename it and send it again.'
    )


class DamagedImage(UpscalerError):
    status = 422
    code = "damaged_image"
    title = N_("The picture is damaged")
    message = N_(
        "The file is incomplete or damaged and cannot be read to its end. Please send it again, or another copy."
    )


class ModelRefused(UpscalerError):
    status = 422
    code = "model_refused"
    title = N_("The model cannot be used")
    message = N_("The model was refused: its files cannot be read.")


# Who asks, and for what


class AuthenticationRequired(UpscalerError):
    status = 401
    code = "authentication_required"
    title = N_("Please sign in")
    message = N_("This needs an account. Please sign in and try again.")


class InvalidCredentials(AuthenticationRequired):
    code = "invalid_credentials"
    title = N_("You could not be signed in")
    message = N_("The name, the password, the token or the key is not right, or is no longer valid.")


class TokenExpired(AuthenticationRequired):
    code = "token_expired"
    title = N_("The token has expired")
    message = N_("This token was only valid for a while. Please get a new one with your refresh token.")


class Forbidden(UpscalerError):
    status = 403
    code = "forbidden"
    title = N_("This is not allowed")
    message = N_("Your account may not do this.")


class InsufficientScope(Forbidden):
    code = "insufficient_scope"
    title = N_("The key has no right to do this")
    message = N_('This needs the right "%(scope)s", which your API key does not have.')


class KeysNotAccepted(Forbidden):
    code = "keys_not_accepted"
    title = N_("An API key may not do this")
    message = N_("Please sign in with your name and password to do this.")


class InvalidSignature(Forbidden):
    code = "invalid_signature"
    title = N_("The link is not valid")
    message = N_("This link was changed or is incomplete. Please get a new one from the page of the picture.")


class LinkExpired(UpscalerError):
    status = 410
    code = "link_expired"
    title = N_("The link has expired")
    message = N_("This link was only valid for a while. Please get a new one from the page of the picture.")


class NotFound(UpscalerError):
    status = 404
    code = "not_found"
    title = N_("Not found")
    message = N_("There is nothing at this address.")


class JobNotFound(NotFound):
    code = "job_not_found"
    title = N_("Unknown job")
    message = N_("There is no such job. It may have been deleted.")


class PreviewNotFound(NotFound):
    code = "preview_not_found"
    title = N_("Unknown preview")
    message = N_("There is no such preview. Previews are kept for an hour.")


class UploadNotFound(NotFound):
    code = "upload_not_found"
    title = N_("Unknown upload")
    message = N_("There is no such upload. It may have been deleted.")


class BatchNotFound(NotFound):
    code = "batch_not_found"
    title = N_("Unknown batch")
    message = N_("There is no such batch. It may have been deleted.")


class KeyNotFound(NotFound):
    code = "key_not_found"
    title = N_("Unknown key")
    message = N_("There is no such key. It may have been revoked.")


class AccountNotFound(NotFound):
    code = "account_not_found"
    title = N_("Unknown account")
    message = N_("There is no such account. It may have been deleted.")


class ModelNotFound(NotFound):
    code = "model_not_found"
    title = N_("Unknown model")
    message = N_("There is no such model. It may have been deleted.")


class FileGone(UpscalerError):
    status = 410
    code = "file_gone"
    title = N_("The file was deleted")
    message = N_("The file is no longer kept. Please send the picture again.")


class MethodNotAllowed(UpscalerError):
    status = 405
    code = "method_not_allowed"
    title = N_("This address does not support that method")
    message = N_("Please use one of: %(methods)s.")


class JobConflict(UpscalerError):
    status = 409
    code = "job_conflict"
    title = N_("The job is in the wrong state for this")
    message = N_('The job is "%(status)s" and cannot be changed that way.')


class BatchConflict(UpscalerError):
    status = 409
    code = "batch_conflict"
    title = N_("The batch is in the wrong state for this")
    message = N_("No picture of this batch is completed yet. Please wait a little.")


class DeliveryConflict(UpscalerError):
    status = 409
    code = "delivery_conflict"
    title = N_("The message cannot be sent again")
    message = N_("The message is still on its way, or its address was deleted. Nothing was changed.")


class InvalidAccount(UpscalerError):
    """What was entered for an account cannot be used; ``field`` says where."""

    status = 422
    code = "invalid_account"
    title = N_("The account cannot be saved like this")
    message = N_("Please check what was entered.")

    def __init__(self, field: str, message: str, **values: Any) -> None:
        self.field = field
        super().__init__(message, **values)


class InvalidKey(UpscalerError):
    status = 422
    code = "invalid_key"
    title = N_("The key cannot be made like this")
    message = N_("Please check what was entered.")


class AccountConflict(UpscalerError):
    status = 409
    code = "account_conflict"
    title = N_("This account must stay as it is")
    message = N_("This would leave the service without an admin.")


class ModelConflict(UpscalerError):
    status = 409
    code = "model_conflict"
    title = N_("There is a model of that name already")
    message = N_('There is a model "%(name)s" already. Please choose another name, or delete that one first.')


class RequestInProgress(UpscalerError):
    status = 409
    code = "request_in_progress"
    title = N_("The first request is still at work")
    message = N_("A request with this Idempotency-Key is being worked on. Please ask again in a moment.")


class IdempotencyConflict(UpscalerError):
    status = 422
    code = "idempotency_conflict"
    title = N_("The key was used for another request")
    message = N_("This Idempotency-Key came with other parameters before. Please choose a new one.")


class RateLimited(UpscalerError):
    status = 429
    code = "rate_limited"
    title = N_("Too many requests")
    message = N_("The limit of %(limit)s is used up. Please wait a little and try again.")


class QueueFull(UpscalerError):
    status = 429
    code = "queue_full"
    title = N_("The queue is full")
    message = N_("Too many pictures are waiting right now. Please try again in a few minutes.")


# What the service itself failed at


class ServiceUnavailable(UpscalerError):
    status = 503
    code = "service_unavailable"
    title = N_("The service is not available right now")
    message = N_("Something that the service needs is not answering. Please try again in a moment.")


class StorageUnavailable(ServiceUnavailable):
    code = "storage_unavailable"
    title = N_("The storage is not available right now")
    message = N_("The place where pictures are kept is not answering. Please try again in a moment.")


class StorageFull(UpscalerError):
    status = 507
    code = "storage_full"
    title = N_("There is no room left")
    message = N_("The server has no room for more pictures right now. Please try again later.")


class EngineError(UpscalerError):
    """The enlargement failed; the next attempt may succeed.

    Attributes:
        log_tail: last lines of the engine's log, for the operator and not for the public.
    """

    log_tail = ""
    code = "engine_failed"
    title = N_("The picture could not be enlarged")
    message = N_("The enlargement failed. Please try again.")


class EngineCrashed(EngineError):
    code = "engine_crashed"
    message = N_("The engine stopped unexpectedly (%(reason)s). Please try again.")


class EngineTimeout(EngineError):
    code = "timeout"
    title = N_("The enlargement took too long")
    message = N_(
        "The enlargement took longer than %(seconds)s seconds and was stopped. Please try a smaller picture or factor."
    )


class EngineOutOfMemory(EngineError):
    code = "out_of_memory"
    title = N_("The enlargement needed too much memory")
    message = N_(
        "The enlargement needed more than %(limit)s of memory and was stopped. Please try a smaller picture or factor."
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
    message = N_("The enlargement was canceled.")
