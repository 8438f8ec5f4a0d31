"""The one error tree.

    SeptetError                 shown to the person as it is: names the value, the rule and what to do
    ├── InputError              the request cannot be done as asked
    │   └── MediaError          a file cannot be read, or is not what the mode needs
    ├── ModelMissing            the chosen model is not on disk, or its folder is incomplete
    ├── OutOfMemory             the device ran out of memory even after retrying with less
    ├── DiskFull                not enough room to write what was asked for
    ├── Cancelled               the person cancelled; raised from inside the denoising loop
    ├── QueueFull               the job desk takes no more work for now
    ├── UnknownJob              no such job
    └── StudioError             the studio cannot start: taken port, taken data folder, corrupt ledger

Anything else is a bug and keeps its traceback. `code` is stable and meant for programs.
"""


class SeptetError(Exception):
    """Base of everything a person may be shown. `str(error)` is one or two plain sentences."""

    code = "error"


class InputError(SeptetError):
    code = "bad_param"


class MediaError(InputError):
    code = "bad_media"


class ModelMissing(SeptetError):
    code = "model_missing"


class OutOfMemory(SeptetError):
    code = "oom"


class DiskFull(SeptetError):
    code = "disk_full"


class Cancelled(SeptetError):
    code = "cancelled"


class QueueFull(SeptetError):
    code = "queue_full"


class UnknownJob(SeptetError):
    code = "unknown_job"


class StudioError(SeptetError):
    code = "studio"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, ours or a library's, says that memory ran out. By name, so that torch need not be loaded."""
    words = str(error)
    return (
        isinstance(error, MemoryError | OutOfMemory)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in words
        or "not enough memory" in words
    )
