"""The whole corpus in one table, and the place its files are made in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.corpus.calls import CALLS
from tests.corpus.colours import COLOURS
from tests.corpus.containers import CONTAINERS
from tests.corpus.disguises import DISGUISES
from tests.corpus.kinds import Case, Place
from tests.corpus.masks import MASKS
from tests.corpus.names import NAMES
from tests.corpus.pictures import PICTURES
from tests.corpus.playlists import PLAYLISTS
from tests.corpus.prompts import PROMPTS
from tests.corpus.tagged import TAGGED
from tests.corpus.trespass import TRESPASS
from tests.corpus.videos import VIDEOS
from tests.corpus.weights import WEIGHTS

CASES: tuple[Case, ...] = (
    *PICTURES,
    *TAGGED,
    *DISGUISES,
    *MASKS,
    *VIDEOS,
    *COLOURS,
    *CONTAINERS,
    *PLAYLISTS,
    *WEIGHTS,
    *NAMES,
    *PROMPTS,
    *CALLS,
    *TRESPASS,
)
SONG = "the canary sings"


@contextmanager
def place_in(folder: Path) -> Iterator[tuple[Place, list[str]]]:
    """A place for files in that folder, and the list of those who called at its trap."""
    callers: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    canary = folder / "canary.txt"
    canary.write_text(SONG, "utf-8")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def watch() -> None:
            with suppress(OSError):  # closed: the watch is over
                while True:
                    connection, caller = listener.accept()
                    callers.append(str(caller))
                    connection.close()

        threading.Thread(target=watch, daemon=True).start()
        yield Place(folder, canary, f"http://127.0.0.1:{listener.getsockname()[1]}/"), callers
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
