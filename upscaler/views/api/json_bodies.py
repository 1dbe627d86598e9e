"""Bodies of JSON."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from upscaler.errors import N_, InvalidJson, InvalidRequest

_NO_OBJECT = N_("The body must be a JSON object.")


def json_body() -> dict[str, Any]:
    """Return the body, an object in JSON whatever its ``Content-Type`` says; an empty body is an empty object.

    Raises:
        InvalidJson: the body is no JSON; the error names the place.
        InvalidRequest: it is no object, nested far too deeply, or holds what is no text.
    """
    sent = request.get_data(cache=True)
    if not sent:
        return {}
    try:
        body = json.loads(sent)
        # Half of a pair of surrogates is text for JSON, and for nothing that it is compared with or stored in.
        json.dumps(body, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise InvalidJson(line=error.lineno, column=error.colno) from None
    except (RecursionError, UnicodeError):
        raise InvalidRequest from None
    if not isinstance(body, dict):
        raise InvalidRequest(_NO_OBJECT)
    return body
