"""What sizes and lengths are taken, and the sentences that refuse the rest."""

from __future__ import annotations

from pipelines.errors import MediaError

MIN_SIDE = 16  # pixels
MAX_VIDEO_SIDE = 4096
MAX_IMAGE_PIXELS = 64_000_000  # of a picture, and of a frame of video
MAX_ASPECT = 8
MAX_PASSES = 200  # of a progressive JPEG; programs write about ten
MAX_SECONDS = 600.0  # of video used at once
MAX_RATE = 240  # frames per second


def check_video_size(name: str, width: int, height: int) -> None:
    """Raise MediaError for a video too small, too large or too narrow to work with."""
    if max(width, height) > MAX_VIDEO_SIDE:
        raise MediaError(
            f"{name} is {width}x{height} pixels; the longest side may be {MAX_VIDEO_SIDE}. Make it smaller first."
        )
    _check_shape(name, width, height)


def check_image_size(name: str, width: int, height: int) -> None:
    """Raise MediaError for a picture too small, too large or too narrow to work with."""
    if width * height > MAX_IMAGE_PIXELS:
        raise MediaError(f"{name} has more than {MAX_IMAGE_PIXELS // 1_000_000} million pixels. Make it smaller first.")
    _check_shape(name, width, height)


def check_passes(name: str, passes: int) -> None:
    """Raise MediaError for a JPEG whose pixels are gone over so often that it would take minutes."""
    if passes > MAX_PASSES:
        raise MediaError(
            f"{name} is drawn in {passes} passes; {MAX_PASSES} are the most. Save it again as an ordinary JPEG or PNG."
        )


def _check_shape(name: str, width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise MediaError(
            f"{name} is {width}x{height} pixels; each side must be at least {MIN_SIDE}. Choose a larger one."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise MediaError(
            f"{name} is {width}x{height} pixels; one side may be at most {MAX_ASPECT} times the other. Crop it first."
        )


def check_decodable(name: str, width: int, height: int) -> None:
    """Raise MediaError for a frame that would take too much memory even to look at."""
    if width * height > MAX_IMAGE_PIXELS:
        raise MediaError(f"{name} is {width}x{height} pixels, far too many. Make it smaller first.")
