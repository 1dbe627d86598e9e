"""Storage for images: one interface, and the backends behind it."""

from upscaler.storage.base import Presentation, Storage, StorageSettingsError, StoredFile, make_key
from upscaler.storage.local import LocalStorage

__all__ = ["LocalStorage", "Presentation", "Storage", "StorageSettingsError", "StoredFile", "make_key"]
