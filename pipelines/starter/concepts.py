"""Words that bring a picture with them: what means a subject is followed by tokens for the parts of how it looks.

One vector cannot hold a form, and a small transformer needs a million clips to learn forms by heart. A few dozen
vectors can (compare Gal et al. 2022, textual inversion). `looks.py` finds them; what is left to the transformer is to
put them where they belong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tokenizers import Regex, normalizers

# Of a picture of the native size, in patches of two latent cells by two: where a subject stands
TOP, LEFT, ROWS, COLUMNS = 0, 2, 5, 6
PARTS = ROWS * COLUMNS  # tokens that follow a word
_FIRST, _HIDDEN = 0xE000, 0xF800  # of Unicode's private characters


def parts_of(concept: int) -> str:
    """The characters, one a token, of the parts of the concept of this number, row by row."""
    return "".join(chr(_FIRST + PARTS * concept + part) for part in range(PARTS))


def part_number(token: str) -> int:
    """The number of the part, among those of all concepts, that a token is; -1 if it is none."""
    return ord(token) - _FIRST if len(token) == 1 and _FIRST <= ord(token) < _HIDDEN else -1


def expansion(concepts: Mapping[str, Sequence[str]], others: Sequence[str] = ()) -> normalizers.Normalizer:
    """Writes for any word of a concept, whole and in any case, the concept's name and its parts; not where the word is
    in one of the `others`, phrases that mean something else. Long phrases come first; names are written last, so that
    nothing is replaced twice."""
    names = list(concepts)
    words = {phrase: number for number, name in enumerate(names) for phrase in concepts[name]}
    apart = [phrase for phrase in others if any(_whole(word).search(phrase) for word in words)]
    phrases = sorted(words, key=lambda phrase: -len(phrase))
    return normalizers.Sequence(
        [
            *(normalizers.Replace(Regex(_whole(phrase).pattern), chr(_HIDDEN + i)) for i, phrase in enumerate(apart)),
            *(normalizers.Replace(Regex(_whole(phrase).pattern), parts_of(words[phrase])) for phrase in phrases),
            *(normalizers.Replace(parts_of(number), name + parts_of(number)) for number, name in enumerate(names)),
            *(normalizers.Replace(chr(_HIDDEN + i), phrase) for i, phrase in enumerate(apart)),
        ]
    )


def _whole(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)(?<![\w-]){re.escape(phrase)}(?![\w-])")
