"""How far a style is taken by its weight, and how far outlines are kept by the blur: the tables of docs/modes.md."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from pipelines.finishing.effect import finish
from pipelines.finishing.strokes import Strokes
from pipelines.media.images import read_image
from pipelines.model import LatentVideoModel
from pipelines.source import Source
from pipelines.style import Stylist
from pipelines.stylization import Stylization
from pipelines.types import Frames, FrameStream
from tests.pipelines.looks import (
    EXAMPLES,
    INFO,
    answer,
    colour_distance,
    edge_agreement,
    first_question,
    prepared,
    style_distance,
)

pytestmark = pytest.mark.benchmark
CASES = (
    ("ball-over-the-sea.mp4", "style-oil-sunset.jpg", "a red ball over the sea, moving right"),
    ("star-in-the-mountains.mp4", "style-paper-mountains.jpg", "a yellow star spinning in the mountains"),
    ("clay-rocket.mp4", "style-paper-mountains.jpg", "a red rocket standing still in an empty room"),
)


@pytest.fixture(scope="module")
def starter() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


def test_style_by_weight(starter: LatentVideoModel) -> None:
    print("\nDistance to the style picture by style_weight: style, colour")
    for weight in (0.0, 0.25, 0.5, 0.75, 1.0):
        found = []
        for video, style, _ in CASES:
            request = prepared("stylization", video, style_image=style, style_weight=weight)
            made, picture = answer(starter, first_question(starter, request)), read_image(EXAMPLES / style)
            found.append((style_distance(made, picture), colour_distance(made, picture)))
        print(f"{weight:8.2f} {np.mean(found, axis=0).round(2)}", flush=True)
        assert np.isfinite(found).all()


def test_outlines_by_blur(starter: LatentVideoModel) -> None:
    print("\nAgreement of outlines with the source by structure_blur, prompts alone")
    for blur in range(8):
        found = []
        for video, _, prompt in CASES:
            request = prepared("render", video, prompt=prompt, structure_blur=blur)
            made = answer(starter, first_question(starter, request))
            source = np.concatenate(list(Source.of(request).read(request.size, request.rate).chunks))
            found.append(edge_agreement(made, source[: len(made)]))
        print(f"{blur:8} {np.mean(found):.3f}", flush=True)
        assert np.isfinite(found).all()


def test_finished_clips_in_a_style(starter: LatentVideoModel) -> None:
    """What a person sees: at the source's size and rate, as a large model is asked, with what a small one is given
    beside it, and the source redrawn frame by frame without any model."""
    print("\nFinished: style, outlines, change along the motion in levels, seconds after denoising")
    ways = ("as a large model", "fewer steps", "and strokes", "redrawn, no model")
    found: dict[str, list[tuple[float, ...]]] = {way: [] for way in ways}
    for video, style, _ in (*CASES, ("bunny.mp4", "style-oil-sunset.jpg", "")):
        picture = read_image(EXAMPLES / style)
        for way in ways:
            begin, clip, source = _finished(starter, way, video, style)
            seconds = perf_counter() - begin
            numbers = style_distance(clip, picture), edge_agreement(clip, source), _change(clip, source), seconds
            found[way].append(numbers)
    for way in ways:
        print(f"{way:20} {np.mean(found[way], axis=0).round(2)}", flush=True)
    assert np.isfinite([numbers for way in ways for numbers in found[way]]).all()


def _finished(starter: LatentVideoModel, way: str, video: str, style: str) -> tuple[float, Frames, Frames]:
    """When finishing began, the clip, and its source; one second of it."""
    request = prepared("stylization", video, style_image=style, seconds=1, prompt="")
    source = np.concatenate(list(Source.of(request).read().chunks))
    if way == "redrawn, no model":
        return perf_counter(), Stylist(read_image(EXAMPLES / style))(source), source
    info = replace(INFO, redrawn_strength=0.65) if way == "as a large model" else INFO
    plan = Stylization(SimpleNamespace(info=info)).plan(request)  # type: ignore[arg-type]
    made = answer(starter, next(iter(plan.conditionings)))
    begin = perf_counter()
    effects = tuple(each for each in plan.finishing if way == "and strokes" or not isinstance(each, Strokes))
    stream = FrameStream(iter([made]), *request.size, request.rate, len(made))
    return begin, np.concatenate(list(finish(stream, effects).chunks)), source


def _change(clip: Frames, source: Frames) -> float:
    """How much frames differ from the ones before, carried along the source's motion: what shimmers counts in full."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in source]
    height, width = greys[0].shape
    places = np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))
    found = []
    for index in range(1, len(clip)):
        flow = search.calc(greys[index], greys[index - 1], None)
        carried = cv2.remap(clip[index - 1], places + flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        found.append(np.abs(clip[index].astype(int) - carried).mean())
    return float(np.mean(found))
