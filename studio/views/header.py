"""The top of the page: the name, which model runs on what, where the data is, what the worker does, and the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pipelines.checkpoints import CATALOGUE, CatalogueEntry, ModelInfo
from studio import amounts, words
from studio.jobs.job import WorkerStatus
from studio.person import LOCAL, Person
from studio.views import marks


@dataclass(frozen=True)
class Fetching:
    """How far the download of one model is, in bytes; `error` once it has failed."""

    done: int = 0
    total: int = 0
    error: str = ""
    running: bool = True


@dataclass(frozen=True)
class Studio:
    """What the header tells. `active`: jobs running or waiting; `problem`: why no model can run, in a sentence.

    `signs_out`: the person came in by a sign-in of ours, and can leave by one.
    """

    model: ModelInfo | None
    on_disk: tuple[str, ...]
    data: Path
    worker: WorkerStatus | None
    active: int
    problem: str
    fetching: Mapping[str, Fetching]
    person: Person = LOCAL
    signs_out: bool = False


def brand() -> str:
    """The name, shown before anything is known."""
    return (
        f'<h1 class="s-brand">{marks.LOGO}<div><b>{escape(words.NAME)}</b>'
        f"<span>{escape(words.TAGLINE)}</span></div></h1>"
    )


def status(studio: Studio) -> str:
    """The chips on the right, the sheet of models, and a notice where no model can run."""
    folder = str(studio.data)
    data = (
        f'<span class="s-chip data" title="{escape(folder)}"><small>{escape(words.DATA_FOLDER)}</small>'
        f'<span class="s-path"><bdi>{escape(folder)}</bdi></span></span>'
    )
    if not studio.person.is_admin:
        data = ""
    look, said = _worker(studio)
    worker = f'<span class="s-chip worker" role="status"><i class="s-dot {look}"></i>{escape(said)}</span>'
    wrong = studio.problem or (studio.worker.error if studio.worker and studio.worker.error else "")
    notice = f'<p class="s-notice" role="alert">{escape(wrong)} {escape(words.MODEL_NONE)}</p>' if wrong else ""
    chips = f"{worker}{data}{_models(studio)}{_person(studio)}"
    return f'<header class="s-top">{brand()}<div class="s-status">{chips}</div></header>{notice}'


def _person(studio: Studio) -> str:
    """Who is signed in, and the way out; nothing where there is only one person."""
    if studio.person == LOCAL:
        return ""
    name = f"<b>{escape(studio.person.name)}</b>"
    if not studio.signs_out:
        return f'<span class="s-chip"><small>{escape(words.SIGNED_IN_AS)}</small>{name}</span>'
    title = escape(words.SIGNED_IN_AS)
    return (
        f'<form method="post" action="sign-out" class="s-who"><span class="s-chip" title="{title}">'
        f'{name}<button type="submit">{escape(words.SIGN_OUT)}</button></span></form>'
    )


def _worker(studio: Studio) -> tuple[str, str]:
    worker = studio.worker
    state = "" if worker is None else worker.state
    if state == "ready" and studio.active:
        waiting = studio.active - 1
        return "busy", words.WORKER_BUSY_MORE.format(count=waiting) if waiting else words.WORKER_BUSY
    return state or "starting", words.WORKER[state]


def _models(studio: Studio) -> str:
    name = studio.model.title if studio.model else words.MODEL_MISSING
    where = studio.worker.device if studio.worker else ""
    device = f"<small>{escape(words.DEVICE.format(device=where))}</small>" if where else ""
    entries = list(CATALOGUE.values())
    if studio.model and studio.model.name not in CATALOGUE:
        entries.append(CatalogueEntry(studio.model.name, studio.model.title, licence=""))
    rows = "".join(_model(entry, studio) for entry in entries)
    return (
        f'<details class="s-models"><summary class="s-chip" data-focus="models"><small>{escape(words.MODEL)}</small>'
        f'<b>{escape(name)}</b>{device}</summary><div class="s-sheet"><h2>{escape(words.MODELS_TITLE)}</h2>'
        f"<p>{escape(words.MODELS_HINT)}</p>{rows}</div></details>"
    )


def _model(entry: CatalogueEntry, studio: Studio) -> str:
    on_disk = entry.name in studio.on_disk or (studio.model is not None and studio.model.name == entry.name)
    return (
        f'<div class="s-model" data-model="{escape(entry.name)}"><b>{escape(entry.title)}</b>'
        f"<small>{escape(_about(entry, on_disk))}</small>{_deed(entry, on_disk, studio)}</div>"
    )


def _about(entry: CatalogueEntry, on_disk: bool) -> str:
    if not entry.repo:
        return words.MODEL_BUILT_IN if on_disk and entry.licence else ""
    return " · ".join(
        (
            words.MODEL_ON_DISK if on_disk else words.MODEL_MISSING,
            words.MODEL_NEEDS.format(memory=amounts.size(entry.memory_gb * 1e9)),
            words.MODEL_LICENCE.format(licence=entry.licence),
        )
    )


def _deed(entry: CatalogueEntry, on_disk: bool, studio: Studio) -> str:
    """What can be done with a model now: nothing, use it, fetch it, or wait for it."""
    fetching = studio.fetching.get(entry.name)
    if fetching and fetching.running:
        total = fetching.total or entry.download_gb * 1e9
        said = words.MODEL_FETCHING.format(done=amounts.size(fetching.done), total=amounts.size(total))
        return f"<small>{escape(said)}</small>" + marks.bar(100 * fetching.done / max(1, total), said)
    if studio.model and studio.model.name == entry.name:
        return f'<span class="s-badge">{escape(words.MODEL_RUNNING)}</span>'
    if not studio.person.is_admin:
        return ""
    if on_disk:
        return marks.button(words.MODEL_USE, "use_model", model=entry.name)
    if not entry.repo:
        return f"<small>{escape(words.MODEL_MISSING)}</small>"
    text = words.MODEL_FETCH.format(size=amounts.size(entry.download_gb * 1e9))
    if fetching:
        text = words.MODEL_FETCH_AGAIN
    wrong = f'<span class="s-wrong">{escape(fetching.error)}</span>' if fetching else ""
    return marks.button(text, "fetch_model", model=entry.name) + wrong
