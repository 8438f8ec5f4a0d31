"""Prompts nobody means, and some that people mean: empty, endless, in other scripts, full of what programs obey."""

from __future__ import annotations

from tests.corpus.kinds import Table

PROMPTS = Table("prompt")
row = PROMPTS.row


@row("P01", "nothing at all", "refused", says="prompt is empty", why="in text-to-video; image-to-video needs no words")
def _() -> list[str]:
    return [""]


@row(
    "P02",
    "nothing but blanks",
    "refused",
    says="prompt is empty",
    why="in text-to-video; image-to-video needs no words",
)
def _() -> list[str]:
    return ["   ", "\n\t \u3000\u00a0"]


@row("P03", "a hundred thousand letters", "refused", says="4000 characters")
def _() -> list[str]:
    return ["x" * 100_000, "a red ball " * 9_000]


@row("P04", "a megabyte", "refused", says="4000 characters")
def _() -> list[str]:
    return ["字" * 350_000]


@row("P05", "zeros and other characters that print nothing", "taken", why="they are left out; line ends and tabs stay")
def _() -> list[str]:
    return ["a red\0 ball", "a \x07red\x08 \x1bball\x7f\x85", "a red\nball\tmoving"]


@row(
    "P06", "letters of no width, and such that turn the line around", "taken", why="no filter of words could be misled"
)
def _() -> list[str]:
    return ["a r\u200bed b\u202eall", "\ufeffa red ball\u2066\u2069"]


@row("P07", "half a character", "refused", says="prompt")
def _() -> list[str]:
    return ["a red \ud83d ball", "\udfff"]


@row("P08", "a page's markup", "taken")
def _() -> list[str]:
    return ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "[x](javascript:alert(1)) **b**"]


@row("P09", "what ffmpeg's filters obey", "taken")
def _() -> list[str]:
    return ["':,[];%{localtime}", "drawtext=text='x':textfile=/etc/passwd"]


@row("P10", "a file of metadata", "taken")
def _() -> list[str]:
    return [";FFMETADATA1\n[STREAM]\ntitle=x", "title=x\\\n;#"]


@row("P11", "options of a program", "taken")
def _() -> list[str]:
    return [" -vf x -i /etc/passwd", "-y -f lavfi -i testsrc out.mp4"]


@row("P12", "what formats strings", "taken")
def _() -> list[str]:
    return ["{0.__class__} {prompt}", "%s %n %(name)s", "${jndi:ldap://127.0.0.1/x}", "{{7*7}}"]


@row("P13", "the path of a file", "taken", why="the words, and not the file")
def _() -> list[str]:
    return ["/etc/passwd", "file:///etc/passwd", "@/etc/passwd"]


@row("P14", "ten thousand brackets", "refused", says="4000 characters")
def _() -> list[str]:
    return ["(" * 10_000, "[" * 4001]


@row("P15", "quotes of SQL", "taken")
def _() -> list[str]:
    return ["'; DROP TABLE jobs; --", '" OR 1=1 /*', "a red ball' || (SELECT 1) || '"]


@row("P16", "line ends and colours of a terminal", "taken", why="the escape is left out, and no log holds prompts")
def _() -> list[str]:
    return ["a red ball\nWARNING forged\x1b[31m", "\x1b]0;title\x07a red ball\r\nb"]


@row(
    "P17",
    "more words than the model reads",
    "taken",
    why="it reads the first 512 tokens; the record says what was lost",
)
def _() -> list[str]:
    return ["a red ball over the sea " * 160]
