"""Tokens are counted as the model counts them, and what falls off is what it does not read."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from pipelines.checkpoints import STARTER, model_info
from pipelines.model import LatentVideoModel
from pipelines.registry import PIPELINES
from pipelines.starter.vocabulary import world_tokenizer
from pipelines.tokens import measure
from tests.tiny import tiny_info

INFO = tiny_info()  # 16 tokens
LONG = "a red ball moving left over the sea a blue star moving right over the city at night"


@pytest.mark.parametrize("info", [INFO, model_info(STARTER, Path())], ids=["tiny", "starter"])
@pytest.mark.parametrize(
    "prompt", [LONG, LONG * 3, "a  café \n on Mars, wistfully drifting – slowly", "海の上の赤いボール" * 5]
)
def test_the_count_is_the_tokenizers_own(info, prompt):
    theirs = AutoTokenizer.from_pretrained(info.folder / "tokenizer")
    found = measure(prompt, info)
    assert found.tokens == len(theirs(" ".join(prompt.split())).input_ids)
    assert found.limit == theirs.model_max_length == info.max_prompt_tokens
    assert bool(found.lost) == (found.tokens > found.limit)


def test_the_model_reads_all_but_what_is_lost():
    model = LatentVideoModel(INFO, "cpu")
    lost = measure(LONG, INFO).lost
    assert lost == "city at night"
    kept = LONG.removesuffix(lost)
    assert torch.equal(model.encode_prompt(LONG), model.encode_prompt(kept + "desert ball"))
    other = kept.rstrip().rsplit(" ", 1)[0] + " sea " + lost
    assert not torch.equal(model.encode_prompt(LONG), model.encode_prompt(other))


def test_a_word_cut_in_its_middle_counts_as_lost():
    assert measure("a red ball over zebracrossings", INFO).lost == "zebracrossings"


def test_a_short_prompt_is_not_worth_counting():
    assert measure("a red ball", INFO) is None
    assert measure("", INFO) is None


def test_a_short_prompt_of_words_with_many_tokens_is_counted(tmp_path):
    tokenizer = world_tokenizer()
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    info = dataclasses.replace(INFO, folder=tmp_path, max_prompt_tokens=100, knows={"subjects": ["dog"]})
    found = measure("a dog, a cat, a bus and a car", info)
    assert found.tokens == len(tokenizer("a dog, a cat, a bus and a car").input_ids) > 100
    assert found.lost == "a car"


def test_a_model_whose_tokenizer_cannot_be_read_is_not_counted(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(INFO.folder, folder)
    info = dataclasses.replace(INFO, folder=folder)
    (folder / "tokenizer" / "tokenizer.json").write_text("{", "utf-8")
    assert measure(LONG, info) is None
    (folder / "tokenizer" / "tokenizer.json").unlink()
    assert measure(LONG, info) is None


def test_counting_loads_no_torch():
    code = (
        "import sys; from pathlib import Path; from pipelines.checkpoints import model_info; "
        "from pipelines.tokens import measure; assert measure('wistful ' * 30, model_info('starter', Path())).lost; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_prompt_of_a_board_is_read_with_the_boards_own_words():
    board = PIPELINES["storyboard"]
    request = board.request_type.model_validate_json(
        '{"prompt": "at night", "negative_prompt": "text", "panels": [{"prompt": "a ball "}, {"prompt": "a star"}]}'
    )
    assert board.prompts(request, INFO) == {
        "panels.0.prompt": "a ball, at night",
        "panels.1.prompt": "a star, at night",
        "negative_prompt": "text",
    }


def test_the_words_of_a_style_count_where_the_model_reads_them():
    mode = PIPELINES["text-to-video"]
    request = mode.request_type(prompt="a ball", style="noir")
    assert mode.prompts(request, INFO)["prompt"] == "a ball, film noir, dark soft shadows, one pale light"
    assert mode.prompts(request, dataclasses.replace(INFO, knows={"a": ["b"]}))["prompt"] == "a ball"
