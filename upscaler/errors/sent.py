"""Errors in a request: its files, parameters and URLs."""

from __future__ import annotations

from typing import Any

from upscaler.errors.base import N_, UpscalerError


class InvalidRequest(UpscalerError):
    status = 400
    code = "invalid_request"
    title = N_("Invalid request")
    message = N_("Check the request and send it again.")


class UntrustedHost(InvalidRequest):
    code = "untrusted_host"
    title = N_("Unknown address")
    message = N_("The service isn't reached under this address. Use the one that you were given.")


class InvalidJson(InvalidRequest):
    code = "invalid_json"
    title = N_("Invalid JSON")
    message = N_("The body is not valid JSON: line %(line)s, column %(column)s.")


class MissingFile(InvalidRequest):
    parameter = "file"
    status = 422
    code = "missing_file"
    title = N_("Missing image")
    message = N_('Send an image in the field "file", or its URL in "url".')


class TwoImages(UpscalerError):
    parameter = "file"
    status = 422
    code = "two_images"
    title = N_("Two images")
    message = N_('Send either "file" or "url", not both.')


class FormTooLarge(UpscalerError):
    status = 413
    code = "form_too_large"
    title = N_("Form too large")
    message = N_("The form has too many fields, or its fields are too long. Send fewer or shorter ones.")


class EmptyFile(InvalidRequest):
    code = "empty_file"
    title = N_("Empty file")
    message = N_("This file is empty. Choose another one.")


class InvalidParameter(UpscalerError):
    parameter = "%(name)s"
    status = 422
    code = "invalid_parameter"
    title = N_("Invalid parameter value")
    message = N_('"%(value)s" isn\'t a valid value for "%(name)s". Use one of: %(choices)s.')


class MissingParameter(UpscalerError):
    parameter = "%(name)s"
    status = 422
    code = "missing_parameter"
    title = N_("Missing parameter")
    message = N_('The parameter "%(name)s" is required.')


class UnusableParameter(InvalidParameter):
    """A value that is not one of a few; it is not repeated, for it may be a secret."""

    message = N_('The value of "%(name)s" is invalid. See the API documentation.')


class UnknownModel(InvalidParameter):
    parameter = "model"
    code = "unknown_model"
    title = N_("Unknown model")
    message = N_('This service has no model "%(name)s". Choose another one, or leave it out.')


class UnknownParameter(UpscalerError):
    parameter = "%(name)s"
    status = 422
    code = "unknown_parameter"
    title = N_("Unknown parameter")
    message = N_('There is no parameter "%(name)s". Check its name, or leave it out.')


class NotAvailable(UpscalerError):
    parameter = "%(name)s"
    status = 422
    code = "not_available"
    title = N_("Not available")
    message = N_('"%(name)s" isn\'t available on this server. Leave it out.')


class MailNotOffered(NotAvailable):
    parameter = "email"
    title = N_("No e-mail")
    message = N_('This service doesn\'t send e-mail. Leave "email" out and keep the link to the job.')


class InvalidEmail(UpscalerError):
    parameter = "email"
    status = 422
    code = "invalid_email"
    title = N_("Invalid e-mail address")
    message = N_("Check the e-mail address, or leave it out.")


class InvalidUrl(UpscalerError):
    """An address on the web that cannot be used; ``parameter`` is where it came in."""

    status = 422
    code = "invalid_url"
    title = N_("Invalid URL")
    message = N_('"%(name)s" must be a complete URL that starts with http:// or https://.')
    parameter = "url"

    def __init__(self, message: str | None = None, **values: Any) -> None:
        super().__init__(message, name=self.parameter, **values)


class InvalidCallbackUrl(InvalidUrl):
    code = "invalid_callback_url"
    title = N_("Invalid callback URL")
    parameter = "callback_url"


class UrlNotAllowed(UpscalerError):
    status = 422
    code = "url_not_allowed"
    title = N_("URL not allowed")
    message = N_("Images can only be fetched from public addresses. Upload the file instead.")


class FetchFailed(UpscalerError):
    status = 422
    code = "fetch_failed"
    title = N_("Can't fetch image")
    message = N_("That URL didn't return an image. Check it, or upload the file instead.")


class FileTooLarge(UpscalerError):
    status = 413
    code = "file_too_large"
    title = N_("File too large")
    message = N_("Files can be up to %(limit)s. Choose a smaller one.")


class TooManyPixels(UpscalerError):
    status = 422
    code = "too_many_pixels"
    title = N_("Image too large")
    message = N_(
        "The image is %(width)s x %(height)s pixels. It may have up to %(limit)s pixels. Make it smaller first."
    )


class SideTooLong(TooManyPixels):
    message = N_(
        "The image is %(width)s x %(height)s pixels. No side may be longer than %(limit)s pixels. "
        "Make it smaller first."
    )


class ResultTooLarge(UpscalerError):
    status = 422
    code = "result_too_large"
    title = N_("Result too large")
    message = N_(
        "The result would be %(width)s x %(height)s pixels. The limit is %(limit)s pixels. Choose a smaller "
        "factor or image."
    )


class FormatTooSmall(ResultTooLarge):
    code = "format_limit_exceeded"
    title = N_("Result too large for the format")
    message = N_(
        "The result would be %(width)s x %(height)s pixels. A %(kind)s file holds up to %(limit)s pixels. "
        "Choose one of: %(choices)s."
    )


class TargetOutOfRange(UpscalerError):
    status = 422
    code = "target_out_of_range"
    title = N_("Target size out of range")
    message = N_(
        "The image is %(width)s x %(height)s pixels, and the target is %(ratio)s times that. Choose "
        "a size between 1 and %(most)s times the image's own."
    )


class CropOutside(UpscalerError):
    status = 422
    code = "crop_outside"
    title = N_("Crop outside the image")
    message = N_(
        "The image is %(width)s x %(height)s pixels, and a crop at %(left)s, %(top)s reaches beyond "
        "it. Choose another position, or leave it out for the middle."
    )


class SeveralImages(UpscalerError):
    status = 422
    code = "several_images"
    title = N_("Several images in the file")
    message = N_(
        "The file holds %(count)s images (frames or pages), but this server takes single images "
        "only. Save the one you want as its own file."
    )


class BatchTooLarge(FileTooLarge):
    code = "batch_too_large"
    title = N_("Batch too large")
    message = N_(
        "The files of a batch can be up to %(limit)s in total, packed or unpacked. Send fewer files."
    )


class TooManyFiles(UpscalerError):
    status = 422
    code = "too_many_files"
    title = N_("Too many files")
    message = N_("A batch can have up to %(limit)s files. Split it into several batches.")


class InvalidArchive(UpscalerError):
    status = 422
    code = "invalid_archive"
    title = N_("Invalid ZIP file")
    message = N_("The ZIP file is incomplete or damaged. Create it again.")


class BatchRefused(UpscalerError):
    status = 422
    code = "batch_rejected"
    title = N_("No usable file")
    message = N_("None of the files can be used: %(files)s. Nothing was stored.")


class UnsupportedImage(UpscalerError):
    status = 415
    code = "unsupported_image"
    title = N_("Unsupported format")
    message = N_("This isn't an image in a supported format. Use one of: %(formats)s.")


class UnsupportedLayout(UpscalerError):
    """A whole file, of an accepted format, whose pixels are not known to be read right.

    ``kind`` names the format and ``layout`` what is not supported.
    """

    status = 415
    code = "unsupported_layout"
    title = N_("Unsupported layout")
    message = N_(
        "This %(kind)s file isn't damaged, but it can't be read reliably (%(layout)s). Save it as a PNG or JPEG "
        "and send that."
    )


class Infected(UpscalerError):
    status = 422
    code = "infected"
    title = N_("Malware found")
    message = N_(
        "The virus scanner found something harmful in this file, so it wasn't kept. Check where it comes from, "
        "or send another image."
    )


class TooComplexImage(UpscalerError):
    status = 422
    code = "too_complex"
    title = N_("Image takes too long to read")
    message = N_(
        "This file takes too long to read. Open it in an image editor, save it as a PNG or JPEG and send that."
    )


class DamagedImage(UpscalerError):
    status = 422
    code = "damaged_image"
    title = N_("Damaged image")
    message = N_("The file is incomplete or damaged. Try again, or use another copy.")


class ModelRefused(UpscalerError):
    status = 422
    code = "model_rejected"
    title = N_("Model rejected")
    message = N_("The model's files can't be read. Check them and send them again.")
