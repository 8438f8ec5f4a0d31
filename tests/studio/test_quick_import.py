"""Gradio is imported without the part that only editors need, and is whole all the same."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import ast, inspect
parsed, parse = [], ast.parse
ast.parse = lambda *given, **options: parsed.append(given) or parse(*given, **options)
from studio.quick_import import without_type_stubs
with {context}:
    import gradio
assert inspect.getfile(gradio.Textbox).endswith("textbox.py")
assert callable(gradio.Textbox.change)
print(sum("class Textbox" in str(source) for source, *_ in parsed))
"""


def _parses_of_its_own_source(context: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(context=context)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_gradio_does_not_parse_its_own_source_and_is_whole() -> None:
    assert _parses_of_its_own_source("without_type_stubs()") == 0
    assert _parses_of_its_own_source("__import__('contextlib').nullcontext()") > 0
