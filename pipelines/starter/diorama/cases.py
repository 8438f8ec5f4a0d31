"""What a model of the world is asked, a mode at a time: one question in pixels, and what a right answer shows.

Conditions are made by the functions the modes use. Nothing is put back over what the model makes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.portrait import alone_on_white
from pipelines.restyle import start_strength
from pipelines.starter.diorama.captions import MOTION_WORDS, PLACE_WORDS, plain_caption
from pipelines.starter.diorama.filming import film
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.measures import outline
from pipelines.starter.diorama.prompts import AMOUNT, DIRECTIONS, Wish, held_out_scenes, wish_of
from pipelines.starter.diorama.scenes import LOOKS, Cast, Scene
from pipelines.starter.diorama.setting import set_stage
from pipelines.starter.diorama.subjects import COLOURS, PEOPLE
from pipelines.starter.export import REDRAWN_STRENGTH
from pipelines.starter.photos import Frame, Frames
from pipelines.starter.shots import to_frames, to_masks
from pipelines.structure import structure_frames
from pipelines.style import Stylist
from pipelines.subject import painting_region, refine
from pipelines.types import NOTHING, Conditioning, Mask

BLUR = {"stylization": 2, "storyboard": 4, "render": 0}  # of the structure, as each mode has it unless told otherwise
GROW = 4  # pixels a mask is widened by, as the mode does
BOXED_TRIES = 40
STIRRING = ("sea", "beach", "space")  # waves and planets


@dataclass(frozen=True, eq=False)
class Shot:
    """A true clip, (F, H, W, 3) uint8, and what is known of it: where its form has lines (F, H, W), its subject's mask
    (F, H, W) uint8, its clay and mock-up passes as the frames a person would give."""

    frames: Frames
    lines: NDArray[np.bool_]
    mask: Mask
    clay: Frames
    mockup: Frames


@dataclass(frozen=True, eq=False)
class Case:
    """One question. `given` is what a copier hands back; `source` the clip it is about, with what is known of it; in
    `truth` is one right answer; `style` is the picture whose look is wanted."""

    asked: Conditioning
    seed: int
    wish: Wish
    truth: Frames
    given: Frames | None = None
    source: Shot | None = None
    style: Frame | None = None


@dataclass(frozen=True, eq=False)
class Set:
    """Where questions are drawn: for frames of `size` (width, height), so many a clip. `scenes` are those asked about
    that the library has things for."""

    library: Library
    size: tuple[int, int]
    num_frames: int
    scenes: tuple[Scene, ...] = field(init=False)

    def __post_init__(self) -> None:
        known = set(self.library.things)
        known |= {"person"} if known & set(PEOPLE) else set()
        object.__setattr__(self, "scenes", tuple(s for s in held_out_scenes() if s.cast[0].subject in known))

    def shot(self, scene: Scene, num_frames: int | None = None) -> Shot:
        """A true clip."""
        made = film([scene], self.size, num_frames or self.num_frames, self.library, ("masks", "clay", "mockup"))
        passes = made.passes
        return Shot(
            to_frames(made.video)[0], outline(passes.depth[0, 0].cpu().numpy()), to_masks(passes.masks)[0, 0],
            np.repeat(to_frames(passes.clay)[0], 3, axis=-1), to_frames(passes.mockup)[0],
        )  # fmt: skip

    def question(self, prompt: str, video: Frames | None = None, mask: Mask | None = None) -> Conditioning:
        """A conditioning of this size and length."""
        return Conditioning(self.num_frames, self.size[1], self.size[0], prompt, video=video, mask=mask)


def text_case(where: Set, number: int) -> Case:
    """Words alone."""
    scene = where.scenes[number]
    return Case(where.question(plain_caption(scene)), number, wish_of(scene), where.shot(scene).frames)


def wish_case(where: Set, number: int, wish: Wish) -> Case:
    """Anybody's words; no right answer is known, and grey stands in its place."""
    grey = np.full((where.num_frames, where.size[1], where.size[0], 3), NOTHING, np.uint8)
    return Case(where.question(wish.prompt), number, wish, grey)


def first_frame_case(where: Set, number: int) -> Case:
    """A picture, and no words."""
    return _begun(where, lively(where.scenes[number]), number, "")


def named_case(where: Set, number: int) -> Case:
    """A picture, and words that say what it shows and what happens."""
    scene = lively(where.scenes[number])
    return _begun(where, scene, number, plain_caption(scene))


def empty_case(where: Set, number: int) -> Case:
    """A picture of a place with nobody there, and no words; of those places where something always moves by itself."""
    place = STIRRING[number % len(STIRRING)]
    scene = replace(where.scenes[number], cast=(), place=place, camera="static", look="photo")
    return _begun(where, scene if place != "space" else replace(scene, light="night"), number, "")


def photo_case(where: Set, number: int, picture: Frame) -> Case:
    """Anybody's picture, its middle, and no words."""
    width, height = where.size
    scale = max(width / picture.shape[1], height / picture.shape[0])
    across, down = max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale))
    fitted = cv2.resize(picture, (across, down), interpolation=cv2.INTER_AREA)
    top, left = (down - height) // 2, (across - width) // 2
    copied = np.repeat(fitted[None, top : top + height, left : left + width], where.num_frames, axis=0)
    return Case(where.question("").beginning_with(copied[:1]), number, Wish("", {}), copied, copied)


def lively(scene: Scene) -> Scene:
    """The scene, in which something moves."""
    cast = scene.cast[0]
    if cast.motion != "still" or scene.camera != "static":
        return scene
    return replace(scene, cast=(replace(cast, motion=DIRECTIONS[scene.detail % 2]),))


def _begun(where: Set, scene: Scene, number: int, prompt: str) -> Case:
    shot = where.shot(scene)
    asked = where.question(prompt).beginning_with(shot.frames[:1])
    copied = np.repeat(shot.frames[:1], where.num_frames, axis=0)
    return Case(asked, number, wish_of(scene), shot.frames, copied, shot)


def reference_case(where: Set, number: int) -> Case:
    """A picture of the subject alone; the words do not say what it is, nor its colour."""
    scene = replace(where.scenes[number], camera="static", look="photo")
    cast = scene.cast[0]
    motion = MOTION_WORDS[cast.motion][0] + ", " if cast.motion != "still" else ""
    words = f"an object {motion}{PLACE_WORDS[scene.place][0]}"
    at_rest = replace(scene, cast=(replace(cast, motion="still"),), place="field", light="day")
    shown = where.shot(at_rest, 1)
    picture = alone_on_white(shown.frames[0], shown.mask[0])
    asked = replace(where.question(words), reference_images=(picture,))
    copied = np.repeat(cv2.resize(picture, where.size)[None], where.num_frames, axis=0)
    return Case(asked, number, wish_of(scene), where.shot(scene).frames, copied)


def _plainly(scene: Scene) -> Scene:
    """The scene in daylight, where its form can be seen."""
    return scene if scene.place == "space" else replace(scene, light="day")


def stylization_case(where: Set, number: int) -> Case:
    """A photo's structure, and words that say another look."""
    scene = replace(_plainly(where.scenes[number]), look=LOOKS[1 + number % (len(LOOKS) - 1)])
    source = where.shot(replace(scene, look="photo"))
    structure = structure_frames(source.frames, "grey", BLUR["stylization"])
    asked = where.question(plain_caption(scene), structure)
    return Case(asked, number, wish_of(scene), where.shot(scene).frames, source.frames, source)


def style_case(where: Set, number: int) -> Case:
    """A photo redrawn in the style of a picture of something else."""
    scene = replace(_plainly(where.scenes[number]), look=LOOKS[1 + number % (len(LOOKS) - 1)])
    source = where.shot(replace(scene, look="photo"))
    other = replace(where.scenes[(number + 1) % len(where.scenes)], look=scene.look)
    style = where.shot(other, 1).frames[0]
    drawn = Stylist(style)(source.frames)
    structure = structure_frames(source.frames, "grey", BLUR["stylization"])
    prompt = plain_caption(replace(scene, look="photo"))
    asked = replace(
        where.question(prompt, structure), reference_images=(drawn[0],), start_from=drawn,
        strength=start_strength(BLUR["stylization"], REDRAWN_STRENGTH),
    )  # fmt: skip
    asked = asked.beginning_with(drawn[:1])
    return Case(asked, number, wish_of(scene), where.shot(scene).frames, source.frames, source, style)


def render_case(where: Set, number: int) -> Case:
    """The clay pass, and words."""
    scene = _plainly(where.scenes[number])
    source = where.shot(scene)
    structure = structure_frames(source.clay, "grey", BLUR["render"])
    asked = where.question(plain_caption(scene), structure)
    return Case(asked, number, wish_of(scene), source.frames, source.clay, source)


def storyboard_case(where: Set, number: int) -> Case:
    """A mock-up whose subject is a box, and words."""
    scene = boxed(where, _plainly(where.scenes[number]))
    source = where.shot(scene)
    structure = structure_frames(source.mockup, "grey", BLUR["storyboard"])
    asked = where.question(plain_caption(scene), structure)
    return Case(asked, number, wish_of(scene), source.frames, source.mockup, source)


def boxed(where: Set, scene: Scene) -> Scene:
    """The scene with other details, if need be: its mock-up shows the subject as a box."""
    for detail in range(scene.detail, scene.detail + BOXED_TRIES * len(where.scenes), len(where.scenes)):
        other = replace(scene, detail=detail)
        if any(card.boxed for card in set_stage(other, where.size, where.num_frames, where.library).cards):
            return other
    raise LookupError(f"No mock-up of “{plain_caption(scene)}” has a box.")


def mask_case(where: Set, number: int) -> Case:
    """The subject of a clip is to be made anew in another colour; what is around it stays."""
    scene = replace(_plainly(where.scenes[number]), camera="static", look="photo")
    cast = scene.cast[0]
    other = [colour for colour in COLOURS if colour != cast.colour][number % (len(COLOURS) - 1)]
    wanted = replace(scene, cast=(Cast(cast.subject, other, cast.motion, AMOUNT),))
    source = where.shot(scene)
    mask = painting_region(refine(source.mask, grow=GROW))
    video = np.where(mask[..., None] > 127, np.uint8(NOTHING), source.frames)
    asked = where.question(plain_caption(wanted), video, mask)
    return Case(asked, number, wish_of(wanted), where.shot(wanted).frames, source.frames, source)


CASES: dict[str, Callable[[Set, int], Case]] = {
    "text": text_case, "first": first_frame_case, "empty": empty_case, "named": named_case,
    "reference": reference_case, "stylization": stylization_case, "style": style_case, "render": render_case,
    "storyboard": storyboard_case, "mask": mask_case,
}  # fmt: skip
