"""The whole recipe calls every stage in its turn and its time; what runs beside them ends with them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from pipelines.starter.recipe import Recipe

# in the place of a stage: writes down what it was asked, and, if it is one that runs beside others, never ends
STAND_IN = """
import os, sys, time
with open(sys.argv[1], "a") as log:
    print(os.getpid(), *sys.argv[2:], file=log)
while sys.argv[2] in ("draw", "clips") or (sys.argv[2] == "plain" and "--workers" in sys.argv):
    time.sleep(1)
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log"
    monkeypatch.setattr(Recipe, "_command", lambda _, words: [sys.executable, "-c", STAND_IN, str(path), *words])
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    return path


def stages(log: Path) -> dict[str, list[str]]:
    """What each stage was asked, in the order they began; `moving` is that of plain clips, which workers draw."""
    lines = [line.split() for line in log.read_text().splitlines()]
    return {("moving" if words[1] == "plain" and "--workers" in words else words[1]): words[2:] for words in lines}


def workers(words: list[str]) -> int:
    return int(words[words.index("--workers") + 1])


def minutes(words: list[str]) -> float:
    return float(words[words.index("--minutes") + 1])


def ended(log: Path) -> bool:
    pids = [int(line.split()[0]) for line in log.read_text().splitlines()]
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_all_stages_share_the_time_there_is(log: Path, tmp_path: Path) -> None:
    Recipe(tmp_path, 10.0, "cuda", ()).run(tmp_path / "out")
    asked = stages(log)
    assert [stage for stage in asked if stage not in ("draw", "moving", "clips")] == [
        "vae", "freeze", "plain", "words", "transformer", "distil", "decoder", "export"
    ]  # fmt: skip
    assert workers(asked["draw"]) == 6 and workers(asked["moving"]) == 4
    assert minutes(asked["vae"]) == pytest.approx(2.0) and minutes(asked["plain"]) == pytest.approx(0.6)
    # nothing took any time, so what the stages before were given is shared among those after
    assert minutes(asked["transformer"]) == pytest.approx(0.8 * 7.5, abs=0.2)
    assert minutes(asked["distil"]) == pytest.approx(8.5, abs=0.3)
    assert minutes(asked["decoder"]) == pytest.approx(0.6)
    assert asked["export"] == ["--out", str(tmp_path / "out")]
    assert ended(log)


def test_there_need_be_no_student(log: Path, tmp_path: Path) -> None:
    Recipe(tmp_path, 10.0, "cuda", ()).run(tmp_path / "out", student=False)
    asked = stages(log)
    assert "distil" not in asked and "export" in asked
    assert minutes(asked["transformer"]) == pytest.approx(7.5, abs=0.2)


@pytest.mark.parametrize(
    ("cores", "drawing", "batching"),
    [
        (1, {"draw": 1}, 0), (2, {"draw": 1}, 0), (8, {"draw": 1}, 0), (9, {"draw": 2, "plain": 1}, 4),
        (16, {"draw": 6, "plain": 4}, 4),
    ],
)  # fmt: skip
def test_every_core_has_something_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, drawing: dict[str, int], batching: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    recipe = Recipe(tmp_path, 1.0, "cpu", ())
    assert (recipe.drawing, recipe.batching, recipe.threads) == (drawing, batching, max(1, cores // 2))
    assert Recipe(tmp_path, 1.0, "cuda", ()).surroundings["OMP_NUM_THREADS"] == "1"


def test_what_is_there_is_not_made_again_and_what_was_begun_gets_more(log: Path, tmp_path: Path) -> None:
    (tmp_path / "vae").mkdir()
    (tmp_path / "text_encoder").mkdir()
    torch.save({"minutes": 5.0}, tmp_path / "transformer.pt")
    Recipe(tmp_path, 10.0, "cuda", ()).run(tmp_path / "out")
    asked = stages(log)
    assert not {"vae", "freeze", "plain", "words"} & set(asked)
    assert minutes(asked["transformer"]) == pytest.approx(5 + 0.8 * 7.5, abs=0.2)


def test_each_begins_with_what_it_is_given(log: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    Recipe(tmp_path, 10.0, "cuda", ()).run(tmp_path / "out", old, new)
    begun = {stage: words[words.index("--begin-with") + 1] for stage, words in stages(log).items()
             if "--begin-with" in words}  # fmt: skip
    assert begun == {"vae": str(old), "transformer": str(new)}  # the student's teacher is what was trained just now
    assert not {"plain", "words"} & set(stages(log))


def test_a_stage_that_fails_ends_all(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Recipe._command

    def failing(recipe: Recipe, words: list[str]) -> list[str]:
        return [sys.executable, "-c", "raise SystemExit(3)"] if words[0] == "transformer" else command(recipe, words)

    monkeypatch.setattr(Recipe, "_command", failing)
    with pytest.raises(Exception, match="non-zero exit status 3"):
        Recipe(tmp_path, 10.0, "cuda", ()).run(tmp_path / "out")
    assert not {"distil", "export"} & set(stages(log)) and ended(log)
