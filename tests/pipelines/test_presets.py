"""Named styles: what they add to a prompt, how they look, and how a request names one."""

from __future__ import annotations

import dataclasses
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from pipelines import PIPELINES
from pipelines.errors import InputError
from pipelines.finishing.redraw import Redraw
from pipelines.presets import PRESETS, THUMBNAIL_SIZE, THUMBNAILS, StyleName, styled_prompt, thumbnail
from pipelines.style import LEARNED_STYLES, Stylist
from studio.recipes import build_request
from tests.pipelines.looks import INFO, prepared

READS_ANYTHING = dataclasses.replace(INFO, knows={})
STYLED_MODES = [mode for mode in PIPELINES if "style" in PIPELINES[mode].request_type.model_fields]


def test_every_name_is_a_style_of_its_own() -> None:
    assert set(get_args(StyleName)) == set(PRESETS)
    assert sorted(preset.learned for preset in PRESETS.values()) == list(range(LEARNED_STYLES))
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS) >= 24


def test_five_modes_take_a_style() -> None:
    assert STYLED_MODES == ["text-to-video", "text-image-to-video", "stylization", "storyboard", "render"]


def test_every_style_has_a_small_picture_and_it_is_what_the_style_looks_like() -> None:
    files = {path.stem: path for path in THUMBNAILS.glob("*.webp")}
    assert set(files) == set(PRESETS)
    assert sum(path.stat().st_size for path in files.values()) < 300_000
    for name in ("noir", "candy"):
        with Image.open(files[name]) as kept:
            assert kept.size == THUMBNAIL_SIZE
            apart = np.asarray(kept.convert("RGB"), int) - np.asarray(thumbnail(name), int)
        assert np.abs(apart).mean() < 8


def test_its_words_are_added_for_a_model_that_reads_them() -> None:
    request = PIPELINES["text-to-video"].request_type(prompt="a red ball ", style="noir")
    assert styled_prompt(request, READS_ANYTHING) == f"a red ball, {PRESETS['noir'].words}"
    assert styled_prompt(request, INFO) == "a red ball "


@pytest.mark.parametrize(("info", "redrawn"), [(INFO, True), (READS_ANYTHING, False)])
def test_where_words_mean_nothing_the_frames_of_a_clip_made_from_nothing_are_redrawn(info, redrawn: bool) -> None:
    pipeline = PIPELINES["text-to-video"]

    class Model:
        pass

    Model.info = info
    for style, wanted in (("noir", redrawn), (None, False)):
        plan = pipeline(Model()).plan(pipeline.prepare(pipeline.request_type(prompt="a ball", style=style), info))
        assert (Redraw(Stylist(PRESETS["noir"].learned)) in plan.finishing) is wanted


def test_a_style_alone_says_what_a_restyled_video_looks_like() -> None:
    request = prepared("stylization", "clay-rocket.mp4", style="noir", seconds=1)

    class Model:
        info = INFO

    first = next(iter(PIPELINES["stylization"](Model()).plan(request).conditionings))
    assert (first.hold, len(first.reference_images)) == (1, 1)


@pytest.mark.parametrize("mode", STYLED_MODES)
def test_a_style_nobody_knows_is_refused_with_the_names_there_are(mode: str) -> None:
    with pytest.raises(InputError, match=r"style.*'oil-painting'.*noir"):
        build_request(PIPELINES[mode].request_type, {"style": "baroque"})
