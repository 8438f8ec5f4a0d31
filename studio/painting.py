"""Painting over a picture: the editor, what is on its canvas, and what was painted there."""

from __future__ import annotations

import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import cv2
import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import MediaError
from pipelines.media.images import image_size, read_alpha
from pipelines.types import Frame
from studio import tab_words
from studio.access.strokes import keep_apart

COLOUR = (240, 179, 90)  # the page's accent
LARGEST = 16_000_000  # pixels of a layer that is taken
CANVAS_SIDE = 1280  # pixels of the long side; finer strokes than that nobody paints

Canvas = dict[str, Any]  # what gradio's editor holds


def editor(label: str, **options: Any) -> gr.ImageEditor:
    """Where a person paints in one colour over a picture that is given by `canvas`."""
    colour = "#{:02x}{:02x}{:02x}".format(*COLOUR)
    editor = gr.ImageEditor(
        label=label,
        type="pil",
        sources=(),
        layers=False,
        transforms=(),
        brush=gr.Brush(default_size=24, colors=[colour], default_color=colour, color_mode="fixed"),
        height=360,
        elem_classes="s-media",
        **options,
    )
    editor.convert_and_format_image = _layer  # type: ignore[method-assign]
    keep_apart(editor)
    return editor


def _layer(file: FileData | bytes | None, flatten_on_white: bool = False) -> Image.Image | None:
    """A layer of a canvas as gradio hands it on, decoded where files are decoded. `flatten_on_white`: it is none, and
    nobody asks what lies under the paint. Raises MediaError."""
    if file is None or flatten_on_white:
        return None
    if isinstance(file, FileData):
        return _painted(Path(file.path))
    with NamedTemporaryFile(suffix=".png") as kept:
        kept.write(file)
        kept.flush()
        return _painted(Path(kept.name))


def _painted(path: Path) -> Image.Image:
    width, height = image_size(path)
    if width * height > LARGEST:
        raise MediaError(tab_words.CANVAS_TOO_LARGE.format(size=f"{width}x{height}"))
    alpha = read_alpha(path)
    if alpha is None:  # all of it
        alpha = np.full((height, width), 255, np.uint8)
    colour = np.broadcast_to(np.array(COLOUR, np.uint8), (*alpha.shape, 3))
    return Image.fromarray(np.dstack([colour, alpha]))


def canvas(folder: Path, picture: Frame, painted: NDArray[np.uint8] | None = None) -> Canvas:
    """The picture (H, W, 3) to paint on, with what is white in `painted` (H, W) painted already.

    Its parts are files in a `folder` of the person's, because gradio by itself keeps pictures where all can see them.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, CANVAS_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    ground = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    shown = _file(folder, "ground", ground)
    if painted is None:
        return blank(shown)
    marked = cv2.resize(painted, size, interpolation=cv2.INTER_NEAREST) > 127
    layer = np.zeros((*marked.shape, 4), np.uint8)
    layer[marked] = (*COLOUR, 255)
    composite = np.where(marked[..., None], layer[..., :3], ground)
    return {
        "background": shown,
        "layers": [_file(folder, "layer", layer)],
        "composite": _file(folder, "composite", composite),
    }


def blank(shown: str) -> Canvas:
    """A picture, a file, that nothing is painted on."""
    return {"background": shown, "layers": [], "composite": shown}


def _file(folder: Path, name: str, pixels: NDArray[np.uint8]) -> str:
    path = folder / f"{name}-{secrets.token_hex(8)}.png"
    Image.fromarray(pixels).save(path)
    return str(path)


def strokes(value: dict[str, Any] | None) -> NDArray[np.uint8] | None:
    """(H, W) uint8, 255 where any layer was painted; None where there is no canvas."""
    layers = [np.asarray(layer.convert("RGBA"))[..., 3] for layer in (value or {}).get("layers") or () if layer]
    if not layers:
        return None
    painted: NDArray[np.uint8] = np.where(np.maximum.reduce(layers) > 0, 255, 0).astype(np.uint8)
    return painted


def save_strokes(painted: NDArray[np.uint8], path: str, width: int, height: int) -> None:
    """Write what was painted as a mask picture of a size."""
    Image.fromarray(painted).resize((width, height), Image.Resampling.NEAREST).save(path)
