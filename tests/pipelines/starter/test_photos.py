"""Photo-like pictures under a moving camera."""

from __future__ import annotations

import numpy as np

from pipelines.starter.photos import invented_picture, moving, pyramid


def test_a_picture_moves_under_the_camera() -> None:
    rng = np.random.default_rng(1)
    clip = moving(rng, [pyramid(invented_picture(rng, 120, 160))], 5, 40, 48)
    assert clip.shape == (5, 40, 48, 3)
    assert np.abs(clip[0].astype(int) - clip[-1]).mean() > 3
