"""Errors of access: not signed in, not permitted, not found, or in conflict with the current state."""

from __future__ import annotations

from typing import Any

from upscaler.errors.base import N_, UpscalerError


class AuthenticationRequired(UpscalerError):
    status = 401
    code = "authentication_required"
    title = N_("Sign-in required")
    message = N_("Sign in and try again.")


class InvalidCredentials(AuthenticationRequired):
    code = "invalid_credentials"
    title = N_("Invalid credentials")
    message = N_("Invalid credentials.")


class TokenExpired(AuthenticationRequired):
    code = "token_expired"
    title = N_("Token expired")
    message = N_("This token has expired. Get a new one with your refresh token.")


class Forbidden(UpscalerError):
    status = 403
    code = "forbidden"
    title = N_("Not allowed")
    message = N_("Your account isn't allowed to do this. Ask an admin for access.")


class InsufficientScope(Forbidden):
    code = "insufficient_scope"
    title = N_("Missing scope")
    message = N_('Your API key needs the scope "%(scope)s" for this.')


class KeysNotAccepted(Forbidden):
    code = "keys_not_accepted"
    title = N_("API keys not accepted")
    message = N_("Sign in with your user name and password to do this.")


class InvalidSignature(Forbidden):
    code = "invalid_signature"
    title = N_("Invalid link")
    message = N_("This link is incomplete or was changed. Get a new one from the image's page.")


class LinkExpired(UpscalerError):
    status = 410
    code = "link_expired"
    title = N_("Link expired")
    message = N_("This link has expired. Get a new one from the image's page.")


class NotFound(UpscalerError):
    status = 404
    code = "not_found"
    title = N_("Page not found")
    message = N_("This page doesn't exist. Check the address.")


class JobNotFound(NotFound):
    code = "job_not_found"
    title = N_("Job not found")
    message = N_("This job doesn't exist. It may have been deleted.")


class PreviewNotFound(NotFound):
    code = "preview_not_found"
    title = N_("Preview not found")
    message = N_("This preview doesn't exist. Previews are kept for an hour.")


class UploadNotFound(NotFound):
    code = "upload_not_found"
    title = N_("Upload not found")
    message = N_("This upload doesn't exist. It may have been deleted.")


class BatchNotFound(NotFound):
    code = "batch_not_found"
    title = N_("Batch not found")
    message = N_("This batch doesn't exist. It may have been deleted.")


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    title = N_("Delivery not found")
    message = N_("This delivery doesn't exist. It may have been deleted.")


class KeyNotFound(NotFound):
    code = "key_not_found"
    title = N_("Key not found")
    message = N_("This key doesn't exist. It may have been revoked.")


class AccountNotFound(NotFound):
    code = "account_not_found"
    title = N_("Account not found")
    message = N_("This account doesn't exist. It may have been deleted.")


class ModelNotFound(NotFound):
    code = "model_not_found"
    title = N_("Model not found")
    message = N_("This model doesn't exist. It may have been deleted.")


class FileGone(UpscalerError):
    status = 410
    code = "file_deleted"
    title = N_("File deleted")
    message = N_("This file was deleted. Upload the image again.")


class MethodNotAllowed(UpscalerError):
    status = 405
    code = "method_not_allowed"
    title = N_("Method not allowed")
    message = N_("Use one of: %(methods)s.")


class JobConflict(UpscalerError):
    status = 409
    code = "job_conflict"
    title = N_("Wrong job state")
    message = N_("This job has already ended.")


class BatchConflict(UpscalerError):
    status = 409
    code = "batch_conflict"
    title = N_("Wrong batch state")
    message = N_("No image in this batch is ready yet. Try again later.")


class DeliveryConflict(UpscalerError):
    status = 409
    code = "delivery_conflict"
    title = N_("Can't resend")
    message = N_(
        "This message is being sent right now, or its recipient was deleted. Reload the page to see which."
    )


class InvalidAccount(UpscalerError):
    """An invalid field of an account; ``parameter`` names it."""

    status = 422
    code = "invalid_account"
    title = N_("Invalid account")
    message = N_("Check your entries.")
    parameter: str

    def __init__(self, field: str, message: str, **values: Any) -> None:
        super().__init__(message, **values)
        self.parameter = field


class InvalidKey(UpscalerError):
    """An invalid field of a key, which ``parameter`` names; None where the account has too many keys."""

    status = 422
    code = "invalid_key"
    title = N_("Invalid key")
    message = N_("Check your entries.")

    def __init__(self, field: str | None, message: str, **values: Any) -> None:
        super().__init__(message, **values)
        self.parameter = field


class AccountConflict(UpscalerError):
    status = 409
    code = "account_conflict"
    title = N_("Account protected")
    message = N_("The service needs at least one active admin. Make another account an admin first.")


class ModelConflict(UpscalerError):
    status = 409
    code = "model_conflict"
    title = N_("Model exists")
    message = N_('A model named "%(name)s" already exists. Choose another name, or delete that model first.')


class ModelProtected(UpscalerError):
    status = 409
    code = "model_protected"
    title = N_("Model protected")
    message = N_("The model %(name)s is bundled with the service and can't be changed.")


class RequestInProgress(UpscalerError):
    status = 409
    code = "request_in_progress"
    title = N_("Request in progress")
    message = N_("A request with this Idempotency-Key is in progress. Try again in a moment.")


class IdempotencyConflict(UpscalerError):
    status = 422
    code = "idempotency_conflict"
    title = N_("Idempotency-Key reused")
    message = N_("This Idempotency-Key was used for a different request. Use a new one.")


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
    title = N_("Queue full")
    message = N_("Too many images are waiting right now. Try again in a few minutes.")
