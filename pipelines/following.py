"""Two ways to point at a subject and to follow it: outlines and optical flow, always there, and SAM 2 where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from pipelines.carrying import MaskCarrier
from pipelines.pointing import Mark, MaskFrame, pointed_mask
from pipelines.sam import Sam, find_sam
from pipelines.types import Frame


class Follower(Protocol):
    """What a track is made with; masks are (H, W) uint8, 255 where the subject is."""

    def pointed(self, frame: Frame, marks: Sequence[Mark], before: MaskFrame | None = None) -> MaskFrame:
        """The mask that marks choose on a frame, or correct."""

    def carrier(self, mask: MaskFrame) -> Callable[[Frame], MaskFrame]:
        """What gives the mask of one frame after the other; the first is the one the mask belongs to."""


class Outlines:
    """By outlines, colours and optical flow: quick, and without torch."""

    def pointed(self, frame: Frame, marks: Sequence[Mark], before: MaskFrame | None = None) -> MaskFrame:
        """See `pointed_mask`."""
        return pointed_mask(frame, marks, before)

    def carrier(self, mask: MaskFrame) -> Callable[[Frame], MaskFrame]:
        """See `MaskCarrier`."""
        return MaskCarrier(mask)


OUTLINES = Outlines()


def follower_in(models_dir: Path) -> Follower:
    """The best way there is: SAM 2 where its weights are among the models."""
    folder = find_sam(models_dir)
    return OUTLINES if folder is None else Sam(folder)
