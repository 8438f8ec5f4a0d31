"""The training: that its parts learn, that it can be stopped and gone on with, and that it sees what use would show."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from pipelines.errors import InputError
from pipelines.starter import train_transformer as stage
from pipelines.starter import train_words
from pipelines.starter.batch import Batch
from pipelines.starter.clips import LatentEncoder, Shard, encode_drawn
from pipelines.starter.diorama.scenes import Cast, Scene
from pipelines.starter.exercises import draw
from pipelines.starter.export import Defaults, assemble
from pipelines.starter.optim import Trainer, orthogonalise
from pipelines.starter.readouts import ASKED, OPTIONS, scene_error, scene_labels
from pipelines.starter.runs import Checkpoint, half_precision, mean_of, ready, save_whole
from pipelines.starter.text import Tokens, build_text_encoder, build_tokenizer
from pipelines.starter.train_transformer import train_transformer
from pipelines.starter.train_vae import reconstruction_loss
from pipelines.starter.train_words import teach_reading, teach_words
from pipelines.starter.transformer import StarterModel, build_transformer, flow_loss, reads_the_world
from pipelines.starter.vae import build_vae, decode_sequence, encode_sequence
from pipelines.starter.vocabulary import world_tokenizer
from tests.pipelines.starter.shooting import small_encoder, small_source

BALL = Scene((Cast("ball", "red", "right"),), "room", detail=7)


@pytest.fixture(scope="module")
def encoder() -> LatentEncoder:
    return small_encoder()


def test_orthogonalising_makes_every_direction_count_alike() -> None:
    for shape in ((3, 24, 60), (2, 60, 24)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert 0.5 < values.min() < values.max() < 1.5


def _small_model() -> StarterModel:
    tokenizer = build_tokenizer(["a", "red", "ball"])
    return StarterModel(build_transformer(4, layers=2), build_text_encoder(len(tokenizer)), tokenizer)


def test_a_training_step_lowers_the_loss_of_the_transformer() -> None:
    torch.manual_seed(1)
    model = _small_model()
    trainer = Trainer(model, StarterModel.PLAIN, 0.01, 2e-3)
    clean, control = torch.randn(1, 4, 2, 4, 4).expand(8, -1, -1, -1, -1), torch.zeros(8, 72, 2, 4, 4)

    def loss() -> torch.Tensor:
        torch.manual_seed(2)
        return flow_loss(model, clean, model.tokens(["a red ball"] * 8), control, torch.linspace(0.2, 0.9, 8)).mean()

    before = loss().item()
    for _ in range(12):
        loss().backward()
        trainer.step(0.0, warmup=1)
    assert loss().item() < 0.8 * before


def test_frames_that_are_ahead_have_less_noise_and_are_asked_for_nothing() -> None:
    seen = []

    def no_velocity(latents: torch.Tensor, *_: object) -> torch.Tensor:
        seen.append(latents)
        return torch.zeros_like(latents)

    clean, sigma = torch.full((2, 4, 3, 4, 4), 50.0), torch.tensor([0.5, 0.8])
    ahead = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    loss = flow_loss(no_velocity, clean, Tokens(torch.zeros(2, 1), torch.ones(2, 1)), clean, sigma, ahead=ahead)  # type: ignore[arg-type]
    assert torch.equal(seen[0][0, :, 1], clean[0, :, 1]), "it has no noise at all"
    assert torch.allclose(seen[0][0, :, 0].mean(), torch.tensor(25.0), atol=1)
    assert torch.allclose(loss[0] / loss[1], torch.tensor(2 / 3), atol=0.05)


def test_the_first_frame_of_some_clips_is_ahead_of_the_others() -> None:
    def clips(frames: int, references: int) -> Batch:
        shape = (400, frames, 4, 4)
        return Batch(
            torch.zeros(400, 1, *shape[1:]), torch.zeros(0), torch.zeros(shape), Tokens(torch.zeros(0), torch.zeros(0)),
            [], torch.zeros(0), torch.zeros(0), torch.zeros(0), references,
        )  # fmt: skip

    found = stage.frames_ahead(clips(5, references=2))
    assert 0.3 < (found[:, 2] < 1).float().mean() < 0.5 and found.min() >= 0
    assert (found[:, [0, 1, 3, 4]] == 1).all()
    assert (stage.frames_ahead(clips(2, references=1)) == 1).all(), "a single picture is followed by nothing"


def test_inner_layers_learn_positions_outline_and_scene_and_their_heads_are_left_behind_at_export() -> None:
    torch.manual_seed(1)
    model = _small_model()
    trainer = Trainer(model, StarterModel.PLAIN, 0.01, 2e-2)
    clean, control = torch.randn(1, 4, 2, 4, 6).expand(4, -1, -1, -1, -1), torch.zeros(4, 72, 2, 4, 6)
    cover = torch.zeros(4, 2, 4, 6)
    cover[:, 0, 1, 2:4] = cover[:, 1, 3, 5] = 1
    labels, nowhere, unknown = (
        scene_labels([BALL] * 4),
        torch.full((4, 2, 2, 3), -1),
        torch.full((4, 3, 2, 2, 3, 2), torch.nan),
    )

    def asked(whole: bool = True) -> torch.Tensor:
        return model.readouts.loss(cover, labels, nowhere, unknown, references=0, whole=whole)

    for _ in range(40):
        losses = flow_loss(
            model, clean, model.tokens(["a red ball"] * 4), control, torch.full((4,), 0.1), cover, gain=9.0
        )
        (losses + 9.0 * asked()).mean().backward()
        trainer.step(0.0, warmup=1)
    with torch.no_grad():
        flow_loss(model, clean, model.tokens(["a red ball"] * 4), control, torch.full((4,), 0.1))
    assert torch.equal(model.readouts.seen_outline(cover.shape) > 0, cover > 0.5)
    assert model.readouts.position_error(cover.shape, references=0).mean() < 0.1
    assert model.readouts.scene_error(labels).max() < 0.5
    assert torch.allclose(
        asked() - asked(whole=False),
        model.readouts.WEIGHTS["position"] * model.readouts.position_error(cover.shape, 0).mean(dim=(1, 2, 3)),
    )
    saved = assemble(build_vae(8, 8, 4), model, Defaults()).transformer.state_dict()
    assert not any(name.split(".")[0] in ("position", "outline", "scene", "readouts") for name in saved)


def _answers(labels: torch.Tensor) -> dict[str, dict[str, float]]:
    parts = zip(ASKED.items(), labels.split(OPTIONS), strict=True)
    return {question: {options[i]: float(part[i]) for i in part.nonzero()[:, 0]} for (question, options), part in parts}


def test_a_scene_is_asked_for_what_it_has_and_two_subjects_count_half_each() -> None:
    pair = Scene((Cast("cat", "black", "still"), Cast("star", None, "left")), "space", "night", "pan left", 0.5, "neon")
    labels = scene_labels([BALL, pair, None])
    assert _answers(labels[0]) == {
        "subject": {"ball": 1.0}, "colour": {"red": 1.0}, "place": {"room": 1.0}, "light": {"day": 1.0},
        "motion": {"right": 1.0}, "camera": {"static": 1.0}, "look": {"photo": 1.0},
    }  # fmt: skip
    assert _answers(labels[1]) == {
        "subject": {"cat": 0.5, "star": 0.5}, "colour": {"black": 1.0}, "place": {"space": 1.0}, "light": {},
        "motion": {"still": 0.5, "left": 0.5}, "camera": {"pan left": 1.0}, "look": {"neon": 1.0},
    }  # fmt: skip
    assert not labels[2].any()
    still = _answers(scene_labels([BALL], pictures=True)[0])
    assert still["motion"] == still["camera"] == {} and still["subject"] == {"ball": 1.0}
    sure = torch.where(labels > 0, 50.0, -50.0)[:, None].expand(-1, 3, -1)
    assert scene_error(sure, labels)[0] < 1e-3
    assert scene_error(-sure, labels)[:2].min() > 1
    assert scene_error(-sure, labels)[2] == 0


@pytest.fixture
def two_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world of two scenes with nothing in common: who cannot read is wrong by ln 2 = 0.69 in every answer."""
    scenes = (BALL, Scene((Cast("fish", "blue", "spinning"),), "sea", "night", "zoom in", 0.5, "clay", 3))
    monkeypatch.setattr(train_words, "sample_scene", lambda rng: scenes[int(rng.integers(2))])


@pytest.mark.usefixtures("two_scenes")
def test_every_word_comes_to_tell_the_scene() -> None:
    tokenizer = world_tokenizer()
    assert teach_words(build_text_encoder(len(tokenizer)), tokenizer, steps=40, seed=0, batch=8) < 0.4


@pytest.mark.usefixtures("two_scenes")
def test_the_first_blocks_come_to_read_the_scene_off_the_words() -> None:
    torch.manual_seed(0)
    tokenizer = world_tokenizer()
    model = StarterModel(build_transformer(4, layers=2), build_text_encoder(len(tokenizer)), tokenizer)
    assert teach_reading(model, (2, 2), steps=60, seed=0, batch=8) < 0.4


def test_a_training_step_lowers_the_loss_of_the_autoencoder() -> None:
    torch.manual_seed(1)
    vae = build_vae(8, 8, 4)
    trainer = Trainer(vae, ("conv_in", "conv_out", "quant_conv"), 4e-3, 1e-3)
    video = torch.nn.functional.interpolate(torch.rand(1, 3, 5, 4, 4), size=(5, 32, 32)) * 2 - 1
    losses = []
    for _ in range(12):
        loss = reconstruction_loss(decode_sequence(vae, encode_sequence(vae, video)), video)
        losses.append(loss.item())
        loss.backward()
        trainer.step(0.0, warmup=1)
    assert losses[-1] < 0.9 * losses[0]


def test_a_checkpoint_brings_back_every_part_and_the_time_spent(tmp_path: Path) -> None:
    part = nn.Linear(3, 3)
    first = Checkpoint(tmp_path / "run.pt", {"part": part}, "cpu")
    first.keep(over=False)
    assert not list(tmp_path.iterdir()), "nothing is due yet"
    first.minutes = 4.5
    first.keep(over=True)
    other = nn.Linear(3, 3)
    second = Checkpoint(tmp_path / "run.pt", {"part": other}, "cpu")
    assert second.minutes == 4.5
    assert torch.equal(other.weight, part.weight)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_the_mean_of_checkpoints_is_that_of_their_weights_and_for_the_rest_the_last(tmp_path: Path) -> None:
    for minutes in (1.0, 3.0):
        parts = {"model": nn.Linear(3, 3), "average": nn.Linear(3, 3), "trainer": nn.Linear(2, 2)}
        for weights in parts["average"].parameters():
            nn.init.constant_(weights, minutes)
        checkpoint = Checkpoint(tmp_path / f"{minutes}.pt", parts, "cpu")
        checkpoint.minutes = minutes
        checkpoint.keep(over=True)
    mean_of([tmp_path / "1.0.pt", tmp_path / "3.0.pt"], tmp_path / "mean.pt")
    mean, last = torch.load(tmp_path / "mean.pt"), torch.load(tmp_path / "3.0.pt")
    assert {name: weights.unique().tolist() for name, weights in mean["average"].items()} == {
        "weight": [2],
        "bias": [2],
    }
    assert not torch.equal(mean["model"]["weight"], last["model"]["weight"])
    assert torch.equal(mean["trainer"]["weight"], last["trainer"]["weight"])
    assert mean["minutes"] == 3


def test_waiting_for_the_first_batch_is_over_before_a_training_counts_its_time() -> None:
    asked: list[int] = []

    def batches() -> Iterator[int]:
        for number in range(3):
            asked.append(number)
            yield number

    made = ready(batches())
    assert asked == [0]
    assert list(made) == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # the compiler's own doing
def test_what_is_compiled_before_a_training_serves_every_batch_and_the_student(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    torch._dynamo.reset()
    counted = torch._dynamo.utils.counters["stats"]
    counted.clear()
    models = []
    for _ in range(2):  # one that learns, one that is asked
        models.append(_small_model())
        stage.compile_blocks(models[-1])
    stage._pass_nothing(models[0], "cpu")
    compiled = counted["unique_graphs"]
    assert compiled == 4, "two kinds of blocks, each learnt from or not"
    for frames, height, count in ((1, 4, 3), (2, 6, 4), (5, 4, 2)):
        latents, control = torch.randn(count, 4, frames, height, 8), torch.zeros(count, 72, frames, height, 8)
        asked = (latents, torch.ones(count), models[0].tokens(["a red ball"] * count), control)
        with half_precision("cpu"), stage.attention("cpu"):
            models[0](*asked).sum().backward()
            with torch.no_grad():
                models[1](*asked)
    assert counted["unique_graphs"] == compiled


def test_a_stopped_training_goes_on_where_it_was(
    tmp_path: Path, encoder: LatentEncoder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(StarterModel, "build", staticmethod(lambda *_: _small_model()))
    monkeypatch.setattr(StarterModel, "of_state", staticmethod(lambda _: _small_model()))
    monkeypatch.setattr(stage, "TOKENS", {"cpu": 24})
    monkeypatch.setattr(stage.Report, "EVERY", 1)
    monkeypatch.setattr(stage, "READING_STEPS", 2)
    draw(small_source(), tmp_path / "drawn", 0.0, lambda _: ((32, 32), 1), 4)
    encode_drawn(tmp_path / "drawn", encoder, tmp_path / "cache", 0.0)
    encoder.vae.save_pretrained(tmp_path / "vae")
    capsys.readouterr()

    def train(minutes: float) -> None:
        train_transformer(tmp_path, "cpu", minutes, compiled=False)

    train(0.001)
    before = torch.load(tmp_path / "transformer.pt")
    said = capsys.readouterr().out.splitlines()
    assert before["trainer"]["steps"] == len(said) > 0
    train(0.001)
    assert not capsys.readouterr().out, "its time was spent already"
    train(before["minutes"] + 0.001)
    after = torch.load(tmp_path / "transformer.pt")
    assert after["minutes"] > before["minutes"]
    assert capsys.readouterr().out.startswith(f"{before['trainer']['steps'] + 1} ")
    name = "transformer.proj_out.weight"
    assert not torch.equal(after["average"][name], before["average"][name])


def test_only_a_model_of_nothing_is_taught_to_read_first(
    tmp_path: Path, encoder: LatentEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[StarterModel] = []
    monkeypatch.setattr(StarterModel, "build", staticmethod(lambda *_: _small_model()))
    saved = _small_model()
    monkeypatch.setattr(stage, "saved_parts", lambda *_: (saved.transformer, saved.text, saved.tokenizer))
    monkeypatch.setattr(stage, "reads_the_world", lambda _: True)
    monkeypatch.setattr(stage, "TOKENS", {"cpu": 24})
    monkeypatch.setattr(stage, "teach_reading", lambda model, *_, **__: taught.append(model))
    draw(small_source(), tmp_path / "drawn", 0.0, lambda _: ((32, 32), 1), 4)
    encode_drawn(tmp_path / "drawn", encoder, tmp_path / "cache", 0.0)
    encoder.vae.save_pretrained(tmp_path / "vae")
    for begin_with, lessons in ((tmp_path / "saved", 0), (None, 1)):
        train_transformer(tmp_path, "cpu", 0.001, compiled=False, begin_with=begin_with)
        assert len(taught) == lessons
        (tmp_path / "transformer.pt").unlink()


def test_a_model_of_other_words_begins_with_those_taught_for_it(tmp_path: Path) -> None:
    old, taught = _small_model(), build_text_encoder(len(world_tokenizer()))
    for part in ("transformer", "text", "tokenizer"):
        getattr(old, part).save_pretrained(tmp_path / "old" / {"text": "text_encoder"}.get(part, part))
    (tmp_path / "cache").mkdir()
    save_whole(Shard([], torch.zeros(4, 1, 4, 4)), tmp_path / "cache" / "32x32x1-0-0.pt")
    with pytest.raises(InputError, match="other words; run the stage words first"):
        stage.beginning(tmp_path, "cpu", tmp_path / "old")
    taught.save_pretrained(tmp_path / "text_encoder")
    model, reads = stage.beginning(tmp_path, "cpu", tmp_path / "old")
    assert not reads and reads_the_world(model.tokenizer)
    assert torch.equal(model.text.shared.weight, taught.shared.weight)
    assert torch.equal(model.transformer.proj_out.weight, old.transformer.proj_out.weight)
    assert len(model.transformer.blocks) == 2


def test_a_state_tells_the_shape_of_its_model() -> None:
    for channels, heads in ((4, 4), (6, 5)):
        model = StarterModel.build(channels, heads)
        again = StarterModel.of_state(model.state_dict())
        assert again.transformer.config.in_channels == channels
        assert again.transformer.config.num_attention_heads == heads
        assert torch.equal(again.text.shared.weight, model.text.shared.weight)
