"""Small videos and pictures made in code, so that what a test expects of them is known exactly."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image

from pipelines.media.write import ordinary_priority
from pipelines.types import Frame, Frames, FrameStream, Mask

MATRICES = {  # tkhd display matrices: a, b, u, c, d, v, x, y, w
    "90": (0, 1, 0, -1, 0, 0, 0, 0, 1),
    "180": (-1, 0, 0, 0, -1, 0, 0, 0, 1),
    "270": (0, -1, 0, 1, 0, 0, 0, 0, 1),
    "mirror": (-1, 0, 0, 0, 1, 0, 0, 0, 1),
    "flip": (1, 0, 0, 0, -1, 0, 0, 0, 1),
    "transpose": (0, 1, 0, 1, 0, 0, 0, 0, 1),
}

TO_STORED = {  # what undoes each EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def picture(width: int, height: int, seed: int = 0) -> Frame:
    """A smooth colourful picture with a different colour in each corner, so that any turn or flip shows."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (4, 6, 3), dtype=np.uint8)
    frame = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    h, w = max(2, height // 4), max(2, width // 4)
    frame[:h, :w], frame[:h, -w:] = (230, 30, 30), (30, 230, 30)
    frame[-h:, :w], frame[-h:, -w:] = (30, 30, 230), (220, 220, 220)
    return frame


def moving_square(num_frames: int, width: int = 64, height: int = 48, step: float = 1.0) -> Frames:
    """A bright square that travels `step` pixels to the right per frame over a textured ground."""
    rng = np.random.default_rng(7)
    ground = cv2.GaussianBlur(rng.integers(0, 120, (height, width, 3), dtype=np.uint8), (0, 0), 2)
    side = height // 3
    texture = cv2.resize(rng.integers(150, 256, (4, 4, 3), dtype=np.uint8), (side, side))
    frames = np.empty((num_frames, height, width, 3), np.uint8)
    for index in range(num_frames):
        shift = np.float32([[1, 0, 4 + index * step], [0, 1, side]])
        frames[index] = cv2.warpAffine(
            texture, shift, (width, height), dst=ground.copy(), borderMode=cv2.BORDER_TRANSPARENT
        )
    return frames


def grey_levels(num_frames: int, width: int = 64, height: int = 48, step: int = 4) -> Frames:
    """Frame i is the flat grey 20 + step * i: its brightness tells which frame it is."""
    levels = 20 + step * np.arange(num_frames)
    return np.broadcast_to(levels[:, None, None, None], (num_frames, height, width, 3)).astype(np.uint8)


def stream_of(frames: Frames, rate: Fraction | int = 24, chunk: int = 5) -> FrameStream:
    """The frames as a stream, in chunks of `chunk`."""

    def chunks() -> Iterator[Frames]:
        for begin in range(0, len(frames), chunk):
            yield frames[begin : begin + chunk]

    return FrameStream(chunks(), frames.shape[2], frames.shape[1], Fraction(rate), len(frames))


def chunks_of(mask: Mask, chunk: int = 5) -> Iterator[Mask]:
    """A mask in chunks of `chunk`."""
    for begin in range(0, len(mask), chunk):
        yield mask[begin : begin + chunk]


def collect(stream: FrameStream) -> Frames:
    """Every frame of a stream."""
    return np.concatenate(list(stream.chunks))


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two uint8 arrays, in dB."""
    error = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return 10 * np.log10(255**2 / max(error, 1e-9))


def tone(seconds: float, rate: int = 48_000, onset: float = 0.0) -> np.ndarray:
    """(samples,) float32: silence until `onset` seconds, a 440 Hz tone after it."""
    time = np.arange(round(seconds * rate)) / rate
    return np.where(time >= onset, 0.5 * np.sin(2 * np.pi * 440 * time), 0).astype(np.float32)


def make_video(
    path: Path,
    frames: Frames,
    rate: Fraction | int = 24,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times: Sequence[float] | None = None,
    options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
    colour: tuple[int, int, int, int] = (1, 1, 1, 1),
    sound: np.ndarray | None = None,
    sound_codec: str = "aac",
) -> Path:
    """Encode frames as they are.

    `times` (seconds) makes the rate variable; `colour` is primaries, transfer, matrix, range.
    """
    with ordinary_priority(), av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(rate), options=options or {})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 90_000)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = colour
        audio = container.add_stream(sound_codec, rate=48_000, layout="mono") if sound is not None else None
        layout = "rgba" if frames.shape[3] == 4 else "rgb24"
        for index, picture_ in enumerate(frames):
            frame = _encodable(
                av.VideoFrame.from_ndarray(np.ascontiguousarray(picture_), format=layout), pixels, colour
            )
            frame.time_base = Fraction(1, 90_000) if times is not None else 1 / Fraction(rate)
            frame.pts = index if times is None else round(times[index] * 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None and sound is not None:
            encode_sound(container, audio, sound)
    return path


def _encodable(frame: av.VideoFrame, pixels: str, colour: tuple[int, int, int, int]) -> av.VideoFrame:
    if pixels.startswith("yuv"):
        frame = frame.reformat(
            format=pixels,
            dst_colorspace=Colorspace.ITU601 if colour[2] in (5, 6) else Colorspace.ITU709,
            dst_color_range=ColorRange(colour[3]),
            interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND,
        )
        frame.colorspace, frame.color_range = colour[2], colour[3]
    elif frame.format.name != pixels:
        frame = frame.reformat(format=pixels)
    return frame


def encode_sound(container: av.container.OutputContainer, stream: av.AudioStream, samples: np.ndarray) -> None:
    if stream.codec_context.name == "libopus" or stream.format.name.startswith("s16"):
        data, layout = (samples * 32767).astype(np.int16)[None], "s16"
    else:
        data, layout = samples[None], "fltp"
    frame = av.AudioFrame.from_ndarray(data, format=layout, layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def turn(path: Path, matrix: str) -> Path:
    """Rewrite the display matrix of the first track, as a phone held sideways would have written it."""
    data = bytearray(path.read_bytes())
    begin = data.index(b"tkhd") + 4
    offset = begin + 4 + (32 if data[begin] == 1 else 20) + 16
    scale = [1 << 30 if index % 3 == 2 else 1 << 16 for index in range(9)]
    values = [value * unit for value, unit in zip(MATRICES[matrix], scale, strict=True)]
    data[offset : offset + 36] = struct.pack(">9i", *values)
    path.write_bytes(data)
    return path
