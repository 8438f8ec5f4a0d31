"""Gradio's import in half its time.

While its components are defined, gradio parses its own source again and again to write type stubs beside it, for the
editors of people who program with it. A person who waits for a page has no use for them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def without_type_stubs() -> Iterator[None]:
    """Inside, gradio's classes have no source file, which is what makes it pass over a class's stub."""
    source_of = inspect.getfile

    def getfile(subject: Any) -> str:
        if str(getattr(subject, "__module__", "")).partition(".")[0] == "gradio":
            raise OSError("no stub wanted")
        return source_of(subject)

    with patch.object(inspect, "getfile", getfile):
        yield
