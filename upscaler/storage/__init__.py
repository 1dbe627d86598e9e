"""Where pictures are kept: one interface, and the places behind it."""

from upscaler.storage.base import Storage, StoredFile, make_key
from upscaler.storage.local import LocalStorage

__all__ = ["LocalStorage", "Storage", "StoredFile", "make_key"]
