"""What the media modules share of ffmpeg's filters."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.filter import Graph


def pulled(graph: Graph) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """What a graph has ready for now."""
    while True:
        try:
            yield graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
