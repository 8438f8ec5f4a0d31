"""The command line, run in this process on fake pipelines that make real clips."""

import functools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.checkpoints import ASSETS, model_info
from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_video
from pipelines.registry import PIPELINES
from studio import commands
from studio.cli import main, parser
from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from studio.person import LOCAL
from tests.media_samples import make_video, moving_square, tone
from tests.studio.jobs.fakes import LOADER, model_folder

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on a data folder of its own: (exit status, output, errors)."""
    monkeypatch.setattr(commands, "JobDesk", functools.partial(JobDesk, loader=LOADER))
    monkeypatch.setenv("SEPTET_DATA", str(tmp_path / "data"))

    def run_one(*words: object) -> tuple[int, str, str]:
        try:
            status = main([str(word) for word in words])
        except SystemExit as stop:
            status = int(stop.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return run_one


def test_make_remake_verify_and_the_jobs_they_leave(run: Run, tmp_path: Path) -> None:
    model = model_folder(tmp_path)
    clip = tmp_path / "clip.mp4"
    status, out, err = run("make", "text-to-video", "--model", model, "--prompt", "a ball --seed 5", "--out", clip)
    assert (status, out) == (0, f"{clip}\n")
    assert "seed 5" in err
    assert "Traceback" not in err
    assert probe_video(clip).num_frames == 5

    again = tmp_path / "again.mp4"
    assert run("remake", clip, "--model", model, "--out", again)[0] == 0
    assert probe_video(again) == probe_video(clip)

    status, out, _ = run("verify", again)
    assert status == 0
    assert "'text-to-video'" in out
    assert '"a ball"' in out
    assert "made with      Septet" in out

    status, out, err = run("make", "text-to-video", "--model", model, "--prompt", "fail", "--out", clip)
    assert (status, out) == (2, "")
    assert err.endswith("This one cannot be done.\n")
    _, out, _ = run("jobs")
    assert [line.split()[3] for line in out.splitlines()] == ["failed", "done", "done"]
    assert run("jobs", "prune")[1] == "1 jobs deleted\n"
    assert run("jobs", "list", "--limit", 1)[1].count("\n") == 1


def test_make_hands_its_job_to_a_studio_already_running_there(run: Run, tmp_path: Path) -> None:
    model = model_folder(tmp_path)
    with JobDesk(DataFolder(tmp_path / "data"), model, loader=LOADER) as desk:
        desk.start()
        status, _, _ = run("make", "text-to-video", "--prompt", "hello", "--out", tmp_path / "a.mp4")
        assert status == 0
        assert [(job.state, job.worker) for job in desk.jobs(LOCAL)] == [("done", desk.worker_status().id)]


def test_remake_finds_missing_inputs_in_a_folder(run: Run, tmp_path: Path) -> None:
    model = model_folder(tmp_path)
    image = tmp_path / "pictures" / "face.png"
    image.parent.mkdir()
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(image)
    clip, again = tmp_path / "clip.mp4", tmp_path / "again.mp4"
    assert run("make", "image-to-video", "--model", model, "--image", image, "--out", clip)[0] == 0
    assert "(face.png) is here and matches" in run("verify", clip)[1]

    elsewhere = ("--data", tmp_path / "elsewhere", "--model", model, "--out", again)
    status, _, err = run("remake", clip, *elsewhere)
    assert status == 2
    assert "image (face.png)" in err
    assert run("remake", clip, *elsewhere, "--inputs", image.parent)[0] == 0


def test_finish_changes_size_and_rate_and_keeps_the_length(run: Run, tmp_path: Path) -> None:
    model = model_folder(tmp_path)
    clip, out = tmp_path / "clip.mp4", tmp_path / "out.mp4"
    run("make", "text-to-video", "--model", model, "--prompt", "a ball", "--num-frames", 9, "--out", clip)
    status, said, _ = run("finish", clip, "--out", out, "--size", "64x48", "--frame-rate", 32, "--upscaler", "lanczos")
    assert (status, said) == (0, f"{out}\n")
    info = probe_video(out)
    assert (info.width, info.height, info.frame_rate, info.num_frames) == (64, 48, 32, 18)


def test_finish_joins_several_videos_into_one_film(run: Run, tmp_path: Path) -> None:
    paths = [make_video(tmp_path / f"{index}.mp4", moving_square(12), 12) for index in range(3)]
    out = tmp_path / "film.mov"
    words = ("--then", *paths[1:], "--transition", 0.5, "--title", "Three", "--codec", "prores", "--quality", "draft")
    assert run("finish", paths[0], *words, "--out", out)[:2] == (0, f"{out}\n")
    info = probe_video(out)
    assert (info.num_frames, info.frame_rate) == (30 + 3 * 12 - 3 * 6, 12)


def test_a_finished_video_can_be_made_again_from_its_files(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "footage"
    folder.mkdir()
    first, second = (
        make_video(folder / f"{name}.mp4", moving_square(count), 12) for name, count in (("a", 12), ("b", 6))
    )
    out = tmp_path / "film.mp4"
    assert run("finish", first, "--then", second, "--speed", 2, "--out", out)[0] == 0
    again = tmp_path / "again.mp4"
    elsewhere = ("--model", model_folder(tmp_path), "--data", tmp_path / "elsewhere", "--out", again)
    status, _, err = run("remake", out, *elsewhere)
    assert status == 2 and "video (a.mp4), then.0 (b.mp4)" in err
    status, said, _ = run("verify", out)
    assert status == 0 and "IPTC" in said


@pytest.mark.parametrize("option", ["--then", "--music"])
def test_finish_never_writes_over_a_file_it_was_given(run: Run, tmp_path: Path, option: str) -> None:
    first, second = (make_video(tmp_path / f"{name}.mp4", moving_square(6), 12, sound=tone(0.5)) for name in "ab")
    before = second.read_bytes()
    status, _, err = run("finish", first, option, second, "--out", second)
    assert status == 2 and "same file" in err
    assert second.read_bytes() == before


def test_finish_writes_other_formats_and_names_those_it_does_not(run: Run, tmp_path: Path) -> None:
    source, out = tmp_path / "source.mp4", tmp_path / "out.gif"
    make_video(source, moving_square(12), 12)
    assert run("finish", source, "--out", out, "--grain", 0.3)[:2] == (0, f"{out}\n")
    with Image.open(out) as image:
        assert (image.n_frames, image.size) == (12, (64, 48))
    status, _, err = run("finish", source, "--out", tmp_path / "out.avi")
    assert status == 2
    assert ".mp4, .webm, .mov, .gif, .webp, .zip, .jpg" in err
    assert not (tmp_path / "out.avi").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("make text-to-video --out a.mp4", "The prompt is empty"),
        ("make text-to-video --prompt x --out a.avi", "ends in .mp4"),
        ("make text-to-video --prompt x --out /nowhere/a.mp4", "cannot be written"),
        ("make text-to-video --prompt x --sed --out a.mp4", "Unrecognized arguments: --sed"),
        ("make text-to-video --prompt x --seed many --out a.mp4", "'many' is not a whole number"),
        ("make telepathy --out a.mp4", "telepathy"),
        ("make stylization --prompt x --video gone.mp4 --out a.mp4", "gone.mp4"),
        ("make text-to-video --prompt x --model /nowhere --out a.mp4", "no model in '/nowhere'"),
        ("remake gone.mp4 --out a.mp4", "no file gone.mp4"),
        ("finish gone.mp4 --out a.mp4", "no file gone.mp4"),
        ("verify gone.mp4", "no file gone.mp4"),
        ("jobs cancel 1234", "no job '1234'"),
        ("", "COMMAND"),
    ],
)
def test_errors_are_one_sentence_and_leave_no_trace(run: Run, tmp_path: Path, words: str, sentence: str) -> None:
    given = words.split()
    if given[:1] == ["make"] and "--model" not in given:
        given += ["--model", model_folder(tmp_path)]
    status, out, err = run(*given)
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") <= 1 or "loading" in err
    assert "Traceback" not in err
    assert not Path("a.mp4").exists()
    for folder in ("jobs", "inputs"):
        assert not list((tmp_path / "data" / folder).glob("*"))


def test_the_output_may_not_be_the_input(run: Run, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"precious")
    for words in (
        ("finish", clip, "--out", clip),
        ("make", "render", "--prompt", "x", "--video", clip, "--out", clip),
    ):
        assert "same file" in run(*words)[2]
    assert clip.read_bytes() == b"precious"


def test_modes_and_make_list_exactly_the_registry(run: Run) -> None:
    listed = [line.split()[0] for line in run("modes")[1].splitlines()]
    assert listed == list(PIPELINES)
    for mode in PIPELINES:
        assert parser().parse_args(["make", mode, "--out", "a.mp4"]).request_type is PIPELINES[mode].request_type


def test_a_claim_that_no_longer_holds_is_told_by_the_status(run: Run, tmp_path: Path) -> None:
    recipe = {"septet": 1, "mode": "telepathy", "request": {}, "inputs": {"a": 3}, "model": 4, "made": []}
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(recipe))
    status, out, _ = run("verify", path)
    assert status == 1
    assert "no such mode" in out


def test_a_length_in_seconds_is_the_nearest_number_of_frames(run: Run, tmp_path: Path) -> None:
    model, clip = model_folder(tmp_path), tmp_path / "clip.mp4"
    words = ("make", "text-to-video", "--model", model, "--prompt", "a ball", "--out", clip, "--frame-rate", 8)
    assert run(*words, "--seconds", 1)[0] == 0
    assert probe_video(clip).num_frames == 9
    status, _, err = run(*words, "--seconds", 1, "--num-frames", 9)
    assert status == 2
    assert "Give one of the two" in err
    assert "would last 0 s" in run(*words, "--seconds", 0)[2]


def test_a_prompt_that_is_cut_is_said_on_standard_error(run: Run, tmp_path: Path) -> None:
    model, clip = model_folder(tmp_path), tmp_path / "clip.mp4"
    shutil.copytree(ASSETS / "starter" / "tokenizer", Path(model) / "tokenizer")
    most = model_info(model, tmp_path).max_prompt_tokens
    status, out, err = run("make", "text-to-video", "--model", model, "--prompt", "ball " * most, "--out", clip)
    assert (status, out) == (0, f"{clip}\n")
    assert f"{most + 1} of {most} tokens" in err


def test_one_shot_of_a_film_is_made_again_with_another_take_and_other_words(run: Run, tmp_path: Path) -> None:
    model, film, again = model_folder(tmp_path), tmp_path / "film.mp4", tmp_path / "again.mp4"
    panels = ("--panel", "prompt=one", "seconds=0.3", "--panel", "prompt=two", "seconds=0.3")
    made = run("make", "storyboard", "--model", model, *panels, "--prompt", "x", "--out", film)
    assert made[0] == 0, made[2]
    assert run("remake", film, "--model", model, "--shot", 2, "--words", "three", "--out", again)[0] == 0
    asked = read_recipe(again)["request"]["panels"]
    assert [(panel["prompt"], panel["take"]) for panel in asked] == [("one", 1), ("three", 2)]
    assert "no shot 3" in run("remake", film, "--model", model, "--shot", 3, "--out", again)[2]
    assert "--shot N" in run("remake", film, "--model", model, "--words", "x", "--out", again)[2]


def test_an_animatic_needs_no_worker(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobDesk, "join", lambda _desk: pytest.fail("an animatic started a worker"))
    out = tmp_path / "film.mp4"
    panels = ("--panel", "prompt=one", "seconds=0.3", "--panel", "prompt=two", "seconds=0.3")
    status, said, err = run(
        "make", "storyboard", "--model", model_folder(tmp_path), *panels, "--animatic", "--out", out
    )
    assert (status, said) == (0, f"{out}\n"), err
    assert probe_video(out).num_frames == 10
