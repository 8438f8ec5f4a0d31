"""The motion brush of the page: what is painted becomes mask files, and comes back as paint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.motion.brush import MAX_BRUSHES, painted
from studio import painting
from studio.jobs.inputs import sha256_of
from studio.person import LOCAL
from studio.shelf import Shelf
from studio.tabs import image_to_video
from studio.tabs.base import Page
from tests.studio.rooms import called_by, handler, quiet_shelf

WIDTH, HEIGHT = 192, 128
LEFT = np.s_[:, : WIDTH // 2]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path)
    yield shelf
    shelf.desk.close()


@pytest.fixture
def page() -> gr.Blocks:
    return gr.Blocks()


@pytest.fixture
def tab(shelf: Shelf, page: gr.Blocks) -> image_to_video.ImageToVideoTab:
    with page:
        tab = image_to_video.build(Page(shelf, shelf.desk.model))
    assert isinstance(tab, image_to_video.ImageToVideoTab)
    return tab


@pytest.fixture
def photo(tmp_path: Path) -> str:
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def untouched(tab: image_to_video.ImageToVideoTab, photo: str) -> dict[Any, Any]:
    """What gradio would hand a handler of a tab that has only been given a picture."""
    return {widget: getattr(widget, "value", None) for widget in tab.widgets} | {tab.form.widget("image"): photo}


def paint(where: Any, side: tuple[int, int] = (HEIGHT, WIDTH)) -> dict[str, Any]:
    layer = np.zeros((*side, 4), np.uint8)
    layer[where] = (240, 179, 90, 255)
    return {"background": None, "layers": [Image.fromarray(layer)], "composite": None}


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_without_a_brush_nothing_is_asked(tab, photo) -> None:
    assert tab.collect(untouched(tab, photo), LOCAL)["brushes"] == []


def test_what_is_painted_becomes_a_mask_of_the_pictures_size_with_its_strengths(tab, photo) -> None:
    brushes = tab.brushes
    values = untouched(tab, photo) | {
        brushes.count: 2,
        brushes.editors[0]: paint(np.s_[:, :48], (HEIGHT // 2, WIDTH // 2)),
        brushes.strengths[0]["horizontal"]: -4.5,
        brushes.editors[1]: paint(np.s_[5:9]),
        brushes.strengths[1]["ambient"]: 3,
    }
    first, second = tab.collect(values, LOCAL)["brushes"]
    assert (first["horizontal"], first["ambient"], second["ambient"]) == (-4.5, 0.0, 3.0)
    mask = painted(Path(first["mask"]))
    assert mask.shape == (HEIGHT, WIDTH)
    assert mask[LEFT].all() and not mask[:, WIDTH // 2 :].any()
    assert painted(Path(second["mask"]))[5:9].all()


def test_a_brush_nobody_touched_is_passed_over_and_one_without_paint_is_named(tab, photo) -> None:
    values = untouched(tab, photo) | {tab.brushes.count: 2}
    assert tab.collect(values, LOCAL)["brushes"] == []
    with pytest.raises(InputError, match="Brush 2 has painted nothing"):
        tab.collect(values | {tab.brushes.strengths[1]["vertical"]: 2.0}, LOCAL)


def test_brushes_come_back_as_they_were_painted(tab, photo) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[LEFT] = 255
    Image.fromarray(mask).save(Path(photo).with_name("mask.png"))
    brush = {"mask": str(Path(photo).with_name("mask.png")), "horizontal": 2.0, "vertical": 0.0}
    shown = tab.fill({"image": photo, "brushes": [brush | {"proximity": -1.0, "ambient": 0.0}]})
    canvas = shown[tab.brushes.editors[0]]
    assert {Path(canvas["background"]).parent, Path(canvas["layers"][0]).parent} == {Path(photo).parent}  # the person's
    layer = pixels(canvas["layers"][0])
    assert (layer[LEFT][..., 3] == 255).all() and not layer[:, WIDTH // 2 :, 3].any()
    assert (shown[tab.brushes.count], shown[tab.brushes.editors[1]]) == (1, None)
    assert shown[tab.brushes.strengths[0]["proximity"]] == -1.0
    assert set(shown) == tab.widgets | {tab.folded["brushes"]}


def test_a_large_picture_is_painted_on_small_and_keeps_its_shape(tmp_path: Path) -> None:
    canvas = painting.canvas(tmp_path, np.zeros((1500, 3000, 3), np.uint8), np.full((1500, 3000), 255, np.uint8))
    assert pixels(canvas["background"]).shape == (640, 1280, 3)
    assert pixels(canvas["layers"][0]).shape == (640, 1280, 4)


def test_there_are_five_brushes_at_most(tab) -> None:
    assert len(tab.brushes.editors) == MAX_BRUSHES == 5


@pytest.mark.parametrize("number", [0, 1, 2])
def test_another_picture_goes_under_the_brushes_there_are_and_leaves_one_just_being_added(
    tab, page, photo, number
) -> None:
    hash_, *canvases = handler(page, "follow")(photo, number, "", called_by())
    assert [isinstance(canvas, dict) and "background" in canvas for canvas in canvases] == [
        index < number for index in range(MAX_BRUSHES)
    ]
    assert all(canvas == gr.skip() for canvas in canvases[number:])
    assert hash_ == (sha256_of(Path(photo)) if number else gr.skip())
