"""What each command of the command line does. Results go to standard output, everything else to standard error."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.animatic import write_animatic
from pipelines.board import BoardRequest, another_take
from pipelines.errors import Cancelled, InputError, MediaError, SeptetError
from pipelines.fields import media_fields
from pipelines.registry import PIPELINES, Order
from pipelines.types import Request
from studio.destinations import copy_clip, destination, source_file, writable
from studio.jobs.desk import JobDesk
from studio.jobs.inputs import describe, sha256_of
from studio.jobs.job import Job
from studio.jobs.restoring import restore
from studio.options import fields_from, request_from
from studio.person import LOCAL
from studio.progress import Line
from studio.recipes import build_request, load_recipe, read_request, write_recipe
from studio.views import facts

LOOK_SECONDS = 0.1
JOIN_SECONDS = 2.0  # between two looks whether the studio that had the job is gone


def make(options: argparse.Namespace) -> int:
    """Make a clip in one mode."""
    request = request_from(options, options.request_type)
    if options.lasts is not None:
        request = _lasting(request, options)
    return _animatic(options, request) if options.animatic else _make(options, request, options.model)


def remake(options: argparse.Namespace) -> int:
    """Make a clip again from a recipe."""
    recipe = load_recipe(options.source)
    with JobDesk(options.folder) as desk:
        folder: Path | None = options.inputs

        def find(sha256: str) -> Path | None:
            return desk.input(LOCAL, sha256) or (_search(folder, sha256) if folder else None)

        request = reshot(read_request(recipe, find), options.shot, options.words)
        claimed = recipe.get("model") or {}
        model = options.model or _installed_name(desk, str(claimed.get("name")))
    if claimed and options.model is None and model is None:
        title = claimed.get("title") or claimed.get("name")
        _note(f"It was made with {title}, which is not on disk; another model makes another clip.")
    return _make(options, request, model)


def finish(options: argparse.Namespace) -> int:
    """Run the finishing effects on a video."""
    from pipelines.finish import FinishRequest, FinishVideo, crop_stated, finished, origin_of, watched
    from pipelines.media.export import export_video
    from pipelines.media.metadata import recipe_metadata

    fields = {**fields_from(options, FinishRequest), "video": str(source_file(options.source).resolve())}
    request = build_request(FinishRequest, fields)
    given = [Path(path) for _kind, path in media_fields(request).values()]
    out = writable(options.out, *given)
    request = FinishVideo.prepare(request)
    stored = {str(path): describe(path) for path in given}
    if cut := crop_stated(request):
        _note(f"The clip is {cut}.")
    with Line() as line, finished(request, out.parent) as (stream, sound):
        shown = watched(stream, lambda progress: line.show(progress.stage, progress.fraction))
        export_video(
            shown,
            out,
            sound,
            codec=options.codec,
            quality=request.finishing.quality,
            metadata=recipe_metadata(write_recipe(request, None, stored)),
            origin=origin_of(request),
        )
    _say(out)
    return 0


def fetch(options: argparse.Namespace) -> int:
    """Download a model."""
    from pipelines.fetching import fetch as fetch_model

    options.folder.create()
    with Line() as line:
        path = fetch_model(options.name, options.folder.models, line.show_bytes)
    _say(path)
    return 0


def verify(options: argparse.Namespace) -> int:
    """Say what a file claims of itself; 1 if some of it no longer holds."""
    from pipelines.media.provenance import read_origin
    from studio import credentials
    from studio.verify import findings

    found = findings(load_recipe(options.source), options.folder)
    for finding in found:
        _say(finding.text)
    if (origin := read_origin(options.source)) is not None:
        _say(f"origin         {origin} (IPTC digital source type)")
    broken = False
    for line, fault in credentials.findings(options.source):
        _say(line)
        broken = broken or fault
    return int(broken or any(finding.differs for finding in found))


def modes(_options: argparse.Namespace) -> int:
    """List the modes."""
    width = max(map(len, PIPELINES))
    for mode, pipeline in PIPELINES.items():
        _say(f"{mode:{width}}  {pipeline.summary}")
    return 0


def list_jobs(options: argparse.Namespace) -> int:
    """Show the newest jobs."""
    with JobDesk(options.folder) as desk:
        for job in desk.jobs(LOCAL, options.limit, everybodys=True):
            when = datetime.fromtimestamp(job.created).strftime("%Y-%m-%d %H:%M")
            said = job.error or facts.summary(job)
            _say(f"{job.id[:8]}  {when}  {job.state:11}  {job.mode:19}  {said[:60]}".rstrip())
    return 0


def cancel_jobs(options: argparse.Namespace) -> int:
    """Cancel jobs named by the start of their ids."""
    with JobDesk(options.folder) as desk:
        for start in options.ids:
            job = desk.cancel(LOCAL, _full_id(desk, start))
            _say(f"{job.id[:8]}  {'stopping' if job.state == 'running' else job.state}")
    return 0


def prune_jobs(options: argparse.Namespace) -> int:
    """Delete jobs that made nothing, and old clips if asked."""
    older = None if options.older_than is None else options.older_than * 24 * 3600
    with JobDesk(options.folder) as desk:
        _say(f"{desk.prune(LOCAL, clips_older_than=older)} jobs deleted")
    return 0


def restore_jobs(options: argparse.Namespace) -> int:
    """Put a sound ledger in the place of a damaged one."""
    restored = restore(options.folder)
    came = f"The copy {restored.copy}" if restored.copy else "A new ledger, for there is no sound copy,"
    _say(f"{came} is in place" + (f"; the damaged file is now {restored.aside}." if restored.aside else "."))
    _say(f"{len(restored.entered)} clips made since are entered again, {len(restored.waiting)} jobs will be made.")
    if restored.dropped:
        _say(f"{len(restored.dropped)} jobs of the copy are left out: their clips were deleted since.")
    for path in restored.unknown:
        _say(f"There is no clip in {path}, and nothing in the copy about it. It may be deleted.")
    return 0


def examine(options: argparse.Namespace) -> int:
    """Print what the studio runs on and what is missing."""
    from studio.doctor import report

    if options.make_certificate:
        from studio.certificate import make_certificate

        made = make_certificate(options.folder.root)
        _say(f"Clips are signed from now on, with the certificate in {made.chain.parent}. Keep key.pem to yourself.")
    for line in report(options.folder, options.model, options.device):
        _say(line)
    return 0


def _make(options: argparse.Namespace, request: Order, model: str | None) -> int:
    given = [Path(path) for _kind, path in media_fields(request).values()]
    out = destination(options.out, *given)
    with JobDesk(options.folder, model, options.device) as desk:
        job = desk.submit(LOCAL, request)  # first: what cannot be done is refused before any process starts
        for notice in facts.notices(job):
            _note(notice)
        desk.join()
        try:
            job = _watch(desk, job)
        except KeyboardInterrupt:
            desk.cancel(LOCAL, job.id)
            desk.wait(LOCAL, job.id, 5.0)
            raise
        if job.state != "done":
            raise _as_error(job)
        clip = desk.clip(LOCAL, job.id)
        if clip is None:
            raise MediaError("The clip was deleted before it could be copied.")
        copy_clip(clip, out)
    _note(f"seed {job.seed}, job {job.id[:8]}")
    _say(out)
    return 0


def _lasting(request: Request, options: argparse.Namespace) -> Request:
    """The same request with as many frames as its model makes in the seconds asked for."""
    if request.num_frames is not None:
        raise InputError("--seconds and --num-frames both say how long the clip is. Give one of the two.")
    with JobDesk(options.folder, options.model, options.device) as desk:
        return request.model_copy(update={"num_frames": desk.model.frames_lasting(options.lasts, request.frame_rate)})


def _animatic(options: argparse.Namespace, request: Any) -> int:
    """Write a board's animatic where its film would go."""
    out = destination(options.out, *(Path(path) for _kind, path in media_fields(request).values()))
    with JobDesk(options.folder, options.model, options.device) as desk:
        write_animatic(PIPELINES[request.mode].prepare(request, desk.model), desk.model, out)
    _say(out)
    return 0


def reshot(request: Order, shot: int | None, words: str | None = None) -> Order:
    """The request, or the same board with another take of one shot. Raises InputError where it is no board."""
    if shot is None and words is None:
        return request
    if shot is None or not isinstance(request, BoardRequest):
        raise InputError("--shot N makes one shot of a board's film anew, --words says what happens in it.")
    return another_take(request, shot, words)


def _watch(desk: JobDesk, job: Job) -> Job:
    """Show a job's progress until it is over. If the studio that runs it goes away, take its place."""
    looked = time.monotonic()
    with Line() as line:
        while not job.is_over:
            line.show(_stage(desk, job), job.progress, job.eta_seconds, job.place)
            job = desk.wait(LOCAL, job.id, LOOK_SECONDS)
            if time.monotonic() - looked > JOIN_SECONDS:
                looked = time.monotonic()
                worker = desk.worker_status()
                if worker is None or not worker.alive:
                    desk.join()
        return desk.job(LOCAL, job.id)


def _stage(desk: JobDesk, job: Job) -> str:
    """What is happening to a job; one that is next in line may be waiting for the model."""
    if job.place == 1:
        worker = desk.worker_status()
        if worker is not None and worker.state in ("starting", "loading"):
            return "loading the model"
    return job.stage or job.state


def _as_error(job: Job) -> SeptetError:
    if job.state == "cancelled":
        return Cancelled("The job was cancelled.")
    return SeptetError(job.error or "The job failed.")


def _search(folder: Path, sha256: str) -> Path | None:
    """The file in a folder with this content."""
    if not folder.is_dir():
        raise InputError(f"--inputs is {folder}, which is no folder.")
    return next((path for path in sorted(folder.iterdir()) if path.is_file() and sha256_of(path) == sha256), None)


def _installed_name(desk: JobDesk, name: str) -> str | None:
    return next((info.name for info in desk.models() if info.name == name), None)


def _full_id(desk: JobDesk, start: str) -> str:
    found = [job.id for job in desk.active(LOCAL) if job.id.startswith(start)]
    if len(found) > 1:
        raise InputError(f"{len(found)} jobs begin with {start}. Give more of the id.")
    return found[0] if found else desk.job(LOCAL, start).id


def _say(result: object) -> None:
    """A result, for a person or the next program in line."""
    sys.stdout.write(f"{result}\n")


def _note(text: str) -> None:
    """Something worth knowing that is no result."""
    sys.stderr.write(f"{text}\n")
