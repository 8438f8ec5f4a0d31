"""Whose things they are: the text that goes with the file, and with weights that learnt from it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from pipelines.starter.atlas.keeping import Facts

_HEAD = """# Whose things these are

The pictures in `world.zip` show 3D models and drawings by other people, coloured and seen from all around. Models under
CC BY 3.0 are from Sweet Home 3D's additional furniture (BlendSwap contributors, Scopia, Kator Legaz, Reallusion); the
drawings are Microsoft's Fluent Emoji; the surroundings are Poly Haven's, in the public domain under CC0 1.0.
"""


def credits(found: Sequence[Facts]) -> str:
    """Markdown: every thing by its licence, with its title and its creator."""
    ordered = sorted(found, key=lambda facts: (facts.licence.terms, facts.licence.creator, facts.name))
    parts = [_HEAD]
    for terms, group in groupby(ordered, key=lambda facts: facts.licence.terms):
        parts.append(f"\n## {terms}\n")
        parts += [f"- {facts.licence.title}, by {facts.licence.creator} ({facts.subject})" for facts in group]
    return "\n".join(parts) + "\n"
