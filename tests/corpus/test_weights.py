"""Archives and false weights are refused at every door, and never opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.checkpoints import ModelInfo
from pipelines.errors import MediaError
from pipelines.finish import FinishRequest, FinishVideo
from pipelines.registry import SERVICES
from pipelines.render import RenderRequest
from pipelines.settings import Finishing
from tests.corpus.doors import DOORS
from tests.corpus.test_library import assert_is_a_sentence
from tests.media_samples import make_video, moving_square

Made = Callable[[str], list[Any]]


@pytest.mark.parametrize("id", ["A01", "A02", "A03", "A04"])
def test_no_door_opens_an_archive(made: Made, info: ModelInfo, tmp_path: Path, id: str) -> None:
    video = str(make_video(tmp_path / "plain.mp4", moving_square(3)))

    def mesh(file: Path) -> None:
        SERVICES["render"].prepare(RenderRequest(mesh=str(file), prompt="x"), info)

    def music(file: Path) -> None:
        FinishVideo.prepare(FinishRequest(video=video, finishing=Finishing(music=str(file))))

    def network(file: Path) -> None:
        finishing = Finishing(upscale=2, upscaler_file=str(file))
        FinishVideo.prepare(FinishRequest(video=video, finishing=finishing))

    def mask(file: Path) -> None:
        DOORS["mask"]((video, file), info)

    others = [lambda file, door=DOORS[kind]: door(file, info) for kind in ("image", "video", "adapter")]
    for file in made(id):
        for door in (*others, mesh, music, network, mask):
            with pytest.raises(MediaError) as caught:
                door(file)
            assert_is_a_sentence(str(caught.value), file)
    assert not list(tmp_path.rglob("opened")) and not list(tmp_path.parent.rglob("slipped.txt"))
