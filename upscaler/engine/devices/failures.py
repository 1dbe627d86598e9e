"""The exceptions of a broken driver, library or device, and which of them mean a lack of memory."""

from __future__ import annotations

from upscaler.errors import EngineError, OutputRejected

# None of them may stop the search for a backend that works.
FAILURES = (EngineError, ImportError, OSError, RuntimeError, ValueError, MemoryError)
# What libraries write into a RuntimeError: C++'s std::bad_alloc, OpenVINO, Vulkan's VK_ERROR_OUT_OF_DEVICE_MEMORY.
_NO_MEMORY = ("bad_alloc", "bad alloc", "out of memory", "out_of_", "allocate", "allocation")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory could not be allocated."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(word in text for word in _NO_MEMORY)


def reason_of(error: BaseException, model: str) -> str:
    """Return one line on what went wrong with a model, for operators."""
    # The sentence around the reason addresses the visitor who waits for an image.
    reason = error.values["reason"] if isinstance(error, OutputRejected) else error
    return f"{model}: {reason}" if str(reason) else f"{model}: {type(error).__name__}"
