"""The words the starter is made to read: those of its captions, and more."""

from __future__ import annotations

from transformers import PreTrainedTokenizerFast

from pipelines.starter.diorama import captions
from pipelines.starter.text import build_tokenizer

SMALL_WORDS = (
    "the a an of in on at to with and is it its this that there from by for as be are was one two three small big "
    "large little slowly slow fast quickly smoothly gently"
).split()
# words that people may use and that a longer training may teach; now and then one stands in a caption, beside the point
OTHER_WORDS = (
    "flying floating swimming rolling sliding bouncing jumping "
    "driving walking running dancing shining glowing object shape thing toy round shiny bright dark light sky cloud "
    "clouds sun moon sunny beach water wave waves sand dune hill hills tree trees forest flower flowers house houses "
    "tower road street window windows planet planets world earth snow mountain peaks person man woman child dog cat "
    "bird car boat ship plane train face people animal style painting oil watercolor cartoon anime sketch neon retro "
    "color colors colour colours black grey gray brown gold silver camera shot close wide view scene background "
    "foreground left right up down forward backward across through under over above below behind front near far "
    "motion move moves moving still no not very more less day night morning evening summer winter new old beautiful "
    "cinematic smooth detailed high quality flat illustration colourful soft calm dreamy minimal stylized 4k artistic "
    "animated elegant"
).split()
# no caption has these; they keep their places, for weights know a word by its number
KEPT_WORDS = (
    "orb pyramid ring hoop above skyline buildings galaxy deep studio plain background simple backdrop gliding "
    "downwards shrinking place"
).split()


def shown_words() -> list[str]:
    """Every word the captions can contain, and the small ones between them, in a fixed order."""
    return list(dict.fromkeys((*captions.known_words(), *SMALL_WORDS)))


def all_words() -> list[str]:
    """Every word of the vocabulary, once, in a fixed order."""
    return list(dict.fromkeys((*shown_words(), *KEPT_WORDS, *OTHER_WORDS)))


def world_tokenizer() -> PreTrainedTokenizerFast:
    """Reads all words, and with those for a subject the parts of how it looks."""
    others = (
        phrase
        for name, table in captions.TABLES.items()
        if name != "subjects"
        for phrases in table.values()
        for phrase in phrases
    )
    return build_tokenizer(all_words(), captions.SUBJECT_WORDS, tuple(others))
