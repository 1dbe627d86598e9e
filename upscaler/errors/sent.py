"""What is wrong with what a client sent."""

from __future__ import annotations

from typing import Any

from upscaler.errors.base import N_, UpscalerError


class InvalidRequest(UpscalerError):
    status = 400
    code = "invalid_request"
    title = N_("The request could not be understood")
    message = N_("Please check the request and send it again.")


class InvalidJson(InvalidRequest):
    code = "invalid_json"
    title = N_("Invalid JSON")
    message = N_("The body is not valid JSON: line %(line)s, column %(column)s.")


class MissingFile(InvalidRequest):
    parameter = "file"
    status = 422
    code = "missing_file"
    title = N_("No image was sent")
    message = N_('Please send an image in the form field "file", or its address in "url".')


class TwoImages(UpscalerError):
    parameter = "file"
    status = 422
    code = "two_images"
    title = N_("Two images were sent as one")
    message = N_('Please send either "file" or "url", not both.')


class FormTooLarge(UpscalerError):
    status = 413
    code = "form_too_large"
    title = N_("The form is too large")
    message = N_("The form has too many fields, or too long ones. Please send only those that the API knows.")


class EmptyFile(InvalidRequest):
    code = "empty_file"
    title = N_("The file is empty")
    message = N_("The file has no content. Please choose another one.")


class InvalidParameter(UpscalerError):
    parameter = "%(name)s"
    status = 422
    code = "invalid_parameter"
    title = N_("A parameter has a value that is not supported")
    message = N_('The value "%(value)s" is not supported for "%(name)s". Please use one of: %(choices)s.')


class MissingParameter(UpscalerError):
    parameter = "%(name)s"
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
    parameter = "model"
    code = "unknown_model"
    title = N_("There is no such model")
    message = N_('There is no model "%(name)s" here. Please choose another one, or leave it out.')


class UnknownParameter(UpscalerError):
    parameter = "%(name)s"
    status = 422
    code = "unknown_parameter"
    title = N_("A parameter is not known")
    message = N_('There is no parameter "%(name)s". Please leave it out.')


class NotAvailable(UpscalerError):
    parameter = "%(name)s"
    status = 422
    code = "not_available"
    title = N_("This server does not offer that")
    message = N_('"%(name)s" is not available on this server. Please leave it out.')


class MailNotOffered(NotAvailable):
    parameter = "email"
    title = N_("This service sends no e-mail")
    message = N_(
        'This service sends no e-mail. Please leave "email" out, and keep the link to the job instead.'
    )


class InvalidEmail(UpscalerError):
    parameter = "email"
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
        "This service fetches images from public addresses only, at the usual ports of the web. "
        "Please send the file itself."
    )


class FetchFailed(UpscalerError):
    status = 422
    code = "fetch_failed"
    title = N_("The image could not be fetched")
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
    title = N_("The image has too many pixels")
    message = N_(
        "The image is %(width)s x %(height)s pixels; at most %(limit)s are accepted. Please make it smaller first."
    )


class ResultTooLarge(UpscalerError):
    status = 422
    code = "result_too_large"
    title = N_("The result would have too many pixels")
    message = N_(
        "Upscaled, the image would be %(width)s x %(height)s pixels; at most %(limit)s are possible. "
        "Please choose a smaller factor or a smaller image."
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
    title = N_("That size cannot be made of this image")
    message = N_(
        "The image is %(width)s x %(height)s pixels; for that width or height it would grow %(ratio)s times. "
        "Please choose a size between 1 and %(most)s times the image's own."
    )


class CropOutside(UpscalerError):
    status = 422
    code = "crop_outside"
    title = N_("That piece lies outside the image")
    message = N_(
        "The image is %(width)s x %(height)s pixels; a piece that begins at %(left)s, %(top)s reaches beyond it. "
        "Please choose another place, or leave it out for the middle."
    )


class SeveralImages(UpscalerError):
    status = 422
    code = "several_images"
    title = N_("The file holds more than one image")
    message = N_(
        "The file holds %(count)s images, such as frames or pages, and this server takes single images only. "
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
    title = N_("The file is not an image of a supported kind")
    message = N_("Please send one of these kinds of image: %(formats)s.")


class ExtensionMismatch(UpscalerError):
    status = 415
    code = "extension_mismatch"
    title = N_("The file's name does not fit its content")
    message = N_(
        'The file is named "%(name)s" but holds an image of kind %(kind)s. Please rename it and send it again.'
    )


class DamagedImage(UpscalerError):
    status = 422
    code = "damaged_image"
    title = N_("The image is damaged")
    message = N_(
        "The file is incomplete or damaged and cannot be read to its end. Please send it again, or another copy."
    )


class ModelRefused(UpscalerError):
    status = 422
    code = "model_refused"
    title = N_("The model cannot be used")
    message = N_("The model was refused: its files cannot be read.")
