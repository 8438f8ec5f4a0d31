"""Sentences for scenes: many ways to say the same thing, in any order, with parts left out; and the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipelines.starter.world import PHOTO, Scene

SUBJECT_WORDS: dict[str, tuple[str, ...]] = {
    "ball": ("ball", "sphere", "orb"),
    "cube": ("cube", "box", "block"),
    "cone": ("cone", "pyramid"),
    "star": ("star",),
    "heart": ("heart",),
    "ring": ("ring", "hoop"),
    "fish": ("fish", "goldfish"),
    "rocket": ("rocket", "spaceship", "rocket ship"),
}
COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green", "emerald"),
    "blue": ("blue", "azure"),
    "purple": ("purple", "violet"),
    "pink": ("pink",),
    "white": ("white", "snow white"),
}
PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "sea": ("at sea", "over the sea", "on the ocean", "above the waves", "by the sea", "in the water"),
    "desert": ("in the desert", "in a desert", "among the dunes", "on the sand"),
    "mountains": ("in the mountains", "in front of snowy mountains", "among snowy peaks", "in the alps"),
    "meadow": ("in a meadow", "in a green field", "on the grass", "in the countryside", "in a park"),
    "city": ("in the city", "in a city street", "in town", "in front of the skyline", "among buildings"),
    "space": ("in space", "in outer space", "in the galaxy", "among the planets", "in deep space"),
    "studio": ("in a studio", "on a plain background", "in an empty room", "on a simple backdrop"),
}
LIGHT_WORDS: dict[str, tuple[str, ...]] = {
    "day": ("by day", "in daylight", "on a sunny day"),
    "sunset": ("at sunset", "at dusk", "in the evening", "at golden hour"),
    "night": ("at night", "by night", "in the moonlight"),
}
MOTION_WORDS: dict[str, tuple[str, ...]] = {
    "left": ("moving left", "moving to the left", "drifting left", "gliding to the left", "going left"),
    "right": ("moving right", "moving to the right", "drifting right", "gliding to the right", "going right"),
    "up": ("rising", "moving up", "floating up", "going up", "flying up", "moving upwards"),
    "down": ("falling", "moving down", "sinking", "dropping", "going down", "moving downwards"),
    "towards": ("coming closer", "approaching", "moving towards the camera", "coming towards us", "growing"),
    "away": ("moving away", "receding", "going into the distance", "moving away from the camera", "shrinking"),
    "spinning": ("spinning", "rotating", "turning", "spinning around", "twirling"),
    "still": ("standing still", "resting", "not moving", "floating in place"),
}
CAMERA_WORDS: dict[str, tuple[str, ...]] = {
    "static": ("static camera", "fixed camera", "the camera stays still", "locked camera"),
    "pan left": ("the camera pans left", "pan left", "camera panning left", "panning to the left"),
    "pan right": ("the camera pans right", "pan right", "camera panning right", "panning to the right"),
    "zoom in": ("the camera zooms in", "zoom in", "camera zooming in", "slow zoom in"),
    "zoom out": ("the camera zooms out", "zoom out", "camera zooming out", "slow zoom out"),
    "tilt up": ("the camera tilts up", "tilt up", "camera tilting up"),
    "tilt down": ("the camera tilts down", "tilt down", "camera tilting down"),
}
TABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "subjects": SUBJECT_WORDS,
    "colours": COLOUR_WORDS,
    "places": PLACE_WORDS,
    "lights": LIGHT_WORDS,
    "motions": MOTION_WORDS,
    "cameras": CAMERA_WORDS,
}
OPENINGS = ("a video of", "a clip of", "an animation of", "footage of", "a scene with", "an illustration of")
FILLERS = (
    "beautiful", "cinematic", "smooth", "detailed", "high quality", "flat illustration", "colourful", "soft light",
    "calm", "dreamy", "minimal", "stylized", "4k", "artistic", "realistic", "animated", "bright", "elegant",
)  # fmt: skip
PHOTO_WORDS = ("a photo", "a photograph", "a picture", "an image", "a real video", "")
SMALL_WORDS = (
    "the a an of in on at to with and is it its this that there from by for as be are was one two three small big "
    "large little slowly slow fast quickly smoothly gently"
).split()
OTHER_WORDS = (
    "flying floating swimming rolling sliding bouncing jumping "
    "driving walking running dancing shining glowing object shape thing toy round shiny bright dark light sky cloud "
    "clouds sun moon sunny beach water wave waves sand dune hill hills tree trees forest flower flowers house houses "
    "tower road street window windows planet planets world earth snow mountain peaks person man woman child dog cat "
    "bird car boat ship plane train face people animal style painting oil watercolor cartoon anime sketch neon retro "
    "color colors colour colours black grey gray brown gold silver camera shot close wide view scene background "
    "foreground left right up down forward backward across through under over above below behind front near far "
    "motion move moves moving still no not very more less day night morning evening summer winter new old"
).split()


def caption(scene: Scene, rng: np.random.Generator, forget: float = 0.12, unnamed: bool = False) -> str:
    """One way to describe a scene, often the plainest; each part is left out with chance `forget` (obvious ones more
    often). An `unnamed` subject is an "object" of no colour."""
    if rng.random() < 0.4 * (1 - forget):
        return plain_caption(scene, unnamed) or "a landscape"

    def keep(chance: float) -> bool:
        return bool(rng.random() > chance)

    if scene.place == PHOTO:
        parts = [str(rng.choice(PHOTO_WORDS))]
    else:
        parts = [str(rng.choice(PLACE_WORDS[scene.place]))] if keep(forget) else []
        if scene.place not in ("space", "studio") and keep(0.75 if scene.light == "day" else 0.3):
            parts.append(str(rng.choice(LIGHT_WORDS[scene.light])))
    if scene.camera != "static" or not keep(0.8):
        parts += [str(rng.choice(CAMERA_WORDS[scene.camera]))] if keep(forget) else []
    if not keep(0.85):
        parts.append(str(rng.choice(FILLERS)))
    if scene.subject is not None:
        parts.insert(0, _subject_phrase(scene, rng, forget, unnamed))
    elif keep(0.8) and scene.place != PHOTO:
        parts.insert(0, "an empty scene" if keep(0.5) else str(rng.choice(OPENINGS)) + " a landscape")
    if rng.random() < 0.35:
        rng.shuffle(parts)
    parts = [part for part in parts if part]
    sentence = str(rng.choice((" ", ", "), p=(0.6, 0.4))).join(parts)
    if rng.random() < 0.3:
        sentence = sentence[:1].upper() + sentence[1:]
    return sentence + "." if rng.random() < 0.2 else sentence


def _subject_phrase(scene: Scene, rng: np.random.Generator, forget: float, unnamed: bool) -> str:
    assert scene.subject is not None and scene.colour is not None
    said = not unnamed and rng.random() > forget
    words = [str(rng.choice(SUBJECT_WORDS[scene.subject]))] if said else ["object"]
    if not unnamed and rng.random() > forget:
        words.insert(0, str(rng.choice(COLOUR_WORDS[scene.colour])))
    if rng.random() < 0.08:
        words.insert(0, str(rng.choice(("small", "big", "shiny", "bright"))))
    if rng.random() < 0.85:
        article = "an" if words[0][0] in "aeiou" else "a"
        words.insert(0, article if rng.random() < 0.85 else "the")
    if (scene.motion != "still" and rng.random() > forget) or rng.random() < 0.4:
        words.append(str(rng.choice(MOTION_WORDS[scene.motion])))
        if scene.motion != "still" and rng.random() < 0.12:
            words.append(str(rng.choice(("slowly", "smoothly", "gently", "fast"))))
    opening = [str(rng.choice(OPENINGS))] if rng.random() < 0.12 else []
    return " ".join(opening + words)


def plain_caption(scene: Scene, unnamed: bool = False) -> str:
    """The full description in the first words of every list, as the evaluation asks for it."""
    parts = []
    if scene.subject is not None and scene.colour is not None:
        subject = "an object" if unnamed else f"a {scene.colour} {scene.subject}"
        parts.append(f"{subject} {MOTION_WORDS[scene.motion][0]}")
    if scene.place != PHOTO:
        parts.append(PLACE_WORDS[scene.place][0])
        if scene.place not in ("space", "studio") and scene.light != "day":
            parts.append(LIGHT_WORDS[scene.light][0])
    if scene.camera != "static":
        parts.append(CAMERA_WORDS[scene.camera][0])
    return " ".join(parts)


def known_phrases() -> dict[str, list[str]]:
    """What the world is made of, by kind, each thing in its first words."""
    return {kind: [options[0] for options in table.values()] for kind, table in TABLES.items()}


def known_words() -> list[str]:
    """Every word the captions can contain, and the small ones between them, in a fixed order."""
    phrases: list[str] = ["an empty scene", "a landscape", "object", "small big shiny bright", "slowly smoothly gently"]
    for table in TABLES.values():
        for options in table.values():
            phrases.extend(options)
    return _words((*phrases, *OPENINGS, *FILLERS, *PHOTO_WORDS, *SMALL_WORDS))


def all_words() -> list[str]:
    """The vocabulary: every known word, and more that people may use and a longer training may teach."""
    return _words((*known_words(), *OTHER_WORDS))


def _words(phrases: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for phrase in phrases for word in phrase.split()))
