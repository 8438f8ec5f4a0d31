"""Names of files, as people and programs send them: as paths, in other scripts, with what shells and browsers obey."""

from __future__ import annotations

from tests.corpus.kinds import Table

NAMES = Table("name")
row = NAMES.row


@row("F01", "a path up and out", "taken")
def _() -> list[str]:
    return ["../../x.png", "../../../../etc/cron.d/x.png"]


@row("F02", "a whole path", "taken")
def _() -> list[str]:
    return ["/etc/passwd", "/etc/passwd.png"]


@row("F03", "a path as Windows writes it", "taken")
def _() -> list[str]:
    return ["..\\..\\x.png", "C:\\Windows\\x.png"]


@row("F04", "a zero in the name", "taken")
def _() -> list[str]:
    return ["a\0.png", "a.png\0.exe"]


@row("F05", "a name of 300 bytes, and of 300 letters", "taken")
def _() -> list[str]:
    return ["x" * 296 + ".png", "字" * 300 + ".png"]


@row("F06", "other scripts, composed and not, and pictures", "taken")
def _() -> list[str]:
    return ["café.png", "cafe\u0301.png", "写真.png", "🎬🎞️.png", "صورة.png"]


@row("F07", "a name that reads backwards", "taken")
def _() -> list[str]:
    return ["photo\u202egnp.exe.png", "\u2066a\u2069.png"]


@row("F08", "the name of a device", "taken")
def _() -> list[str]:
    return ["CON.png", "nul.png", "aux"]


@row("F09", "names like options, and hidden ones", "taken")
def _() -> list[str]:
    return ["-rf", "-i.png", ".x", "..."]


@row("F10", "line ends in the name", "taken")
def _() -> list[str]:
    return ["a\r\nSet-Cookie: x=1\r\n\r\n.png", "a\nb.png"]


@row("F11", "quotes and what shells obey", "taken")
def _() -> list[str]:
    return ["a'b\"c.png", "$(touch x).png", "`touch x`.png", "a;touch x;.png", "<img src=x onerror=alert(1)>.png"]


@row("F12", "spaces, and no ending", "taken")
def _() -> list[str]:
    return ["  two  words .png", "noending", " "]


@row("F13", "the same name twice", "taken")
def _() -> list[str]:
    return ["same.png", "same.png"]
