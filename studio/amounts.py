"""Spans of time and sizes as a person says them."""

from __future__ import annotations

from studio import words


def eta(seconds: float | None) -> str:
    """How much longer, as a person would say it; empty where nobody knows."""
    if seconds is None:
        return ""
    if seconds < 2:
        return words.ETA_SOON
    if seconds < 90:
        return words.ETA_SECONDS.format(count=round(seconds))
    return words.ETA_MINUTES.format(count=round(seconds / 60))


def duration(seconds: float) -> str:
    """A span of time as a person would say it: "4.2 s", "3 min 5 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(num_bytes: float) -> str:
    """A size on disk: "640 MB", "19 GB"."""
    for unit in ("B", "kB", "MB"):
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.0f} GB" if num_bytes >= 10 else f"{num_bytes:.1f} GB"
