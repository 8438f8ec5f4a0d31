"""Prompt flags: each does what it says, beats its field, and is refused in words when it cannot."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.checkpoints import model_info
from pipelines.errors import InputError
from pipelines.media.probe import VideoInfo
from pipelines.registry import PIPELINES
from pipelines.settings import Finishing
from studio import flags
from studio.flags import apply_flags, split_prompt
from tests.studio.jobs.fakes import PlainRequest, model_folder

MaskRequest = PIPELINES["mask"].request_type
RenderRequest = PIPELINES["render"].request_type


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("models")
    return replace(model_info(model_folder(root), root), upscale=2, frame_rate=8.0, delivery_rate="24")


@pytest.fixture
def film(monkeypatch: pytest.MonkeyPatch) -> str:
    """A source whose header says 30000/1001 frames a second."""
    known = VideoInfo(64, 32, Fraction(30000, 1001), 60, 2.0, False, False)
    monkeypatch.setattr(flags, "probe_video", lambda _path: known)
    return "film.mp4"


@pytest.mark.parametrize(
    ("prompt", "words", "chips"),
    [
        ("a cat", "a cat", ()),
        ("a cat --seed 5", "a cat", ("--seed 5",)),
        ("a cat, --seed 5", "a cat", ("--seed 5",)),
        ("a cat --seed=5, --upscale", "a cat", ("--seed 5", "--upscale")),
        ("--seed 5 a cat", "a cat", ("--seed 5",)),
        ("--upscale a cat --seed 5 on a mat", "a cat on a mat", ("--upscale", "--seed 5")),
        ("a cat --no text, people --seed 5", "a cat", ("--no text, people", "--seed 5")),
        ("a cat --CFG-Scale 2.5", "a cat", ("--cfg_scale 2.5",)),
        ("a well--known cat -- sitting", "a well--known cat -- sitting", ()),
        ("a cat\n--ar 1:1", "a cat", ("--ar 1:1",)),
        ("a cat,--seed 1", "a cat", ("--seed 1",)),
    ],
)
def test_flags_leave_the_words(info, prompt: str, words: str, chips: tuple[str, ...]) -> None:
    request, shown = apply_flags(PlainRequest(prompt=prompt), info)
    assert (request.prompt, shown) == (words, chips)


def test_flags_beat_fields(info) -> None:
    given = PlainRequest(
        prompt="a --seed 1 --cfg_scale 2 --ar 9:16 --no rain", seed=9, guidance_scale=9.0, negative_prompt="sun"
    )
    request, _ = apply_flags(given, info)
    assert (request.seed, request.guidance_scale, request.negative_prompt) == (1, 2.0, "rain")
    assert request.finishing.aspect_ratio == "9:16"


@pytest.mark.parametrize(
    ("finishing", "expected"),
    [
        (Finishing(), {"upscale": 4}),  # the model's own is 2
        (Finishing(upscale=1), {"upscale": 2}),
        (Finishing(size="100x60"), {"size": "200x120"}),
    ],
)
def test_upscale_doubles_the_size_it_would_have_had(info, finishing: Finishing, expected: dict) -> None:
    request, _ = apply_flags(PlainRequest(prompt="a --upscale", finishing=finishing), info)
    assert request.finishing == finishing.model_copy(update=expected)


def test_upscale_and_interpolate_double_what_the_source_has(info, film: str) -> None:
    request, _ = apply_flags(RenderRequest(prompt="a --upscale --interpolate", video=film), info)
    assert request.finishing.upscale == 2
    assert request.finishing.frame_rate == "60000/1001"


@pytest.mark.parametrize(
    ("changes", "rate"),
    [({}, "48"), ({"finishing": Finishing(frame_rate="30000/1001")}, "60000/1001")],
)
def test_interpolate_doubles_the_rate_it_would_have_had(info, changes: dict, rate: str) -> None:
    request, _ = apply_flags(PlainRequest(prompt="a --interpolate", **changes), info)
    assert request.finishing.frame_rate == rate


def test_interpolate_of_a_model_that_delivers_its_own_rate(info) -> None:
    plain = replace(info, delivery_rate=None)
    assert apply_flags(PlainRequest(prompt="a --interpolate"), plain)[0].finishing.frame_rate == "16"
    own = PlainRequest(prompt="a --interpolate", frame_rate=12.5)
    assert apply_flags(own, plain)[0].finishing.frame_rate == "25"


def test_green_screen_needs_a_mask(info, film: str) -> None:
    assert apply_flags(MaskRequest(prompt="a --green_screen", video=film), info)[0].green_screen
    with pytest.raises(InputError, match="--green_screen needs a subject"):
        apply_flags(PlainRequest(prompt="a --green_screen"), info)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a --sed 4", "no flag --sed"),
        ("a --seed", "--seed needs a whole number"),
        ("a --seed -4", "--seed needs .* not '-4'"),
        ("a --seed 99999999999999999999", "--seed needs"),
        ("a --seed 4.5", "'4.5'"),
        ("a --seed ٣", "--seed needs"),
        ("a --cfg_scale nan", "--cfg_scale needs a number from 0 to 50, not 'nan'"),
        ("a --cfg_scale 51", "51"),
        ("a --ar 5:4", "--ar needs one of 16:9"),
        ("a --no", "--no needs the words"),
        ("a --no --seed 4", "--no needs the words"),
        ("a --seed 4 --seed 5", "--seed is given 2 times"),
        ("a --upscale=2", "--upscale takes no value"),
    ],
)
def test_a_flag_that_cannot_be_read_is_named(info, prompt: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        apply_flags(PlainRequest(prompt=prompt), info)


def test_limits_hold_for_doubled_values(info) -> None:
    with pytest.raises(InputError, match="16 times; 8 times"):
        apply_flags(PlainRequest(prompt="a --upscale", finishing=Finishing(upscale=8)), info)
    with pytest.raises(InputError, match="480 frames per second; 240"):
        apply_flags(PlainRequest(prompt="a --interpolate", finishing=Finishing(frame_rate="240")), info)


def test_flags_in_a_panel_are_not_passed_on_as_words(info) -> None:
    board = PIPELINES["storyboard"].request_type
    panels = board.model_fields["panels"].annotation.__args__[0]
    with pytest.raises(InputError, match="--seed is in the prompt of a panel"):
        apply_flags(board(prompt="a film", panels=(panels(prompt="a shot --seed 4"),)), info)


def test_an_odd_rate_stays_one_that_requests_can_hold(info, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = VideoInfo(64, 32, Fraction(123_456_789, 4_112_345), 60, 2.0, False, False)
    monkeypatch.setattr(flags, "probe_video", lambda _path: odd)
    request, _ = apply_flags(RenderRequest(prompt="a --interpolate", video="film.mp4"), info)
    assert Finishing(frame_rate=request.finishing.frame_rate).frame_rate == "47133/785"


def test_a_prompt_without_flags_is_left_exactly_as_it_is() -> None:
    odd = "  two  spaces, and a comma,\n"
    assert split_prompt(odd) == (odd, ())


def test_reading_flags_touches_no_file(info) -> None:
    assert not Path("film.mp4").exists()
    apply_flags(MaskRequest(prompt="a --upscale --seed 4", video="film.mp4"), info)
