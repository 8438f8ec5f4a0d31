"""The result panel of a mode: one state of one job as HTML, and what changes while that state lasts.

`panel()` is asked again and again by static/panel.js: it puts `html` on the page only when `key` changes, so that a
player keeps playing, and `live` every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from studio import amounts, words
from studio.exports import offered
from studio.jobs.job import Job
from studio.views import facts, marks

POLL_WORKING, POLL_WAITING, POLL_IDLE = 400, 900, 2500  # milliseconds


def panel(job: Job | None, takes: Sequence[Job], *, worker_ready: bool = True) -> dict[str, Any]:
    """What the page shows for `job` (None: nothing was made in this mode yet), and the strip of recent takes."""
    key, html = ("empty", _empty()) if job is None else _card(job)
    return {
        "job": job.id if job else "",
        "key": key,
        "html": html,
        "live": _live(job, worker_ready) if job else {},
        "takes": _takes(takes, job),
        "takes_key": ",".join(f"{take.id}{take.state}{take.has_poster}" for take in takes) + (job.id if job else ""),
        "wait": _wait(job),
    }


def _wait(job: Job | None) -> int:
    if job is None or job.is_over:
        return POLL_IDLE
    return POLL_WORKING if job.state == "running" else POLL_WAITING


def _card(job: Job) -> tuple[str, str]:
    """(key, html) of a job: the key changes exactly when the HTML has to."""
    if job.state == "done" and not job.has_clip:
        return f"{job.id}:gone", _over(job, words.GONE_TITLE, words.GONE_HINT, words.MAKE_AGAIN)
    if job.state == "cancelled":
        return f"{job.id}:cancelled", _over(job, words.CANCELLED_TITLE, words.CANCELLED_HINT, words.TRY_AGAIN)
    if job.state == "failed":
        return f"{job.id}:failed", _failed(job)
    if job.state == "done":
        return f"{job.id}:done", _done(job)
    return f"{job.id}:working:{job.cancel_requested}", _working(job)


def _frame(stage: str, under: str, look: str = "") -> str:
    return f'<div class="s-stage {look}">{stage}</div><div class="s-under">{under}</div>'


def _empty() -> str:
    return (
        f'<div class="s-stage blank"><div class="s-empty">{marks.FILM}<b>{escape(words.EMPTY_TITLE)}</b>'
        f"{escape(words.EMPTY_HINT)}</div></div>"
    )


def _working(job: Job) -> str:
    stage = (
        f'<img data-live-preview hidden alt="{escape(words.PREVIEW_ALT)}">'
        '<div class="s-wait"><div><b data-live="stage" role="status"></b><span data-live="line"></span></div>'
        f"{marks.bar(0, words.STATES['running'])}</div>"
    )
    cancel = (
        f'<button type="button" class="s-act" disabled>{escape(words.CANCELLING)}</button>'
        if job.cancel_requested
        else marks.button(words.CANCEL, "stop", busy=words.CANCELLING)
    )
    under = f'{_said(job)}<div class="s-acts">{cancel}{_seed(job)}</div>'
    return _frame(stage, under, "blank")


def _over(job: Job, title: str, hint: str, again: str) -> str:
    stage = f'<div class="s-empty">{marks.FILM}<b>{escape(title)}</b>{escape(hint)}</div>'
    return _frame(stage, f'{_said(job)}<div class="s-acts">{_retry(again)}{_seed(job)}</div>', "blank")


def _failed(job: Job) -> str:
    stage = (
        f'<div class="s-fail" role="alert"><b>{escape(words.FAILED_TITLE)}</b>'
        f"<p>{escape(job.error or job.error_code or '')}</p></div>"
    )
    return _frame(stage, f'{_said(job)}<div class="s-acts">{_retry(words.TRY_AGAIN)}{_seed(job)}</div>', "blank")


def _retry(text: str) -> str:
    return marks.button(text, "again", "main") + marks.button(words.USE_AGAIN, "use")


def _done(job: Job) -> str:
    stage = marks.player(job.id, words.PLAYER, autoplay=True)
    compare = ""
    if facts.runs_with_source(job):
        stage += _compare(job)
        compare = marks.button(words.COMPARE, "compare", open=words.COMPARE, close=words.COMPARE_CLOSE)
    acts = (
        marks.link(words.DOWNLOAD, f"media/{job.id}/clip.mp4?download=1", marks.DOWNLOAD, "main")
        + marks.formats_menu(job.id, offered(job))
        + marks.button(words.USE_AGAIN, "use")
        + goes_on(job)
        + marks.shots_menu(facts.shots(job))
        + marks.send_menu(facts.targets())
        + compare
    )
    line = f'<div class="s-facts">{_seed(job)}<span>{escape(facts.clip_line(job))}</span></div>'
    return _frame(stage, f'{_said(job)}{line}<div class="s-acts">{acts}</div>')


def goes_on(job: Job) -> str:
    """The button that makes more of a clip: of a still its first frame, of anything longer its beginning."""
    if facts.request(job).get("num_frames") == 1:
        return marks.button(words.ANIMATE, "animate")
    return marks.button(words.EXTEND, "extend")


def _compare(job: Job) -> str:
    start = facts.request(job).get("start", 0.0)  # where in the source the clip begins
    return (
        '<template data-compare><div class="s-compare">'
        f'<video class="after" loop muted playsinline src="media/{job.id}/clip.mp4"></video>'
        f'<video class="before" muted playsinline src="media/{job.id}/source" data-start="{start:g}"></video>'
        f'<em class="l">{escape(words.BEFORE)}</em><em class="r">{escape(words.AFTER)}</em>'
        f'<input type="range" min="0" max="100" value="50" aria-label="{escape(words.COMPARE_SLIDER)}">'
        f'<p class="s-unshown" role="status" hidden>{escape(words.COMPARE_UNPLAYED)}</p>'
        "</div></template>"
    )


def _said(job: Job) -> str:
    """The prompt the clip is made from, what its flags changed, and what should be known of it."""
    prompt = facts.request(job).get("prompt", "")
    text = f'<p class="s-said">{escape(prompt)}</p>' if prompt else ""
    chips = "".join(f'<span class="s-flag">{escape(flag)}</span>' for flag in facts.flags(job))
    text += f'<div class="s-facts">{chips}</div>' if chips else ""
    return text + "".join(f'<p class="s-notice">{escape(notice)}</p>' for notice in facts.notices(job))


def _seed(job: Job) -> str:
    if not facts.is_made(job):
        return ""
    return (
        f'<span class="s-seedline">{escape(words.SEED)} <span data-seed>{job.seed}</span>'
        f'<button type="button" data-action="copy" data-text="{job.seed}" data-done="{escape(words.COPIED)}" '
        f'aria-label="{escape(words.COPY_SEED)}" title="{escape(words.COPY_SEED)}">{marks.COPY}</button></span>'
    )


def _live(job: Job, worker_ready: bool) -> dict[str, Any]:
    percent = min(99, int(job.progress * 100))
    eta = amounts.eta(job.eta_seconds)
    if job.state == "running":
        stage = words.CANCELLING if job.cancel_requested else words.STAGES.get(job.stage, job.stage)
        line = _join(f"{percent} %", eta, words.SECOND_ATTEMPT.format(attempt=job.attempt) if job.attempt > 1 else "")
    else:
        stage = words.INTERRUPTED if job.state == "interrupted" else _place(job, worker_ready)
        line = eta
    preview = f"media/{job.id}/preview.jpg?at={percent}" if job.has_preview and job.state == "running" else ""
    return {"stage": stage, "line": line, "percent": percent, "preview": preview}


def _place(job: Job, worker_ready: bool) -> str:
    if not worker_ready:
        return words.STARTING
    return words.QUEUED_NEXT if job.place <= 1 else words.QUEUED_PLACE.format(place=job.place)


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _takes(takes: Sequence[Job], current: Job | None) -> str:
    """The strip of recent takes; nothing while there is only one."""
    if len(takes) < 2:
        return ""
    cells = "".join(
        f'<button type="button" class="s-take" data-action="show" data-job="{take.id}" '
        f'aria-label="{escape(words.SHOW_TAKE)}: {escape(facts.summary(take))}" '
        f'aria-current="{"true" if current and take.id == current.id else "false"}">{_face(take)}</button>'
        for take in takes
    )
    return f'<div class="s-strip"><h3>{escape(words.TAKES)}</h3><div class="s-takes">{cells}</div></div>'


def _face(take: Job) -> str:
    if take.has_poster:
        return f'<img loading="lazy" alt="" src="media/{take.id}/poster.jpg">'
    return f"<span>{escape(words.STATES[take.state])}</span>"
