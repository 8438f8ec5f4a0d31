"""What a job's record says, in the words of the page: never HTML."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import Any

from pipelines import PIPELINES, SERVICES
from pipelines.fields import media_kind
from studio import amounts, words
from studio.jobs.job import Job


def request(job: Job) -> dict[str, Any]:
    """The request a job was made from, as JSON values."""
    return dict(job.recipe.get("request", {}))


def flags(job: Job) -> list[str]:
    """The prompt flags that changed the request, as they were written."""
    return [str(flag) for flag in job.recipe.get("flags", ())]


def notices(job: Job) -> list[str]:
    """What its owner should know of the request, such as a prompt that was cut."""
    return [str(notice) for notice in job.recipe.get("notices", ())]


def shots(job: Job) -> list[str]:
    """What happens in each shot of a board's film; nothing where it has only one, or is no film."""
    panels = request(job).get("panels") or ()
    return [str(panel.get("prompt", "")) for panel in panels] if len(panels) > 1 else []


def title(mode: str) -> str:
    """A mode's name as the page shows it."""
    return SERVICES[mode].title if mode in SERVICES else mode


def is_made(job: Job) -> bool:
    """Whether the model made its frames: there are words and a seed to speak of."""
    return job.mode in PIPELINES


def given(job: Job) -> str:
    """What its owner called the video a job was given, without the ending."""
    name = job.recipe.get("inputs", {}).get("video", {}).get("name", "")
    return str(name).rpartition(".")[0] or str(name)


def runs_with_source(job: Job) -> bool:
    """Whether the clip shows at every moment what its source shows then: the two can be compared."""
    asked = request(job)
    bent = asked.get("finishing", {})
    return bool(
        asked.get("video")
        and bent.get("speed", 1.0) == 1.0
        and bent.get("loop", "off") == "off"
        and not asked.get("then")
        and not asked.get("title")
    )


def summary(job: Job) -> str:
    """One line that tells this job from others."""
    if not is_made(job):
        return f"{title(job.mode)}: {given(job)}"
    return request(job).get("prompt") or f"{title(job.mode)}, {words.SEED.lower()} {job.seed}"


@cache
def targets() -> list[tuple[str, str, str]]:
    """Where a finished clip can go: (mode, title, "clip" | "first" | "last")."""
    found = []
    for mode, pipeline in SERVICES.items():
        kinds = {name: media_kind(info) for name, info in pipeline.request_type.model_fields.items()}
        if kinds.get("video"):
            found.append((mode, pipeline.title, "clip"))
        elif kinds.get("image"):
            found += [(mode, pipeline.title, "first"), (mode, pipeline.title, "last")]
    return found


def clip_size(job: Job) -> str:
    """Size, rate and length: "640 × 384 · 24 fps · 2.0 s"; empty for a job that made no clip."""
    clip = job.recipe.get("made", {})
    if "width" not in clip:
        return ""
    rate = Fraction(str(clip["frame_rate"]))
    return words.CLIP_FACTS.format(
        width=clip["width"],
        height=clip["height"],
        rate=f"{float(rate):.4g}",
        seconds=f"{float(clip['num_frames'] / rate):.1f}",
    )


def clip_line(job: Job) -> str:
    """The same, and how long it took: "640 × 384 · 24 fps · 2.0 s · took 9.1 s"."""
    took = seconds_taken(job)
    parts = (clip_size(job), words.TOOK.format(time=amounts.duration(took)) if took is not None else "")
    return " · ".join(part for part in parts if part)


def seed_and_clip(job: Job) -> str:
    """The same with the seed in front, where there is one."""
    return f"{words.SEED} {job.seed} · {clip_line(job)}" if is_made(job) else clip_line(job)


def seconds_taken(job: Job) -> float | None:
    """From the moment the worker took the job up to the finished file."""
    stages = job.recipe.get("made", {}).get("seconds")
    if isinstance(stages, dict) and stages:
        return float(sum(stages.values()))
    return job.finished - job.started if job.finished and job.started and job.state == "done" else None


def details(job: Job) -> list[tuple[str, str]]:
    """(name, value) of everything the library tells about a clip."""
    asked = request(job)
    took = seconds_taken(job)
    made = is_made(job)
    rows = {
        "mode": title(job.mode),
        "prompt": asked.get("prompt") or (words.NO_PROMPT if made else ""),
        "negative_prompt": asked.get("negative_prompt", ""),
        "seed": str(job.seed) if made else "",
        "model": (job.recipe.get("model", {}).get("title") or job.model) if made else "",
        "size": clip_size(job),
        "took": amounts.duration(took) if took is not None else "",
        "made": datetime.fromtimestamp(job.finished or job.created).strftime("%d %B %Y, %H:%M"),
    }
    return [(words.FACTS[name], value) for name, value in rows.items() if value]
