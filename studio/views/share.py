"""What there is to see of sharing: a line in a clip's details, and the page behind a link."""

from __future__ import annotations

from datetime import datetime
from html import escape

from studio import words
from studio.jobs.job import Job
from studio.jobs.shares import Share
from studio.views import facts, marks
from studio.views.sign_in import document


def panel(shared: Share | None, link: str = "") -> str:
    """Whether a clip is shared and what can be done about it. `link`: the new one, told this once."""
    if shared is None:
        options = "".join(f'<option value="{days}">{escape(text)}</option>' for days, text in words.SHARE_FOR.items())
        return (
            f"<span>{escape(words.SHARE_HINT)}</span>"
            f'<select data-part="days" aria-label="{escape(words.SHARE_HOW_LONG)}">{options}</select>'
            f"{marks.button(words.SHARE, 'share')}"
        )
    until = words.SHARED
    if shared.until is not None:
        until = words.SHARED_UNTIL.format(date=datetime.fromtimestamp(shared.until).strftime("%d %B %Y"))
    stop = marks.button(words.SHARE_STOP, "unshare", "danger")
    if not link:
        return f"<span>{escape(until)} {escape(words.SHARED_BEFORE)}</span>{stop}"
    return (
        f"<span>{escape(until)} {escape(words.SHARED_NOW)}</span>"
        f'<input type="text" readonly data-part="link" value="{escape(link)}" aria-label="{escape(words.SHARE_LINK)}">'
        f"{marks.button(words.SHARE_COPY, 'copy-link', 'main', done=words.COPIED)}{stop}"
    )


def page(token: str, job: Job) -> str:
    """The clip and its download. Nothing of who made it, or from what."""
    folder = f"{token}/"
    return document(
        words.SHARED_TITLE,
        f'<div class="card wide"><video controls loop playsinline preload="metadata" '
        f'aria-label="{escape(words.SHARED_TITLE)}" poster="{folder}poster.jpg" src="{folder}clip.mp4"></video>'
        f'<div class="under"><p>{escape(facts.clip_size(job))}</p>'
        f'<a class="button" href="{folder}clip.mp4?download=1" download>{escape(words.DOWNLOAD)}</a></div></div>',
    )


def nothing() -> str:
    """For a link that does not work."""
    return document(
        words.NOT_SHARED,
        f'<div class="card"><h2>{escape(words.NOT_SHARED)}</h2>'
        f'<p class="help" style="margin:0">{escape(words.NOT_SHARED_HINT)}</p></div>',
    )
