"""Frames redrawn in a style, and what the modes that restyle a source make of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import PIPELINES
from pipelines.finishing.effect import finish
from pipelines.finishing.strokes import Strokes
from pipelines.finishing.upscale import Upscale
from pipelines.media.images import fit_cover, read_image
from pipelines.model import LatentVideoModel
from pipelines.presets import PRESETS, SPOKEN, style_named
from pipelines.restyle import start_strength
from pipelines.source import Source
from pipelines.style import LEARNED_STYLES, Stylist, style_vector
from pipelines.stylization import Stylization
from pipelines.types import Conditioning, Frames, FrameStream
from tests.pipelines.looks import (
    EXAMPLES,
    answer,
    colour_distance,
    edge_agreement,
    first_question,
    prepared,
    style_distance,
)

PAINTING = read_image(EXAMPLES / "style-oil-sunset.jpg")
CAT = fit_cover(read_image(EXAMPLES / "cat.jpg"), 160, 96)
LONG = {"video": "star-in-the-mountains.mp4", "style_image": "style-oil-sunset.jpg"}
ASKED = (
    ("ball-over-the-sea.mp4", "style-oil-sunset.jpg", "a red ball over the sea, moving right"),
    ("clay-rocket.mp4", "style-paper-mountains.jpg", "a red rocket standing still in an empty room"),
)


@pytest.mark.parametrize("style", [PAINTING, 14], ids=["of a picture", "learned"])
@pytest.mark.parametrize("size", [(160, 96), (50, 90), (700, 30)])
def test_a_redrawn_frame_keeps_its_size(style, size: tuple[int, int]) -> None:
    frames = np.stack([fit_cover(CAT, *size)] * 2)
    drawn = Stylist(style)(frames)
    assert (drawn.shape, drawn.dtype) == (frames.shape, np.uint8)
    assert np.abs(drawn.astype(int) - frames).mean() > 10
    assert drawn.std() > 10  # a picture, not one flat colour


def test_a_frame_redrawn_like_a_picture_has_its_style() -> None:
    wanted = style_vector(PAINTING)
    before, after = (np.linalg.norm(style_vector(frame) - wanted) for frame in (CAT, Stylist(PAINTING)(CAT[None])[0]))
    assert after < 0.6 * before


def test_the_learned_styles_are_different_ones() -> None:
    drawn = [Stylist(index)(CAT[None, ::2, ::2])[0].astype(int) for index in range(LEARNED_STYLES)]
    apart = [np.abs(a - b).mean() for i, a in enumerate(drawn) for b in drawn[:i]]
    assert min(apart) > 5


def test_weight_leads_from_the_frame_to_the_style() -> None:
    none, half, full = (Stylist(PAINTING, weight)(CAT[None])[0].astype(int) for weight in (0.0, 0.5, 1.0))
    assert np.array_equal(none, CAT)
    assert np.abs(half - (none + full) / 2).max() <= 1


class _Unused:
    """Stands where a model would, for plans that are made and not run."""

    from tests.pipelines.looks import INFO as info


def questions(mode: str, **fields) -> list[Conditioning]:
    request = prepared(mode, **fields)
    return list(PIPELINES[mode](_Unused()).plan(request).conditionings)


@pytest.mark.parametrize("mode", ["stylization", "storyboard", "render"])
def test_a_style_image_sets_the_first_frame_the_reference_and_the_start(mode: str) -> None:
    first, second = questions(mode, num_frames=13, **LONG)[:2]
    drawn = first.start_from
    assert drawn is not None and drawn.shape == first.video.shape
    assert np.array_equal(first.video[0], drawn[0])
    assert (first.hold, first.mask[0].max(), first.mask[1:].min()) == (1, 0, 255)
    assert first.video[1].std(-1).max() == 0  # structure, in grey
    assert second.hold == 0  # it goes on from the overlap
    assert second.start_from is not None
    for each in (first, second):
        assert np.array_equal(each.reference_images[0], drawn[0])
        assert each.strength == start_strength(prepared(mode, **LONG).structure_blur, 0.15) < 1


@pytest.mark.parametrize(
    ("mode", "fields", "share"),
    [
        ("stylization", {}, 1.0),
        ("stylization", {"structure_blur": 4}, 0.4),
        ("stylization", {"structure_blur": 5}, None),
        ("stylization", {"style_image": None, "prompt": "a star"}, None),
        ("render", {}, 1.0),
        ("render", {"render_pass": "depth"}, None),
        ("storyboard", {}, 0.4),
    ],
)
def test_a_small_model_has_fine_strokes_laid_over_it(mode: str, fields: dict[str, Any], share: float | None) -> None:
    asked = {name: value for name, value in (LONG | fields).items() if value is not None}
    assert [laid.share for laid in _strokes(mode, _Unused(), **asked)] == ([] if share is None else [share])


def test_no_network_enlarges_what_strokes_are_laid_over() -> None:
    for blur, enlarged in ((2, False), (5, True)):
        plan = PIPELINES["stylization"](_Unused()).plan(prepared("stylization", structure_blur=blur, **LONG))
        assert any(isinstance(effect, Upscale) for effect in plan.finishing) == enlarged


class _Large(_Unused):
    """Reads any words."""

    info = replace(_Unused.info, knows={})


def test_a_model_that_reads_any_words_draws_for_itself() -> None:
    assert _strokes("stylization", _Large(), **LONG) == []


@pytest.mark.parametrize("mode", ["stylization", "storyboard", "render"])
def test_a_style_that_words_name_is_painted_where_the_model_knows_few(mode: str) -> None:
    told, chosen, plain = (
        questions(mode, video="clay-rocket.mp4", seconds=0.5, **fields)[0]
        for fields in (
            {"prompt": "a rocket, as an Oil painting"},
            {"prompt": "a rocket, as an Oil painting", "style": "oil-painting"},
            {"prompt": "a copper rocket at twilight"},  # colours and light, though styles are called so, too
        )
    )
    assert told.start_from is not None and chosen.start_from is not None
    assert np.array_equal(told.start_from, chosen.start_from)
    assert plain.start_from is None
    large = PIPELINES[mode](_Large()).plan(prepared(mode, "clay-rocket.mp4", seconds=0.5, prompt="a rocket in oil"))
    assert next(iter(large.conditionings)).start_from is None


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("a cat, WATERCOLOR", "watercolour"),
        ("a rabbit in oil", "oil-painting"),
        ("an impressionist garden, mosaic", "impressionism"),
        ("a spoil heap, neonatal", None),
        ("a copper pot in crimson light", None),
        ("", None),
    ],
)
def test_which_style_words_name(prompt: str, style: str | None) -> None:
    found = style_named(prompt)
    assert (found and found[0]) == style
    assert set(SPOKEN) < set(PRESETS)


def _strokes(mode: str, model: Any, **fields: Any) -> list[Strokes]:
    plan = PIPELINES[mode](model).plan(prepared(mode, **fields))
    return [effect for effect in plan.finishing if isinstance(effect, Strokes)]


@pytest.mark.parametrize("mode", ["stylization", "storyboard", "render"])
def test_with_a_prompt_alone_the_look_is_left_to_the_model(mode: str) -> None:
    (question,) = questions(mode, video="clay-rocket.mp4", seconds=1, prompt="a red rocket")
    assert (question.reference_images, question.start_from, question.hold, question.strength) == ((), None, 0, 1)


def test_a_panel_picture_is_redrawn_in_the_style_of_the_board(tmp_path: Path) -> None:
    panels = ({"image": str(EXAMPLES / "panel-1-lift-off.jpg"), "seconds": 1.0},)
    from pipelines.board import Panel
    from tests.pipelines.looks import INFO

    asked = PIPELINES["storyboard"].request_type(
        panels=tuple(Panel(**panel) for panel in panels), style_image=str(EXAMPLES / LONG["style_image"])
    )
    request = PIPELINES["storyboard"].prepare(asked, INFO)
    (shot,) = PIPELINES["storyboard"](_Unused()).plan(request).conditionings
    plain = fit_cover(read_image(EXAMPLES / "panel-1-lift-off.jpg"), shot.width, shot.height)
    assert np.array_equal(shot.video[0], Stylist(PAINTING)(plain[None])[0])


@pytest.fixture(scope="module")
def starter() -> LatentVideoModel:
    from tests.pipelines.looks import INFO

    return LatentVideoModel(INFO, "cpu")


def _made(starter: LatentVideoModel, mode: str, video: str, **fields) -> tuple[Frames, Frames]:
    """The clip's first window, and the source's frames there."""
    request = prepared(mode, video, **fields)
    made = answer(starter, first_question(starter, request))
    source = np.concatenate(list(Source.of(request).read(request.size, request.rate).chunks))
    return made, source[: len(made)]


@pytest.mark.slow
def test_the_clip_comes_closer_to_the_style_the_more_it_weighs(starter: LatentVideoModel) -> None:
    styles, colours = [], []
    for weight in (0.0, 0.5, 1.0):
        made = [(_made(starter, "stylization", v, style_image=s, style_weight=weight)[0], s) for v, s, _ in ASKED]
        pairs = [(frames, read_image(EXAMPLES / style)) for frames, style in made]
        styles.append(np.mean([style_distance(*pair) for pair in pairs]))
        colours.append(np.mean([colour_distance(*pair) for pair in pairs]))
    assert styles[0] > styles[1] > styles[2], styles
    assert colours[0] > colours[1] > colours[2], colours
    assert styles[2] < 0.7 * styles[0], styles


@pytest.mark.slow
def test_the_clip_leaves_the_outlines_of_its_source_the_more_they_are_blurred(starter: LatentVideoModel) -> None:
    kept = [
        np.mean([edge_agreement(*_made(starter, "render", v, prompt=p, structure_blur=b)) for v, _, p in ASKED])
        for b in (0, 3, 5, 7)
    ]
    assert kept == sorted(kept, reverse=True), kept
    assert kept[0] > kept[-1] + 0.15, kept


@pytest.mark.slow
def test_render_holds_its_source_closer_than_stylization_and_that_than_storyboard(starter: LatentVideoModel) -> None:
    render, stylization, storyboard = (
        np.mean([edge_agreement(*_made(starter, mode, v, prompt=p)) for v, _, p in ASKED])
        for mode in ("render", "stylization", "storyboard")
    )
    assert render > stylization > storyboard, (render, stylization, storyboard)


@pytest.mark.slow
def test_a_finished_clip_in_a_style_shows_what_its_source_shows(starter: LatentVideoModel) -> None:
    request = prepared("stylization", "bunny.mp4", style="watercolour", seconds=1)
    plan = Stylization(starter).plan(request)
    made = answer(starter, next(iter(plan.conditionings)))
    source = np.concatenate(list(Source.of(request).read().chunks))
    stream = FrameStream(iter([made]), *request.size, request.rate, len(made))
    kept = {}
    for name, effects in (
        ("with", plan.finishing),
        ("without", tuple(effect for effect in plan.finishing if not isinstance(effect, Strokes))),
    ):
        clip = np.concatenate(list(finish(replace(stream, chunks=iter([made])), effects).chunks))
        assert clip.shape == source.shape
        kept[name] = edge_agreement(clip, source)
    assert kept["with"] > kept["without"] + 0.1, kept
