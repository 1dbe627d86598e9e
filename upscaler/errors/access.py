"""Who asks, and for what: it is not theirs, not there, not now, or not again."""

from __future__ import annotations

from typing import Any

from upscaler.errors.base import N_, UpscalerError


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
    message = N_("This link was changed or is incomplete. Please get a new one from the page of the image.")


class LinkExpired(UpscalerError):
    status = 410
    code = "link_expired"
    title = N_("The link has expired")
    message = N_("This link was only valid for a while. Please get a new one from the page of the image.")


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


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    title = N_("Unknown delivery")
    message = N_("There is no such delivery. It may have been deleted.")


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
    message = N_("The file is no longer kept. Please send the image again.")


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
    message = N_("No image of this batch is completed yet. Please wait a little.")


class DeliveryConflict(UpscalerError):
    status = 409
    code = "delivery_conflict"
    title = N_("The message cannot be sent again")
    message = N_("The message is still on its way, or its address was deleted. Nothing was changed.")


class InvalidAccount(UpscalerError):
    """What was entered for an account cannot be used; ``parameter`` names the field."""

    status = 422
    code = "invalid_account"
    title = N_("The account cannot be saved like this")
    message = N_("Please check what was entered.")
    parameter: str

    def __init__(self, field: str, message: str, **values: Any) -> None:
        super().__init__(message, **values)
        self.parameter = field


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


class ModelProtected(UpscalerError):
    status = 409
    code = "model_protected"
    title = N_("The model is part of the service")
    message = N_("The model %(name)s is part of the service and stays as it is.")


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
    message = N_("Too many requests. Try again later.")


class TooManyImages(RateLimited):
    """A request with more images than are left of the rate limit."""

    message = N_("This request has more images than your limit still allows. Send fewer, or try again later.")


class QueueFull(UpscalerError):
    status = 429
    code = "queue_full"
    title = N_("The queue is full")
    message = N_("Too many images are waiting right now. Please try again in a few minutes.")
