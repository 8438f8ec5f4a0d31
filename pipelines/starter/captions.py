"""The words of the present weights, and the plain sentence by which a scene of their world is asked for."""

from __future__ import annotations

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
