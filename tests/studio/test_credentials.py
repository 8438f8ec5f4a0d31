"""Clips are signed where there is a certificate; a single bit changed afterwards is noticed."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_video
from pipelines.media.provenance import read_origin
from pipelines.media.write import write_video
from studio import cli, exports
from studio.certificate import make_certificate
from studio.credentials import Credentials, findings, read_statement, sign_if_possible
from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from studio.person import LOCAL
from tests.media_samples import make_video, moving_square, picture, stream_of
from tests.studio.jobs.fakes import FAKES, LOADER, PictureRequest, model_folder

LONG = 20.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_certificate(tmp_path)
    return tmp_path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    stream = stream_of(moving_square(8, 64, 48))
    made = write_video(stream, tmp_path / "clip.mp4", metadata={"comment": "{}"}, origin="trainedAlgorithmicMedia")
    return made.path


def flip(file: Path, place: int) -> Path:
    """A copy with one bit changed."""
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    copy = file.with_name(f"flipped-{file.name}")
    copy.write_bytes(content)
    return copy


def test_a_signed_clip_says_what_made_it_and_plays_as_before(root: Path, clip: Path) -> None:
    before = probe_video(clip)
    assert sign_if_possible(root, clip, {}) is None
    said = read_statement(clip)
    assert said is not None and not said.altered
    assert said.actions == ("c2pa.created",)
    assert said.origin == "trainedAlgorithmicMedia"
    assert said.signer.startswith("Septet on ")
    assert probe_video(clip) == before
    assert read_origin(clip) == "trainedAlgorithmicMedia"
    assert sorted(file.name for file in root.iterdir() if file.is_file()) == ["clip.mp4"]


def test_one_bit_anywhere_in_the_pictures_is_noticed(root: Path, clip: Path) -> None:
    sign_if_possible(root, clip, {})
    content = clip.read_bytes()
    begin = content.index(b"mdat") + 4
    generator = np.random.default_rng(4)
    for place in (begin, len(content) - 1, *generator.integers(begin, len(content), 10)):
        said = read_statement(flip(clip, int(place)))
        assert said is not None and said.altered, place


def test_a_given_video_is_the_parent_and_a_picture_a_part_and_neither_is_shown(root: Path, clip: Path) -> None:
    video = make_video(root / "secret plans.mp4", moving_square(8, 64, 48))
    Image.fromarray(picture(64, 48)).save(root / "secret face.png")
    assert sign_if_possible(root, clip, {"style_image": root / "secret face.png", "video": video}) is None
    said = read_statement(clip)
    assert said is not None and not said.altered
    assert {"c2pa.opened", "c2pa.edited"} <= set(said.actions)
    content = clip.read_bytes()
    assert b"secret" not in content
    assert b"c2pa.thumbnail" not in content


def test_without_a_certificate_nothing_is_signed_and_nothing_complains(tmp_path: Path, clip: Path) -> None:
    before = clip.read_bytes()
    assert sign_if_possible(tmp_path, clip, {}) is None
    assert clip.read_bytes() == before
    assert read_statement(clip) is None


def test_a_certificate_that_is_none_costs_the_signature_and_not_the_clip(root: Path, clip: Path) -> None:
    before = clip.read_bytes()
    Credentials.in_folder(root).chain.write_text("no certificate")
    assert sign_if_possible(root, clip, {})
    assert clip.read_bytes() == before
    assert not list(root.glob("signed-*"))


def test_the_key_is_its_owners_alone_and_never_written_over(root: Path) -> None:
    credentials = Credentials.in_folder(root)
    assert stat.S_IMODE(credentials.key.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="There is a certificate"):
        make_certificate(root)


def test_verify_tells_whole_files_from_changed_ones(root: Path, clip: Path) -> None:
    assert ("credentials    none", False) in list(findings(clip))
    sign_if_possible(root, clip, {})
    (line, fault), *_ = findings(clip)
    assert "intact, signed by 'Septet on" in line and not fault
    (line, fault), *_ = findings(flip(clip, clip.read_bytes().index(b"mdat") + 40))
    assert "BROKEN" in line and fault


@pytest.fixture
def signing_desk(tmp_path: Path) -> Callable[[], JobDesk]:
    folder = DataFolder(tmp_path / "data").create()
    make_certificate(folder.root)
    return lambda: JobDesk(folder, model_folder(tmp_path), pipelines=FAKES, loader=LOADER)


def test_every_clip_of_a_studio_with_a_certificate_is_signed_as_it_is_downloaded(
    signing_desk: Callable[[], JobDesk], tmp_path: Path
) -> None:
    Image.fromarray(picture(8, 8)).save(tmp_path / "face.png")
    with signing_desk() as desk:
        desk.start()
        job = desk.wait(
            LOCAL, desk.submit(LOCAL, PictureRequest(prompt="a ball", image=str(tmp_path / "face.png"))).id, LONG
        )
        clip = desk.clip(LOCAL, job.id)
        assert clip is not None
        said = read_statement(clip)
        assert said is not None and not said.altered
        recipe = read_recipe(clip)
        assert recipe is not None and recipe["mode"] == "picture"
        made = exports.convert(clip, "h265", desk.folder)
        exported = read_statement(made)
        assert exported is not None and not exported.altered
        assert "c2pa.opened" in exported.actions  # the clip itself is what it was made of
        exports.discard(made)


def test_doctor_makes_a_certificate_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--data", str(tmp_path), "--make-certificate"]) == 0
    said = capsys.readouterr().out
    assert "Clips are signed from now on" in said
    assert "clips are signed with" in said
    assert json.dumps(said).count("PRIVATE KEY") == 0
