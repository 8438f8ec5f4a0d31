"""All stages of train.py by one command, drawing and encoding beside the others.

    python -m pipelines.starter.recipe --minutes 15 --device cuda --out starter-2

It goes on where it was stopped, with as many minutes again. An autoencoder that is in its folder already stays as it
is.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import torch

from pipelines.starter.atlas.making import FILE

# Of the time there is: for the autoencoder, for pictures of how subjects look, at last for the decoder; of what is left
# when the transformer begins, for the student
VAE, PLAIN, DECODER, STUDENT = 0.2, 0.06, 0.06, 0.2
# Of the processes that draw: for clips with nothing but their words, which teach how cameras and subjects move
MOVING = 0.4
# Minutes that no stage counts: loading, with the first lesson in reading or without; and writing at the end
READING, LOADING, ENDING = 1.0, 0.3, 0.6
FEW_CORES, BATCHING = 8, 4  # with no more, one process draws and the one that learns makes its own batches


class Recipe:
    """One run of all stages in `folder`, over so many `minutes` of the clock from now; `common` are words for every
    stage."""

    def __init__(self, folder: Path, minutes: float, device: str, common: Sequence[str]) -> None:
        self.folder, self.minutes, self.common = folder, minutes, ["--folder", str(folder), "--device", device, *common]
        self.deadline = time.monotonic() + 60 * minutes
        cores = os.cpu_count() or 1
        self.drawing, self.batching = {"draw": 1}, 0
        if cores > FEW_CORES:
            free, self.batching = cores - BATCHING - 2, BATCHING
            plain = int(MOVING * free)
            self.drawing = {"draw": free - plain} | ({"plain": plain} if plain else {})
        # A stage counts a CPU's minutes thread by thread, and threads that share their cores wait for each other: on a
        # GPU's machine, full of processes, the stage `clips` kept thirteen cores busy with 3 clips a second
        self.threads = max(1, cores // 2) if device == "cpu" else 1
        self.surroundings = os.environ | {"OMP_NUM_THREADS": str(self.threads)}

    def left(self) -> float:
        """Minutes of the clock, without those of the decoder."""
        return max(0.0, (self.deadline - time.monotonic()) / 60 - ENDING - LOADING - DECODER * self.minutes)

    def run(
        self, out: Path, vae: Path | None = None, begin_with: Path | None = None, student: bool = True
    ) -> None:  # fmt: skip
        """Make the folder `out`, of a student or of the transformer itself. The autoencoder begins with that of the
        exported starter `vae`, words and transformer with those of `begin_with`, which has to have as many latent
        channels; each else with nothing."""
        begun = _beginning(begin_with)
        with ExitStack() as drawing:
            for stage, workers in self.drawing.items():
                words = (stage, "--device", "cpu", "--workers", str(workers), *self._clock(self.minutes))
                drawing.enter_context(self._beside(*words))
            if not (self.folder / "vae").exists():
                self._stage("vae", *self._counted("vae.pt", VAE * self.minutes), *_beginning(vae), *self._workers())
                self._stage("freeze")
            with self._beside("clips", *self._clock(self.minutes)):
                if not begun and not (self.folder / "text_encoder").exists():
                    self._stage("plain", "--frames", "1", *self._clock(PLAIN * self.minutes))
                    self._stage("words")
                share = 1 - STUDENT if student else 1.0
                learning = self._counted("transformer.pt", share * (self.left() - (LOADING if begun else READING)))
                self._stage("transformer", *learning, *begun, *self._workers())
                if student:
                    self._stage("distil", *self._counted("distilled.pt", self.left()), *self._workers())
            # nobody encodes any more, so what is drawn stays there to be seen
            self._stage("decoder", *self._counted("decoder.pt", DECODER * self.minutes))
        self._stage("export", "--out", str(out))

    def _counted(self, checkpoint: str, minutes: float) -> tuple[str, ...]:
        """So many minutes of the clock more than a stage has had."""
        path = self.folder / checkpoint
        had = float(torch.load(path, map_location="cpu")["minutes"]) if path.exists() else 0.0
        return self._clock(had + max(0.0, minutes) * self.threads)

    @staticmethod
    def _clock(minutes: float) -> tuple[str, ...]:
        return ("--minutes", f"{minutes:.3f}")

    def _workers(self) -> tuple[str, ...]:
        return ("--workers", str(self.batching))

    def _command(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "pipelines.starter.train", words[0], *self.common, *words[1:]]

    def _stage(self, *words: str) -> None:
        print(f"{self.left():.1f} minutes left: {' '.join(words)}", flush=True)
        subprocess.run(self._command(words), check=True, env=self.surroundings)

    @contextmanager
    def _beside(self, *words: str) -> Iterator[None]:
        """A stage that runs until what is inside is done."""
        process = subprocess.Popen(self._command(words), start_new_session=True, env=self.surroundings)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # and its workers
            process.wait()


def _beginning(starter: Path | None) -> tuple[str, ...]:
    return () if starter is None else ("--begin-with", str(starter))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("training"))
    parser.add_argument("--minutes", type=float, required=True, help="by the clock, all told")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--vae", type=Path, help="an exported starter whose autoencoder the new one begins with")
    parser.add_argument("--begin-with", type=Path, help="an exported starter for words and transformer")
    parser.add_argument("--no-student", action="store_true", help="leave the guided transformer as it is")
    parser.add_argument("--world", type=Path, default=Path(".cache/world") / FILE, help="what `make world` made")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(options.folder, options.minutes, options.device, ["--world", str(options.world)])
    recipe.run(options.out, options.vae, options.begin_with, not options.no_student)


if __name__ == "__main__":
    main()
