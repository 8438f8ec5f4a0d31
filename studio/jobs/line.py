"""The order of the queue: first come, first served within one person's jobs, and people take turns.

A person who queues forty jobs is one person: somebody else's first job comes after one of them, not after forty.
"""

from __future__ import annotations

import sqlite3

from pipelines.errors import QueueFull


def line(which: str = "", what: str = "waiting.*") -> str:
    """The question that lists the waiting jobs in the order they run; `which`: a condition on a job's columns.

    `round` is the how-manieth of its owner's waiting jobs. Within a round, who was served longest ago comes first.
    """
    return (
        f"SELECT {what} FROM (SELECT *, row_number() OVER (PARTITION BY owner ORDER BY seq) AS round"
        f" FROM jobs WHERE state = 'queued' {f'AND {which}' if which else ''}) AS waiting"
        " LEFT JOIN turns ON turns.owner = waiting.owner"
        " ORDER BY waiting.round, coalesce(turns.turn, 0), waiting.seq"
    )


def first(which: str = "") -> str:
    """The question for the `seq` of the next of them."""
    return f"{line(which, 'waiting.seq')} LIMIT 1"


def check_room(waiting: int, own: int, cap: int, personal_cap: int | None) -> None:
    """Raise QueueFull when `cap` jobs are `waiting`, or `personal_cap` of the `own` ones of whoever asks."""
    if personal_cap is not None and own >= personal_cap:
        raise QueueFull(
            f"{own} of your jobs are waiting, and each person may have {personal_cap} in the queue. "
            "Try again when some are done, or cancel one."
        )
    if waiting >= cap:
        raise QueueFull(f"{waiting} jobs are waiting, and the queue holds {cap}. Try again when some are done.")


def serve(connection: sqlite3.Connection, owner: str) -> None:
    """This person was served just now: everybody else who waits comes before their next job."""
    connection.execute(
        "INSERT INTO turns (owner, turn) VALUES (?1, 1 + (SELECT coalesce(max(turn), 0) FROM turns))"
        " ON CONFLICT (owner) DO UPDATE SET turn = excluded.turn",
        (owner,),
    )


def give_back(connection: sqlite3.Connection, owner: str) -> None:
    """What this person was served came to nothing through no fault of theirs: they are first again."""
    connection.execute("UPDATE turns SET turn = 0 WHERE owner = ?", (owner,))
