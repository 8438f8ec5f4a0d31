"""What a person gives the page as a picture or paints on it reaches Septet as it came, decoded in a child."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio.components.image_editor import EditorData, EditorDataBlobs
from gradio.data_classes import FileData, ImageData
from PIL import Image

from pipelines.errors import MediaError
from pipelines.media import confined
from studio import components, painting
from studio.forms import Form


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[10:20, 30:50] = (*painting.COLOUR, 255)
    Image.fromarray(pixels).save(tmp_path / "layer.png")
    return tmp_path / "layer.png"


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch) -> gr.ImageEditor:
    with gr.Blocks():
        editor = painting.editor("Paint")
    if confined.decodes_apart():
        monkeypatch.setattr(Image, "open", lambda *_args, **_options: pytest.fail("decoded here"))
    return editor


def test_strokes_in_a_file_are_read(editor: gr.ImageEditor, layer: Path) -> None:
    file = FileData(path=str(layer))
    value = editor.preprocess(EditorData(background=file, layers=[file], composite=file))
    painted = painting.strokes(value)
    assert painted is not None and painted.shape == (48, 64)
    assert painted.sum() == 255 * 200 and painted[10:20, 30:50].all()


def test_strokes_on_their_way_in_memory_are_read(editor: gr.ImageEditor, layer: Path) -> None:
    data = layer.read_bytes()
    editor.blob_storage["mine"] = EditorDataBlobs(background=data, layers=[data], composite=data)
    value = editor.preprocess(EditorData(background=None, layers=[], composite=None, id="mine"))
    painted = painting.strokes(value)
    assert painted is not None and painted.sum() == 255 * 200


def test_a_canvas_painted_all_over_is_all_marked(editor: gr.ImageEditor, tmp_path: Path) -> None:
    Image.fromarray(np.full((48, 64, 4), 255, np.uint8)).save(tmp_path / "full.png")
    file = FileData(path=str(tmp_path / "full.png"))
    painted = painting.strokes(editor.preprocess(EditorData(background=None, layers=[file], composite=None)))
    assert painted is not None and painted.all() and painted.shape == (48, 64)


def test_a_layer_that_is_no_picture_is_refused(editor: gr.ImageEditor, tmp_path: Path) -> None:
    (tmp_path / "layer.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0")
    file = FileData(path=str(tmp_path / "layer.png"))
    with pytest.raises(MediaError, match="not a picture"):
        editor.preprocess(EditorData(background=None, layers=[file], composite=None))


@pytest.mark.parametrize("content", ["transparent", "damaged"])
def test_a_picture_reaches_the_pipeline_as_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    saved = BytesIO()
    Image.fromarray(np.zeros((16, 16, 4), np.uint8)).save(saved, "PNG")
    given = saved.getvalue() if content == "transparent" else b"damaged"
    path = tmp_path / "given.png"
    path.write_bytes(given)
    with gr.Blocks():
        widget = components.image_input(Form("image-to-video"), "image")
    monkeypatch.setattr(Image, "open", lambda *_args, **_options: pytest.fail("decoded here"))
    assert widget.preprocess(ImageData(path=str(path), orig_name="given.png")) == str(path)
    assert path.read_bytes() == given
    assert widget.preprocess(None) is None
