"""Which models there are, which are on disk, and what each is like: read from its folder, without torch.

A model is any diffusers folder of the WanVACE class. Nothing here asks which one it has; sizes, rates and factors
come from the folder's own configuration, defaults from `septet.json` beside it or from the catalogue.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines.errors import InputError, ModelMissing

ASSETS = Path(__file__).resolve().parent.parent / "assets"
STARTER = "starter"
MOST_TOKENS = 512  # of a prompt, that a model of this class was trained to read


@dataclass(frozen=True)
class CatalogueEntry:
    """A model that can be fetched: where from, pinned to a revision, and what it needs."""

    name: str
    title: str
    repo: str = ""
    revision: str = ""
    download_gb: float = 0.0
    memory_gb: float = 0.0
    licence: str = "Apache-2.0"


CATALOGUE: dict[str, CatalogueEntry] = {
    entry.name: entry
    for entry in (
        CatalogueEntry(STARTER, "Septet starter"),
        CatalogueEntry(
            "wan2.1-vace-1.3b", "Wan 2.1 VACE 1.3B", "Wan-AI/Wan2.1-VACE-1.3B-diffusers", "main", 19.0, 12.0
        ),
        CatalogueEntry("wan2.1-vace-14b", "Wan 2.1 VACE 14B", "Wan-AI/Wan2.1-VACE-14B-diffusers", "main", 75.0, 48.0),
        CatalogueEntry(
            "wan2.2-vace-fun-14b",
            "Wan 2.2 VACE Fun 14B",
            "linoyts/Wan2.2-VACE-Fun-14B-diffusers",
            "main",
            80.0,
            80.0,
        ),
    )
}


@dataclass(frozen=True)
class ModelInfo:
    """A model on disk: its factors, and the settings it works best at."""

    name: str
    title: str
    folder: Path
    models_dir: Path  # where other networks lie, such as the one for depth
    width: int = 832
    height: int = 480
    num_frames: int = 81
    frame_rate: float = 16.0
    num_inference_steps: int = 30
    guidance_scale: float = 5.0
    guidance_interval: tuple[float, float] = (0.0, 1.0)
    guides_by_frames: bool = False  # it was taught without the frames given, too: they can guide where no words do
    # 0..10, how fast the camera draws in on a picture of which nobody says how it moves. Above 0: the model keeps of a
    # picture only what it is shown, so that what words tell is shown, too
    approach: float = 0.0
    moved_strength: float = 1.0  # of the way from noise, that frames are denoised which a camera or brush has moved
    redrawn_strength: float = 0.65  # the least of the way from noise that frames redrawn in a style are denoised
    flow_shift: float = 3.0
    upscale: int = 1
    delivery_rate: str | None = None
    spatial_factor: int = 8
    temporal_factor: int = 4
    patch: int = 2
    max_prompt_tokens: int = MOST_TOKENS
    knows: dict[str, list[str]] = field(default_factory=dict)  # phrases by kind, where a model knows only a few
    known_words: list[str] = field(default_factory=list)
    prompts: tuple[str, ...] = ()
    preview: dict[str, Any] = field(default_factory=dict)

    @property
    def multiple(self) -> int:
        """Height and width must be multiples of this many pixels."""
        return self.spatial_factor * self.patch

    def check_frames(self, num_frames: int) -> None:
        """Raise InputError unless the model can make exactly `num_frames` frames."""
        if (num_frames - 1) % self.temporal_factor:
            near = max(0, round((num_frames - 1) / self.temporal_factor)) * self.temporal_factor + 1
            raise InputError(
                f"num_frames is {num_frames}; {self.title} makes 1, {self.temporal_factor + 1}, "
                f"{2 * self.temporal_factor + 1}, … frames. Choose {near}."
            )

    def frames_lasting(self, seconds: float, frame_rate: float | None = None) -> int:
        """The number of frames it can make that comes nearest to `seconds` at this rate, or at its own.

        Raises InputError for a time that is none.
        """
        if not 0 < seconds < math.inf:
            raise InputError(f"The clip would last {seconds:g} s. Choose more than 0.")
        steps = (seconds * (frame_rate or self.frame_rate) - 1) / self.temporal_factor
        return max(0, round(steps)) * self.temporal_factor + 1

    def check_size(self, width: int, height: int) -> None:
        """Raise InputError unless the model can work at this size."""
        for name, value in (("width", width), ("height", height)):
            if value % self.multiple or value < 2 * self.multiple:
                near = max(2, round(value / self.multiple)) * self.multiple
                raise InputError(
                    f"{name} is {value}; {self.title} needs a multiple of {self.multiple}, "
                    f"at least {2 * self.multiple}. Choose {near}."
                )
        largest = 4 * self.width * self.height
        if width * height > largest:
            raise InputError(
                f"{width}x{height} is more than four times the {self.width}x{self.height} that {self.title} "
                "works at. Choose a smaller size and enlarge the clip with upscale."
            )

    def size_for(self, aspect: float) -> tuple[int, int]:
        """The (width, height) nearest to `aspect` (width / height) that the model works well at."""
        area, step = self.width * self.height, self.multiple
        sides = range(2 * step, 4 * max(self.width, self.height) + 1, step)
        fitting = [(w, h) for w in sides for h in sides if 0.7 * area <= w * h <= 1.1 * area]

        def cost(size: tuple[int, int]) -> float:
            width, height = size
            return abs(math.log(width / height / aspect)) + 0.1 * abs(math.log(width * height / area))

        return min(fitting, key=cost)


def model_info(name: str, models_dir: Path) -> ModelInfo:
    """The model called `name` in the catalogue, or in the folder `name`. Raises ModelMissing or InputError."""
    folder = _folder_of(name, models_dir)
    if not (folder / "model_index.json").is_file():
        if name in CATALOGUE and CATALOGUE[name].repo:
            raise ModelMissing(f"{CATALOGUE[name].title} is not on disk. Get it with: python -m studio fetch {name}")
        raise ModelMissing(
            f"There is no model in {name!r}: it must be a folder with a model_index.json, or one of "
            f"{', '.join(CATALOGUE)}."
        )
    index = _read_json(folder / "model_index.json")
    if index.get("_class_name") != "WanVACEPipeline":
        raise ModelMissing(
            f"{name!r} holds a {index.get('_class_name')}; Septet runs folders of the class WanVACEPipeline only."
        )
    return _describe(name, folder, models_dir)


def installed(models_dir: Path) -> list[ModelInfo]:
    """Every catalogue model that is on disk and complete, smallest first."""
    found = []
    for name in CATALOGUE:
        try:
            found.append(model_info(name, models_dir))
        except ModelMissing:
            continue
    return found


def default_model(models_dir: Path) -> ModelInfo:
    """The largest model on disk: the embedded starter until another one has been fetched."""
    found = installed(models_dir)
    if not found:
        raise ModelMissing("The embedded model is missing from assets/starter. Clone the project again.")
    return found[-1]


def _folder_of(name: str, models_dir: Path) -> Path:
    if name == STARTER:
        return ASSETS / STARTER
    if name in CATALOGUE:
        return models_dir / name
    return Path(name).expanduser()


def _describe(name: str, folder: Path, models_dir: Path) -> ModelInfo:
    vae = _read_json(folder / "vae" / "config.json")
    part = "transformer" if (folder / "transformer").is_dir() else "transformer_2"
    transformer = _read_json(folder / part / "config.json")
    scheduler = _read_json(folder / "scheduler" / "scheduler_config.json")
    own = _read_json(folder / "septet.json") if (folder / "septet.json").is_file() else {}
    entry = CATALOGUE.get(name)
    tokenizer = folder / "tokenizer" / "tokenizer_config.json"
    words = _read_json(tokenizer) if tokenizer.is_file() else {}
    levels = vae["temperal_downsample"]
    info = ModelInfo(
        name=name,
        title=own.get("title") or (entry.title if entry else folder.name),
        folder=folder,
        models_dir=models_dir,
        flow_shift=float(scheduler.get("flow_shift") or 3.0),
        spatial_factor=2 ** len(levels),
        temporal_factor=2 ** sum(levels),
        patch=transformer["patch_size"][1],
        max_prompt_tokens=int(min(MOST_TOKENS, words.get("model_max_length") or MOST_TOKENS)),
    )
    if own:
        width, height = own["native_size"]
        info = replace(
            info,
            width=width,
            height=height,
            **{key: own[key] for key in _PLAIN_SETTINGS if key in own},
            guidance_interval=tuple(own.get("guidance_interval", (0.0, 1.0))),
            prompts=tuple(own.get("prompts", ())),
        )
    return info


_PLAIN_SETTINGS = (
    "num_frames",
    "frame_rate",
    "num_inference_steps",
    "guidance_scale",
    "guides_by_frames",
    "approach",
    "moved_strength",
    "redrawn_strength",
    "flow_shift",
    "upscale",
    "delivery_rate",
    "max_prompt_tokens",
    "knows",
    "known_words",
    "preview",
)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise ModelMissing(
            f"The model folder {path.parent.parent.name!r} is incomplete: {path.parent.name}/{path.name} cannot be "
            "read. Fetch the model again."
        ) from error
