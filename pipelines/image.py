"""What the modes that start from a picture share: its shape decides the clip's; it is cropped, never stretched."""

from __future__ import annotations

from pathlib import Path

from pipelines.media.images import fit_cover, image_size, read_image
from pipelines.types import Frame


def image_aspect(path: str) -> float:
    """Width over height of a picture file. Raises MediaError."""
    width, height = image_size(Path(path))
    return width / height


def image_frame(path: str, width: int, height: int) -> Frame:
    """The picture as one frame, scaled to cover width x height and cropped at the centre. Raises MediaError."""
    return fit_cover(read_image(Path(path)), width, height)
