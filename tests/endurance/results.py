"""What was tried so far, in a small file: a run that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "build" / "endurance.json"
PAGE = ROOT / "docs" / "endurance.md"
INSTANTS = int(os.environ.get("SEPTET_ENDURANCE_INSTANTS", "25"))
NOT_HERE = {
    "C4, `systemctl restart` under load": "needs systemd as the first process; C2 and C3 kill what it would restart",
    "C9 and C10 on a real device": "need a GPU; both errors are injected where the libraries raise them",
    "L7, a real GPU": "needs a GPU",
}


class Results:
    """name -> what came of it: a dictionary of small numbers."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        self.known: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8")) if file.exists() else {}

    def __contains__(self, name: str) -> bool:
        return name in self.known

    def add(self, name: str, **numbers: Any) -> None:
        self.known[name] = numbers
        self._file.parent.mkdir(exist_ok=True)
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(self.known, indent=1), "utf-8")
        partial.replace(self._file)


def experiments_table(results: Results) -> list[str]:
    """One line per experiment: at how many instants it was tried, at how many every rule held, how long one took."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, numbers in results.known.items():
        if "@" in name:
            rows.setdefault(name.partition("@")[0], []).append(numbers)
    lines = ["| experiment | instants | every rule held | seconds each |", "|---|---|---|---|"]
    for what, tried in sorted(rows.items(), key=lambda row: (int(row[0][1 : row[0].index("_")]), row[0])):
        held = sum(numbers["held"] for numbers in tried)
        seconds = sum(numbers["seconds"] for numbers in tried) / len(tried)
        label, _, words = what.partition("_")
        lines.append(f"| {label.upper()} {words.replace('_', ' ')} | {len(tried)} | {held} | {seconds:.1f} |")
    return lines


def page(results: Results) -> str:
    """docs/endurance.md."""
    others = [(name, numbers) for name, numbers in sorted(results.known.items()) if "@" not in name]
    lines = [
        "# Endurance",
        "",
        "What `make endurance` found when it was run last, on two CPU cores shared with other work. Each experiment",
        "does one thing to a studio at work, at an instant that chance chooses; then every rule of",
        "`tests/studio/jobs/invariants.py` is asked: each accepted job is over, at most once done; a done one has a",
        "clip with the promised frames that plays from its first byte; nothing half-made, no stray process, no input",
        "missing or left over; the ledger is sound. Waits are scaled: a hung or frozen worker is given up after",
        "seconds, not minutes.",
        "",
        "    make endurance                                        # goes on where an interrupted run stopped",
        "    SEPTET_ENDURANCE_INSTANTS=5 make endurance            # instead of 25 instants each",
        "    make endurance ONLY=c5                                # those whose name holds this",
        "    rm build/endurance.json                               # begin anew",
        "",
        "## Experiments",
        "",
        *experiments_table(results),
        "",
        "`make test` runs each at one seeded instant, and the killing of the worker at every place of a job's life.",
        "",
        "## Load, soak, state machine",
        "",
        "| what | result |",
        "|---|---|",
        *(f"| {name} | {numbers['words']} |" for name, numbers in others),
        "",
        "## Not run here",
        "",
        *(f"- {what}: {reason}." for what, reason in NOT_HERE.items()),
        "",
    ]
    return "\n".join(lines)
