"""What an effect is: a small frozen dataclass that turns one stream of frames into another, chunk by chunk."""

from __future__ import annotations

from typing import Protocol

from pipelines.types import FrameStream


class Effect(Protocol):
    """One step of finishing. It must stream: memory may not grow with the length of the clip."""

    def apply(self, stream: FrameStream) -> FrameStream:
        """The same clip, changed; size, rate and number of frames of the result are stated up front."""
        ...


def finish(stream: FrameStream, effects: tuple[Effect, ...]) -> FrameStream:
    """Run the effects in order."""
    for effect in effects:
        stream = effect.apply(stream)
    return stream
