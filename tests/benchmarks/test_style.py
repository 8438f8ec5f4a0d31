"""How far a style is taken by its weight, and how far outlines are kept by the blur: the tables of docs/modes.md."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.media.images import read_image
from pipelines.model import LatentVideoModel
from pipelines.source import Source
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
