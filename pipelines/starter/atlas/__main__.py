"""Make the file of things the world is drawn from.

    python -m pipelines.starter.atlas --folder .cache/world --jobs 2

It fetches three packages (150 MB) with apt-get and npm, sees every thing from all around, and keeps the result in
`world.zip`, with `CREDITS.md` beside it. Started again, it goes on where it was.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.starter.atlas.catalogue import entries
from pipelines.starter.atlas.credits import credits
from pipelines.starter.atlas.keeping import things
from pipelines.starter.atlas.making import LARGEST, make_world


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(".cache/world"))
    parser.add_argument("--jobs", type=int, default=2, help="processes that see things at the same time")
    options = parser.parse_args()
    path = make_world(entries(), options.folder, options.jobs)
    found = [thing.facts for thing in things(path)]
    (options.folder / "CREDITS.md").write_text(credits(found), "utf-8")
    size = path.stat().st_size
    print(f"{path}: {len(found)} things, {size / 1e6:.1f} MB of at most {LARGEST / 1e6:.0f}")


if __name__ == "__main__":
    main()
