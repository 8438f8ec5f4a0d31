"""Sentences for scenes: many words for one thing, in any order, with parts left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from pipelines.starter.diorama.scenes import WAYS, Cast, Scene
from pipelines.starter.diorama.subjects import PEOPLE

Words = dict[str, tuple[str, ...]]

SUBJECT_WORDS: Words = {
    "person": ("person", "human", "figure"),
    "man": ("man", "guy", "gentleman"),
    "woman": ("woman", "lady"),
    "child": ("child", "kid", "youngster"),
    "dog": ("dog", "puppy", "hound"),
    "cat": ("cat", "kitten", "kitty"),
    "horse": ("horse", "pony"),
    "deer": ("deer", "stag"),
    "rabbit": ("rabbit", "bunny", "hare"),
    "bird": ("bird", "little bird"),
    "fish": ("fish", "goldfish"),
    "teddy bear": ("teddy bear", "teddy", "plush bear"),
    "car": ("car", "automobile"),
    "bus": ("bus", "coach"),
    "truck": ("truck", "lorry"),
    "bicycle": ("bicycle", "bike"),
    "motorbike": ("motorbike", "motorcycle"),
    "boat": ("boat", "ship"),
    "plane": ("plane", "airplane", "aircraft"),
    "rocket": ("rocket", "spaceship", "rocket ship"),
    "balloon": ("balloon",),
    "ball": ("ball", "sphere"),
    "cube": ("cube", "box", "block"),
    "cone": ("cone",),
    "tree": ("tree",),
    "flower": ("flower", "blossom"),
    "mushroom": ("mushroom", "toadstool"),
    "cactus": ("cactus",),
    "house": ("house", "cottage", "home"),
    "tower": ("tower",),
    "castle": ("castle", "palace", "fortress"),
    "bridge": ("bridge",),
    "chair": ("chair", "seat"),
    "table": ("table",),
    "sofa": ("sofa", "couch"),
    "lamp": ("lamp",),
    "book": ("book",),
    "cup": ("cup", "mug"),
    "guitar": ("guitar",),
    "clock": ("clock", "alarm clock"),
    "robot": ("robot", "android"),
    "apple": ("apple",),
    "cake": ("cake", "birthday cake"),
    "star": ("star",),
    "heart": ("heart",),
    "cloud": ("cloud",),
}
COLOUR_WORDS: Words = {
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green", "emerald"),
    "blue": ("blue", "azure"),
    "purple": ("purple", "violet"),
    "pink": ("pink", "rose pink"),
    "brown": ("brown",),
    "white": ("white", "snow white"),
    "black": ("black", "dark black"),
}
PLACE_WORDS: Words = {
    "beach": ("on the beach", "on a sandy beach", "at the seashore"),
    "sea": ("on the sea", "at sea", "in the ocean", "on the water"),
    "forest": ("in the forest", "in the woods", "among the trees"),
    "desert": ("in the desert", "among the dunes", "on desert sand"),
    "street": ("in the street", "in the city", "in town", "on the road"),
    "mountains": ("in the mountains", "in front of the mountains", "among mountain peaks", "in the alps"),
    "field": ("in a field", "in a meadow", "on the grass", "in the countryside", "in a park"),
    "snow": ("in the snow", "on a snowfield", "in a winter landscape"),
    "room": ("in a room", "indoors", "in a living room", "in a house"),
    "space": ("in space", "in outer space", "among the stars", "among the planets"),
}
LIGHT_WORDS: Words = {
    "day": ("by day", "in daylight", "on a sunny day"),
    "night": ("at night", "by night", "in the moonlight"),
    "sunset": ("at sunset", "at dusk", "in the evening", "at golden hour"),
    "fog": ("in fog", "in the mist", "on a foggy day"),
    "rain": ("in the rain", "on a rainy day", "while it rains"),
    "snow": ("while it snows", "in falling snow", "on a snowy day", "with snowflakes falling"),
}
MOTION_WORDS: Words = {
    "left": ("moving left", "moving to the left", "going left", "heading left"),
    "right": ("moving right", "moving to the right", "going right", "heading right"),
    "towards": ("coming closer", "approaching", "moving towards the camera", "coming towards us"),
    "away": ("moving away", "receding", "going into the distance"),
    "walking": ("walking", "strolling", "taking a walk"),
    "jumping": ("jumping", "hopping", "leaping", "bouncing"),
    "spinning": ("spinning", "rotating", "turning around", "twirling"),
    "rising": ("rising", "going up", "flying up", "floating up", "moving upwards"),
    "falling": ("falling", "going down", "dropping", "sinking"),
    "growing": ("growing", "getting bigger", "swelling"),
    "still": ("standing still", "resting", "not moving"),
}
CAMERA_WORDS: Words = {
    "static": ("static camera", "fixed camera", "the camera stays still", "locked camera"),
    "zoom in": ("the camera zooms in", "zoom in", "camera zooming in"),
    "zoom out": ("the camera zooms out", "zoom out", "camera zooming out"),
    "orbit left": ("the camera orbits to the left", "orbit left", "camera circling left"),
    "orbit right": ("the camera orbits to the right", "orbit right", "camera circling right"),
    "pedestal up": ("the camera rises", "pedestal up", "crane up"),
    "pedestal down": ("the camera sinks", "pedestal down", "crane down"),
    "truck left": ("the camera moves left", "truck left", "camera sliding left"),
    "truck right": ("the camera moves right", "truck right", "camera sliding right"),
    **{
        f"{move} {way}": (f"the camera {verb} {way}", f"{move} {way}", f"camera {verb[:-1]}{end} {way}")
        for move, verb, end in (("pan", "pans", "ning"), ("tilt", "tilts", "ing"), ("roll", "rolls", "ing"))
        for way in WAYS[move]
    },
}
LOOK_WORDS: Words = {
    "photo": ("photo", "realistic", "photograph"),
    "watercolour": ("watercolour painting", "watercolor", "in watercolour"),
    "pixel art": ("pixel art", "8 bit game", "in pixel art style"),
    "line drawing": ("line drawing", "ink drawing", "sketch", "pencil sketch"),
    "clay": ("clay", "claymation", "plasticine", "made of clay"),
    "neon": ("neon", "glowing neon", "neon lights"),
}
AMBIENT: dict[str, tuple[str, ...]] = {  # what moves by itself where there is no subject
    "beach": ("waves roll in", "waves on the shore"),
    "sea": ("waves", "rolling waves"),
    "forest": ("trees swaying in the wind", "leaves moving"),
    "desert": ("drifting clouds", "wind over the sand"),
    "street": ("an empty street", "a quiet city"),
    "mountains": ("drifting clouds", "clouds over the peaks"),
    "field": ("swaying flowers", "trees swaying in the wind", "drifting clouds"),
    "snow": ("a quiet winter day", "drifting clouds"),
    "room": ("an empty room", "a quiet room"),
    "space": ("drifting planets", "twinkling stars"),
}
NIGHT_STREET = ("flickering neon signs", "neon signs at night")
AMOUNTS = (("slowly", "gently", "slightly"), ("fast", "quickly", "strongly"))  # below and above what is usual
USUAL = (0.5, 0.85)
OBJECT = "object"  # what a subject is called whose picture says what it is
LOOK = 2  # among the numbers of subjects: the look
OPENINGS = ("a video of", "a clip of", "footage of", "an animation of", "a scene with")
TABLES: dict[str, Words] = {
    "subjects": SUBJECT_WORDS,
    "colours": COLOUR_WORDS,
    "places": PLACE_WORDS,
    "lights": LIGHT_WORDS,
    "motions": MOTION_WORDS,
    "cameras": CAMERA_WORDS,
    "looks": LOOK_WORDS,
}


def caption(scene: Scene, rng: np.random.Generator, forget: float = 0.12, unnamed: Collection[int] = ()) -> str:
    """One way to describe a scene, often the plainest. Each part is left out with chance `forget`, obvious ones more
    often. Subjects whose numbers are `unnamed` are objects of no colour; with LOOK among them the look is left out."""
    if rng.random() < 0.35 * (1 - forget):
        return plain_caption(scene, unnamed)

    def one(words: tuple[str, ...]) -> str:
        return str(rng.choice(words))

    parts = (
        [" and ".join(_named(cast, rng, forget, i in unnamed) for i, cast in enumerate(scene.cast))]
        if scene.cast
        else [_ambient(scene, rng)]
    )
    if scene.cast and rng.random() < 0.12:
        parts[0] = f"{one(OPENINGS)} {parts[0]}"
    if rng.random() > forget:
        parts.append(one(PLACE_WORDS[scene.place]))
    if rng.random() > (0.75 if scene.light == "day" else forget) and scene.place != "space":
        parts.append(one(LIGHT_WORDS[scene.light]))
    if rng.random() > (0.85 if scene.camera == "static" else forget):
        parts.append(one(CAMERA_WORDS[scene.camera]) + _how_much(scene.swing, rng, scene.camera != "static"))
    if LOOK not in unnamed and rng.random() > (0.8 if scene.look == "photo" else forget):
        parts.append(one(LOOK_WORDS[scene.look]))
    if rng.random() < 0.35:
        rng.shuffle(parts)
    sentence = str(rng.choice((" ", ", "), p=(0.55, 0.45))).join(part for part in parts if part)
    if rng.random() < 0.3:
        sentence = sentence[:1].upper() + sentence[1:]
    return sentence + "." if rng.random() < 0.2 else sentence


def _named(cast: Cast, rng: np.random.Generator, forget: float, unnamed: bool) -> str:
    noun = OBJECT if unnamed else str(rng.choice(SUBJECT_WORDS[cast.subject]))
    words = [noun]
    if cast.colour is not None and not unnamed and rng.random() > forget:
        colour = str(rng.choice(COLOUR_WORDS[cast.colour]))
        dressed = cast.subject in (*PEOPLE, "person") and rng.random() < 0.7
        words = [noun, str(rng.choice(("in", "dressed in"))), colour] if dressed else [colour, noun]
    if rng.random() < 0.9:
        words.insert(0, "the" if rng.random() < 0.15 else "an" if words[0][0] in "aeiou" else "a")
    if rng.random() > (0.6 if cast.motion == "still" else forget):
        words.append(str(rng.choice(MOTION_WORDS[cast.motion])) + _how_much(cast.amount, rng, cast.motion != "still"))
    return " ".join(words)


def _how_much(amount: float, rng: np.random.Generator, moves: bool) -> str:
    if not moves or USUAL[0] <= amount <= USUAL[1] or rng.random() < 0.3:
        return ""
    return " " + str(rng.choice(AMOUNTS[int(amount > USUAL[1])]))


def _ambient(scene: Scene, rng: np.random.Generator) -> str:
    words = NIGHT_STREET if (scene.place, scene.light) == ("street", "night") else AMBIENT[scene.place]
    return str(rng.choice((*words, "a landscape", "an empty scene")))


def plain_caption(scene: Scene, unnamed: Collection[int] = ()) -> str:
    """The full description in the first words of every list, as an evaluation asks for it; `unnamed` as above."""
    parts = [
        " and ".join(
            (
                "an " + OBJECT
                if i in unnamed
                else f"a {cast.colour + ' ' if cast.colour else ''}{SUBJECT_WORDS[cast.subject][0]}"
            )
            + (f" {MOTION_WORDS[cast.motion][0]}" if cast.motion != "still" else "")
            for i, cast in enumerate(scene.cast)
        )
        or AMBIENT[scene.place][0],
        PLACE_WORDS[scene.place][0],
    ]
    if scene.light != "day" and scene.place != "space":
        parts.append(LIGHT_WORDS[scene.light][0])
    if scene.camera != "static":
        parts.append(CAMERA_WORDS[scene.camera][0])
    if scene.look != "photo" and LOOK not in unnamed:
        parts.append(LOOK_WORDS[scene.look][0])
    return ", ".join(parts).replace("a orange", "an orange").replace("a apple", "an apple")


def known_phrases() -> dict[str, list[str]]:
    """What the world is made of, by kind, each thing in its first words."""
    return {kind: [options[0] for options in words.values()] for kind, words in TABLES.items()}


def known_words() -> list[str]:
    """Every word the captions can contain, in a fixed order."""
    phrases: list[str] = ["a an the in dressed and a landscape an empty scene", OBJECT, *NIGHT_STREET, *OPENINGS]
    for words in (*TABLES.values(), AMBIENT):
        phrases += [phrase for options in words.values() for phrase in options]
    return _words((*phrases, *(word for side in AMOUNTS for word in side)))


def _words(phrases: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for phrase in phrases for word in phrase.replace(",", " ").split()))
