"""All stages one after the other, by their commands, small: what comes out makes clips."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.checkpoints import model_info
from pipelines.model import LatentVideoModel
from pipelines.starter import crops, exercises, pairs, plain, train, train_distil, train_transformer
from pipelines.starter.atlas.forms import made
from pipelines.starter.atlas.keeping import encoded, keep
from pipelines.starter.atlas.making import OWN
from pipelines.starter.atlas.views import turntable
from pipelines.starter.clips import Shard
from pipelines.starter.runs import save_whole
from pipelines.starter.transformer import build_transformer
from pipelines.starter.vae import LATENT_CHANNELS
from pipelines.types import Conditioning
from tests.pipelines.starter.diorama.stages import FORMS

MINUTES = 0.001  # a step or two of every stage
SMALL = (32, 32)


@pytest.fixture
def small_world(tmp_path: Path) -> Path:
    """The file of a world of three things."""
    files: dict[str, bytes] = {}
    for subject, form in FORMS.items():
        files |= encoded(f"{subject}-form-{form}", subject, 0.0, False, turntable(made(form), 8, 48), OWN)
    keep(files.items(), tmp_path / "world.zip")
    return tmp_path / "world.zip"


@pytest.fixture
def _few_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stages on fewer and smaller clips, with networks as large as ever."""
    monkeypatch.setattr(train, "MEASURED", (2, 1, 5))
    monkeypatch.setattr(train, "WORDS_STEPS", 2)
    monkeypatch.setattr(train, "PREVIEWED", 2)
    monkeypatch.setattr(plain, "AT_ONCE", {True: 4, False: 2})
    monkeypatch.setattr(crops, "SHAPES", ((5, 16, 16, 1, 1.0),))
    monkeypatch.setattr(crops, "LATE_SHAPES", ())
    monkeypatch.setattr(crops, "FEW", 2)
    monkeypatch.setattr(pairs, "AT_FIRST", (17,))
    monkeypatch.setattr(train_transformer, "READING_STEPS", 1)
    monkeypatch.setattr(train_transformer.Report, "EVERY", 1)
    for stage in (train_transformer, train_distil):
        monkeypatch.setattr(stage, "TOKENS", {"cpu": 24})
    monkeypatch.setattr(exercises.draw, "__defaults__", (exercises.sample_shape, 6))


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, world: Path, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["train", *words, "--folder", str(folder), "--world", str(world)])
    train.main()


@pytest.mark.slow
@pytest.mark.usefixtures("_few_and_small")
def test_from_nothing_to_a_model_of_few_steps_that_makes_a_clip(
    tmp_path: Path, small_world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "training", tmp_path / "starter"
    minutes = ("--minutes", str(MINUTES))
    for frames in ("1", "5"):
        run(monkeypatch, folder, small_world, "draw", "--minutes", "0", "--size", "32x32", "--frames", frames)
    run(monkeypatch, folder, small_world, "vae", "freeze", "clips", "--minutes", str(MINUTES), "0", "0")
    run(monkeypatch, folder, small_world, "plain", "words", "--frames", "1", "--minutes", "0")
    run(monkeypatch, folder, small_world, "transformer", *minutes)
    checkpoint = folder / "transformer.pt"
    shutil.copy(checkpoint, tmp_path / "before.pt")
    run(monkeypatch, folder, small_world, "average", "--of", str(tmp_path / "before.pt"), str(checkpoint))
    run(monkeypatch, folder, small_world, "export", "--out", str(tmp_path / "undistilled"))
    facts = json.loads((tmp_path / "undistilled" / "septet.json").read_text())
    assert (facts["guidance_scale"], facts["approach"], facts["moved_strength"]) == (2.5, 3.0, 0.25)
    run(monkeypatch, folder, small_world, "distil", *minutes)
    run(monkeypatch, folder, small_world, "draw", "--minutes", "0", "--size", "32x32", "--frames", "5")
    run(monkeypatch, folder, small_world, "decoder", *minutes)
    shutil.copy(folder / "decoder.pt", tmp_path / "critical.pt")
    run(monkeypatch, folder, small_world, "average", "--of", str(tmp_path / "critical.pt"), str(folder / "decoder.pt"))
    run(monkeypatch, folder, small_world, "export", "--out", str(out))
    assert capsys.readouterr().out.rstrip().endswith("8 steps, guidance 1")

    index = json.loads((out / "model_index.json").read_text())
    assert index["tokenizer"] == ["transformers", "PreTrainedTokenizerFast"], "a name that every release knows"
    info = model_info(str(out), tmp_path)
    assert (info.num_inference_steps, info.guidance_scale) == (8, 1.0)
    assert {"dog", "car"} <= set(info.knows["subjects"]) and "watercolour" in " ".join(info.knows["looks"])
    model = LatentVideoModel(info, "cpu")
    taught = torch.load(folder / "decoder.pt")["average"]["decoder.conv_out.weight"]
    assert torch.allclose(model._vae.decoder.conv_out.weight, taught, atol=1e-3)
    asked = Conditioning(5, 32, 32, prompt=info.prompts[0])
    frames = _made(model, asked)
    assert frames.shape == (5, 32, 32, 3) and frames.std() > 1

    again = tmp_path / "again"
    run(monkeypatch, again, small_world, "draw", "--minutes", "0", "--size", "32x32", "--frames", "5", "--workers", "1")
    run(monkeypatch, again, small_world, "vae", *minutes, "--begin-with", str(out), "--workers", "1")
    (again / "vae").symlink_to(folder / "vae")
    (again / "cache").symlink_to(folder / "cache")
    run(monkeypatch, again, small_world, "transformer", *minutes, "--begin-with", str(out))
    run(monkeypatch, again, small_world, "distil", *minutes, "--begin-with", str(out))
    assert (again / "distilled.pt").exists()


def _made(model: LatentVideoModel, asked: Conditioning) -> np.ndarray:
    return np.concatenate(list(model.decode(model.denoise(model.encode(asked), model.own_sampling(seed=0)))))


def test_an_export_needs_a_folder_to_go_to(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["train", "export"])
    with pytest.raises(SystemExit):
        train.main()
    assert "--out" in capsys.readouterr().err


def test_a_mean_needs_to_be_told_of_what(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["train", "average"])
    with pytest.raises(SystemExit):
        train.main()
    assert "--of" in capsys.readouterr().err


def test_a_mean_names_the_checkpoint_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path, tmp_path, "average", "--of", str(tmp_path / "other.pt"))
    assert f"--of: {tmp_path / 'other.pt'} is not there" in capsys.readouterr().err


def test_as_many_minutes_as_stages_or_one_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path, tmp_path, "draw", "vae", "clips", "--minutes", "1", "2")
    assert "--minutes has 2 numbers for 3 stages" in capsys.readouterr().err


@pytest.mark.usefixtures("_few_and_small")
def test_a_model_of_another_shape_is_no_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build_transformer(LATENT_CHANNELS + 4, layers=1).save_pretrained(tmp_path / "old" / "transformer")
    (tmp_path / "cache").mkdir()
    save_whole(Shard([], torch.zeros(LATENT_CHANNELS, 1, 4, 4)), tmp_path / "cache" / "32x32x1-0-0.pt")
    for stage in ("transformer", "distil"):
        with pytest.raises(SystemExit):
            run(monkeypatch, tmp_path, tmp_path, stage, "--begin-with", str(tmp_path / "old"))
        assert f"has {LATENT_CHANNELS + 4} latent channels" in capsys.readouterr().err
