"""Signed links: each opens one file until a given moment."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from upscaler.errors import InvalidSignature, LinkExpired


@dataclass(frozen=True)
class LinkSigner:
    """Makes and checks links to stored files.

    Attributes:
        keys: the service's secrets: the first one signs, all of them verify.
        ttl_seconds: how long a new link is valid.
    """

    keys: tuple[str, ...]
    ttl_seconds: int

    def path(self, storage_key: str, filename: str, now: float) -> str:
        """Return the path and query of a link to ``storage_key`` that offers the file as ``filename``."""
        # Rounded up to whole minutes, so that a page that polls sees one address and loads the image once.
        expires = -int(-(now + self.ttl_seconds) // 60) * 60
        query = urlencode(
            {
                "expires": expires,
                "name": filename,
                "signature": _signature(self.keys[0], storage_key, filename, expires),
            }
        )
        return f"/files/{quote(storage_key)}?{query}"

    def verify(self, storage_key: str, filename: str, expires: str, signature: str, now: float) -> None:
        """Check a link.

        Raises:
            InvalidSignature: a part of the link is missing or was changed.
            LinkExpired: the link is genuine, but its time is over.
        """
        if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
            raise InvalidSignature
        known = (_signature(key, storage_key, filename, int(expires)) for key in self.keys)
        if not any(hmac.compare_digest(expected.encode(), signature.encode()) for expected in known):
            raise InvalidSignature
        if now >= int(expires):
            raise LinkExpired


def _signature(key: str, storage_key: str, filename: str, expires: int) -> str:
    # Each part carries its length, so that no two different links share one text.
    parts = ("file", storage_key, filename, str(expires))
    message = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
