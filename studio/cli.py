"""The command line: which commands there are, and their options. Modes and fields all come from PIPELINES."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args

from pipelines.board import BoardRequest
from pipelines.errors import SeptetError
from pipelines.fetching import FETCHABLE
from pipelines.finish import FinishRequest
from pipelines.media.encodings import Codec
from pipelines.media.export import FORMATS
from pipelines.registry import PIPELINES
from studio import commands
from studio.access import commands as people
from studio.options import add_options
from studio.paths import ENVIRONMENT, DataFolder

FAILED = 2  # exit status of anything a person was told a reason for
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """Argument parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        print(f"{message[:1].upper()}{message[1:]}. See {self.prog} --help.", file=sys.stderr)
        raise SystemExit(FAILED)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. A person's error is one sentence on standard error, never a traceback."""
    options = parser().parse_args(arguments)
    options.folder = DataFolder(Path(options.data).expanduser().resolve()) if options.data else DataFolder.default()
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except SeptetError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(prog="python -m studio", description="Make video with one latent diffusion model in seven modes.")
    top.set_defaults(data=None)
    verbs = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    _add_make(verbs)
    remake = _verb(verbs, "remake", commands.remake, "make a clip again from its recipe", model=True)
    remake.add_argument("source", type=Path, metavar="CLIP|RECIPE", help="a clip made by Septet, or its recipe.json")
    _add_out(remake)
    remake.add_argument("--shot", type=int, metavar="N", help="of a board's film: make this shot anew")
    remake.add_argument("--words", metavar="TEXT", help="what happens in that shot, in place of what it said")
    remake.add_argument("--inputs", type=Path, metavar="FOLDER", help="where to look for input files that are missing")
    finish = _verb(verbs, "finish", commands.finish, "finish a video that is there already, or join several")
    finish.add_argument("source", type=Path, metavar="IN", help="the video")
    _add_out(finish, "FILE", f", as {', '.join(FORMATS)} (PNG pictures in a .zip, a contact sheet as a .jpg)")
    finish.add_argument(
        "--codec", choices=get_args(Codec), help="of the video; its kind of file says which if left out"
    )
    add_options(finish, FinishRequest, but=("video",))
    fetch = _verb(verbs, "fetch", commands.fetch, "download a larger model into the data folder")
    fetch.add_argument("name", metavar="NAME", help=f"one of {', '.join(FETCHABLE)}")
    verify = _verb(verbs, "verify", commands.verify, "say what a clip claims of itself, and whether it still holds")
    verify.add_argument("source", type=Path, metavar="FILE", help="a clip or a recipe.json")
    _verb(verbs, "modes", commands.modes, "list the modes")
    _add_jobs(verbs)
    _add_users(verbs)
    doctor = _verb(verbs, "doctor", commands.examine, "say what runs where, what is missing, how to get it", model=True)
    doctor.add_argument("--make-certificate", action="store_true", help="make one that clips are signed with")
    return top


def _add_make(verbs: Any) -> None:
    make = verbs.add_parser("make", help="make a clip", description="Make a clip in one of the modes.")
    modes = make.add_subparsers(required=True, metavar="MODE", parser_class=Parser)
    for mode, pipeline in PIPELINES.items():
        verb = _verb(modes, mode, commands.make, pipeline.summary, model=True)
        verb.set_defaults(request_type=pipeline.request_type)
        _add_out(verb)
        add_options(verb, pipeline.request_type)
        verb.set_defaults(lasts=None)
        verb.set_defaults(animatic=False)
        if issubclass(pipeline.request_type, BoardRequest):
            text = "write the panels' pictures and words as a film at once, without the model"
            verb.add_argument("--animatic", action="store_true", help=text)
        if "seconds" not in pipeline.request_type.model_fields:
            text = "how long the clip lasts, in place of --num-frames: the nearest the model can make"
            verb.add_argument("--seconds", type=float, dest="lasts", metavar="X", help=text)
        verb.usage = f"{verb.prog} --out FILE.mp4 [options]"


def _add_jobs(verbs: Any) -> None:
    jobs = _verb(verbs, "jobs", commands.list_jobs, "list, cancel or clear away jobs, or mend their ledger")
    jobs.set_defaults(limit=20)
    actions = jobs.add_subparsers(metavar="list|cancel|prune|restore", parser_class=Parser)
    listing = _verb(actions, "list", commands.list_jobs, "show the newest jobs")
    listing.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default: %(default)s)")
    cancel = _verb(actions, "cancel", commands.cancel_jobs, "cancel jobs")
    cancel.add_argument("ids", nargs="+", metavar="ID", help="a job's id, or the start of it")
    prune = _verb(actions, "prune", commands.prune_jobs, "delete what failed or was cancelled")
    prune.add_argument("--older-than", type=float, metavar="DAYS", help="clips older than this go, too")
    _verb(actions, "restore", commands.restore_jobs, "put the newest copy of the ledger in the place of a damaged one")


def _add_users(verbs: Any) -> None:
    users = _verb(verbs, "users", people.list_users, "say who may sign in to a studio started with --auth FILE")
    users.set_defaults(auth=None)
    actions = users.add_subparsers(metavar="list|add|remove", parser_class=Parser)
    listing = _verb(actions, "list", people.list_users, "show who may sign in")
    adding = _verb(actions, "add", people.add_user, "add a person, or give one a new password (asked, or from stdin)")
    adding.add_argument("--admin", action="store_true", help="may see everybody's clips, and choose the model")
    removing = _verb(actions, "remove", people.remove_user, "remove a person; their clips stay")
    for verb in (adding, removing):
        verb.add_argument("name", metavar="NAME")
    for verb in (users, listing, adding, removing):
        verb.add_argument(
            "--auth", default=argparse.SUPPRESS, metavar="FILE", help="the user file (users.json in the data folder)"
        )


def _verb(
    verbs: Any, name: str, command: Callable[[argparse.Namespace], int], text: str, *, model: bool = False
) -> argparse.ArgumentParser:
    text = text[:1].lower() + text[1:].rstrip(".")
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=f"{text[:1].upper()}{text[1:]}.")
    verb.set_defaults(command=command)
    # SUPPRESS: `jobs --data X list` must not forget X at `list`
    verb.add_argument(
        "--data", default=argparse.SUPPRESS, metavar="FOLDER", help=f"where jobs and models are kept (or {ENVIRONMENT})"
    )
    if model:
        verb.add_argument("--model", metavar="NAME|FOLDER", help="a catalogue name or a model's folder")
        verb.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: %(default)s)")
    verb.formatter_class = _wide
    return verb


def _add_out(verb: argparse.ArgumentParser, name: str = "FILE.mp4", also: str = "") -> None:
    verb.add_argument("--out", type=Path, required=True, metavar=name, help=f"where the clip goes{also}")


def _wide(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, max_help_position=34, width=min(110, shutil.get_terminal_size().columns))
