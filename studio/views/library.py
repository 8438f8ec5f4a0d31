"""The library: cards of finished clips, one clip in full, two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from pipelines import SERVICES
from studio import words
from studio.exports import offered
from studio.jobs.job import Job
from studio.views import facts, marks
from studio.views.panel import goes_on


def shell() -> str:
    """The page's library before any clip is loaded: tools, an empty grid and the dialogs."""
    modes = "".join(f'<option value="{mode}">{escape(each.title)}</option>' for mode, each in SERVICES.items())
    return (
        '<div class="s-library-root">'
        '<div class="s-tools">'
        f'<label class="grow">{escape(words.SEARCH)}<input type="search" data-part="search" autocomplete="off"></label>'
        f'<label>{escape(words.FILTER)}<select data-part="filter"><option value="">{escape(words.ALL_MODES)}</option>'
        f"{modes}</select></label>"
        f'<button type="button" class="s-act" data-part="compare" data-action="compare" disabled>'
        f"{escape(words.COMPARE_TWO)}</button>"
        f'<span class="s-hint" data-part="hint">{escape(words.COMPARE_PICK)}</span></div>'
        '<div class="s-grid" data-part="grid" aria-live="polite"></div>'
        f'<div class="s-more" data-part="more" hidden>{marks.button(words.MORE, "more")}</div>'
        f"{_dialog('player', words.DETAILS)}{_dialog('pair', words.COMPARE_TWO)}{_sure()}</div>"
    )


def _dialog(part: str, label: str) -> str:
    return (
        f'<dialog class="s-dialog" data-part="{part}" aria-label="{escape(label)}">'
        f'{marks.button(words.CLOSE, "close", "s-close")}<div data-part="inside"></div></dialog>'
    )


def _sure() -> str:
    return (
        f'<dialog class="s-dialog small" data-part="sure" aria-label="{escape(words.DELETE_TITLE)}">'
        f"<h3>{escape(words.DELETE_TITLE)}</h3><p>{escape(words.DELETE_HINT)}</p><div class='s-acts'>"
        f"{marks.button(words.DELETE_YES, 'remove-now', 'danger')}{marks.button(words.KEEP, 'close')}</div></dialog>"
    )


def cards(jobs: Sequence[Job], *, filtered: bool, first_page: bool) -> str:
    """The grid's content; an empty library says what to do about it."""
    if not jobs and first_page:
        title = words.LIBRARY_NOTHING if filtered else words.LIBRARY_EMPTY
        hint = words.LIBRARY_NOTHING_HINT if filtered else words.LIBRARY_EMPTY_HINT
        return f'<div class="s-blank" style="grid-column:1/-1">{marks.FILM}<b>{escape(title)}</b>{escape(hint)}</div>'
    return "".join(_card(job) for job in jobs)


def _card(job: Job) -> str:
    said = facts.request(job).get("prompt", "")
    name = escape(facts.summary(job))
    when = datetime.fromtimestamp(job.finished or job.created).strftime("%d %b, %H:%M")
    face = f'<img loading="lazy" alt="" src="media/{job.id}/poster.jpg">' if job.has_poster and job.has_clip else ""
    thumb = (
        f'<button type="button" class="s-thumb" data-action="play" aria-label="{escape(words.PLAY)}: {name}">'
        f"{face}{marks.PLAY if job.has_clip else f'<span>{escape(words.MISSING_FILE)}</span>'}</button>"
    )
    pick = (
        f'<label class="s-pick"><input type="checkbox" value="{job.id}" '
        f'aria-label="{escape(words.SELECT)}: {name}"></label>'
        if job.has_clip
        else ""
    )
    none = words.NO_PROMPT if facts.is_made(job) else facts.summary(job)
    words_or_none = f"<p>{escape(said)}</p>" if said else f'<p class="none">{escape(none)}</p>'
    acts = (
        marks.button(words.DETAILS, "play")
        + (
            marks.link(words.DOWNLOAD, f"media/{job.id}/clip.mp4?download=1", marks.DOWNLOAD)
            if job.has_clip
            else marks.button(words.MAKE_AGAIN, "again")
        )
        + marks.icon_button(words.DELETE, "remove", marks.BIN)
    )
    return (
        f'<article class="s-card" data-job="{job.id}" aria-label="{name}">{thumb}{pick}<div class="s-text">'
        f'<span class="s-tag">{escape(facts.title(job.mode))} <span class="s-when">· {escape(when)}</span></span>'
        f'{words_or_none}<div class="s-acts">{acts}</div></div></article>'
    )


def full(job: Job, *, shares: bool = False) -> str:
    """One clip with everything known about it. `shares`: there are people to share it with."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.details(job))
    if job.has_clip:
        stage = f'<div class="s-stage">{marks.player(job.id, facts.summary(job), autoplay=True)}</div>'
        acts = marks.link(words.DOWNLOAD, f"media/{job.id}/clip.mp4?download=1", marks.DOWNLOAD, "main")
        acts += marks.formats_menu(job.id, offered(job))
        send = goes_on(job) + marks.send_menu(facts.targets())
        if shares:
            rows += f'<dt>{escape(words.SHARE)}</dt><dd class="s-share" data-part="share" aria-live="polite"></dd>'
    else:
        stage = (
            f'<div class="s-stage blank"><div class="s-empty">{marks.FILM}<b>{escape(words.GONE_TITLE)}</b>'
            f"{escape(words.GONE_HINT)}</div></div>"
        )
        acts, send = marks.button(words.MAKE_AGAIN, "again", "main"), ""
    return (
        f'<div data-job="{job.id}">{stage}<div class="s-body"><dl>{rows}</dl><div class="s-acts">{acts}'
        f"{marks.button(words.USE_AGAIN, 'use')}{send}{marks.button(words.DELETE, 'remove', 'danger')}"
        "</div></div></div>"
    )


def pair(jobs: Sequence[Job]) -> str:
    """Two clips side by side; the first one's controls drive both."""
    figures = "".join(
        f"<figure><video {'controls' if index == 0 else ''} loop muted playsinline "
        f'aria-label="{escape(facts.summary(job))}" src="media/{job.id}/clip.mp4"></video>'
        f"<figcaption><b>{escape(facts.title(job.mode))}</b><br>{escape(facts.summary(job))}<br>"
        f"{escape(facts.seed_and_clip(job))}</figcaption></figure>"
        for index, job in enumerate(jobs)
    )
    return f'<div class="s-pair">{figures}</div>'
