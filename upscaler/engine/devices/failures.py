"""What a broken driver, library or device raises, and how to tell a lack of memory from the rest."""

from __future__ import annotations

from upscaler.errors import EngineError, OutputRejected

# None of it may stop the search for a backend that works.
FAILURES = (EngineError, ImportError, OSError, RuntimeError, ValueError, MemoryError)
# What libraries write into a RuntimeError: C++'s std::bad_alloc, OpenVINO, Vulkan's VK_ERROR_OUT_OF_DEVICE_MEMORY.
_NO_MEMORY = ("bad_alloc", "bad alloc", "out of memory", "out_of_", "allocate", "allocation")


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory could not be had."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(word in text for word in _NO_MEMORY)


def reason_of(error: BaseException, network: str) -> str:
    """Return one line on what went wrong with a network, for operators."""
    # The sentence around the reason speaks to whoever waits for an image.
    told = error.values["reason"] if isinstance(error, OutputRejected) else error
    return f"{network}: {told}" if str(told) else f"{network}: {type(error).__name__}"
