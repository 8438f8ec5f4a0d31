"""What the studio runs on: versions, folder, devices, models, and how to get what is missing."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator

import av
import psutil

from pipelines.checkpoints import CATALOGUE, installed, model_info
from pipelines.depth import DEPTH_MODEL, find_depth_model
from pipelines.errors import ModelMissing, SeptetError
from pipelines.media.confined import confinement
from pipelines.placement import choose_placement
from pipelines.sam import SAM_MODEL, find_sam
from studio.credentials import Credentials
from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from studio.versions import OTHERS, SHAPING, libraries, version

GIB = 1 << 30
_PROTECTIONS = {
    "network": "no network",
    "files": "no files",
    "calls": "few system calls",
    "limits": "limits of memory and time",
}
_GET_PACKAGE = "Get it with: pip install -r requirements-c2pa.txt"


def report(folder: DataFolder, model: str | None = None, device: str = "auto") -> Iterator[str]:
    """Line by line, for a person. Loads no model, and makes the data folder if there is none."""
    yield f"Septet {version()} on Python {platform.python_version()}, {platform.platform(terse=True)}"
    memory = psutil.virtual_memory().total / GIB
    yield f"Machine: {os.cpu_count()} cores, {memory:.1f} GiB of memory"
    yield from _data(folder)
    yield from _model(folder, model, device)
    yield from _catalogue(folder)
    yield _credentials(folder)
    yield _decoding()
    found = libraries(SHAPING + OTHERS)
    yield "Libraries: " + ", ".join(f"{name} {number}" for name, number in found.items())
    absent = [name for name in SHAPING + OTHERS if name not in found]
    if absent:
        yield f"Not installed: {', '.join(absent)}. Get them with: pip install -r requirements.txt"
    ffmpeg = ", ".join(f"{name} {'.'.join(map(str, number))}" for name, number in av.library_versions.items())
    yield f"FFmpeg in PyAV: {ffmpeg}"


def _decoding() -> str:
    """What keeps a damaged file from harming anything but its own decoder."""
    try:
        held = confinement()
    except SeptetError as error:
        return f"Media files: {error}"
    if not held:
        return "Media files: decoded in the studio's own processes. On Linux each is decoded in a process of its own."
    there = ", ".join(words for name, words in _PROTECTIONS.items() if name in held)
    missing = ", ".join(words for name, words in _PROTECTIONS.items() if name not in held)
    said = f"Media files: each decoded in a process of its own with {there}"
    return f"{said}. Not to be had on this machine: {missing}" if missing else said


def _credentials(folder: DataFolder) -> str:
    """Whether clips are signed."""
    credentials = Credentials.in_folder(folder.root)
    if credentials.can_be_used:
        return f"Content credentials: clips are signed with {credentials.chain}"
    if credentials.are_there:
        return f"Content credentials: {credentials.chain} is there, but nothing to sign with. {_GET_PACKAGE}"
    return "Content credentials: none. To have clips signed: python -m studio doctor --make-certificate"


def _data(folder: DataFolder) -> Iterator[str]:
    try:
        desk = JobDesk(folder)
    except SeptetError as error:
        yield f"Data: {error}"
        return
    with desk:
        free, busy = folder.free_bytes() / GIB, desk.busy()
        yield f"Data: {folder.root}, {free:.1f} GiB free, {busy} jobs waiting or running"
        status = desk.worker_status()
        if not folder.is_held():
            yield "Studio: not running on this folder. Start it with: python app.py"
        elif status is None or not status.alive:
            yield "Studio: running, its worker is not"
        else:
            yield (
                f"Studio: running; worker {status.pid} is {status.state} with {status.title} on "
                f"{status.device or '…'}, {status.rss / GIB:.2f} GiB, {status.jobs_done} clips made"
            )
        if status is not None and status.error:
            yield f"The worker's last words: {status.error}"


def _model(folder: DataFolder, name: str | None, device: str) -> Iterator[str]:
    """Which model a studio started now would run, and where."""
    try:
        found = installed(folder.models)
        if name is None and not found:
            raise ModelMissing("No model is on disk; the embedded starter is missing from assets/. Get Septet again.")
        info = model_info(name, folder.models) if name else found[-1]
        placement = choose_placement(info.folder, device)
    except SeptetError as error:
        yield f"Model: {error}"
        return
    where = placement.device
    if placement.text_device != placement.device:
        where += f", its text encoder on {placement.text_device}"
    if placement.streamed:
        where += ", streamed block by block because it does not fit"
    yield (
        f"Model: {info.title} ({info.name}) on {where}; {info.width}x{info.height}, {info.num_frames} frames at "
        f"{info.frame_rate:g} a second"
    )


def _catalogue(folder: DataFolder) -> Iterator[str]:
    there = {info.name for info in installed(folder.models)}
    for name, entry in CATALOGUE.items():
        if name in there:
            yield f"  {name:20} {entry.title}: on disk"
        elif entry.repo:
            yield (
                f"  {name:20} {entry.title}: not on disk, {entry.download_gb:.0f} GB to fetch, wants "
                f"{entry.memory_gb:.0f} GB of GPU memory. Get it with: python -m studio fetch {name}"
            )
        else:
            yield f"  {name:20} {entry.title}: missing from assets/"
    optional = ((DEPTH_MODEL, "structure depth", find_depth_model), (SAM_MODEL, "masks", find_sam))
    for name, use, find in optional:
        found = find(folder.models) is not None
        missing = f"not on disk. Get it with: python -m studio fetch {name}"
        yield f"  {name:20} Optional, for {use}: {'on disk' if found else missing}"
