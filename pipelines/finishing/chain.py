"""From a resolved Finishing to the effects that carry it out, in the order that measures best."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from pipelines.errors import InputError
from pipelines.finishing.colour_match import ColourMatch
from pipelines.finishing.crop import Crop, CropToRatio, PadToRatio
from pipelines.finishing.deflicker import Deflicker
from pipelines.finishing.effect import Effect
from pipelines.finishing.fade import Fade
from pipelines.finishing.grain import Grain
from pipelines.finishing.interpolate import Interpolate
from pipelines.finishing.label import Label
from pipelines.finishing.loop import Loop, seam_seconds
from pipelines.finishing.resize import Resize
from pipelines.finishing.sharpen import Sharpen
from pipelines.finishing.speed import Speed
from pipelines.finishing.super_resolution import check_network, load_network
from pipelines.finishing.upscale import NETWORK_FACTOR, Upscale
from pipelines.media.mixing import check_sound
from pipelines.settings import Finishing
from pipelines.types import Frame, Sound

# Fields of Finishing that are about the finished picture: of a film of shots, and where a source is put back, they wait
# until that is done.
LAST = {"speed", "loop", "fade_in", "fade_out", "label"}

_WORTH_IT = 1.25  # enlarging by less than this, the network changes nothing that shows


def finishing_chain(
    finishing: Finishing,
    width: int,
    height: int,
    frame_rate: Fraction,
    *,
    num_frames: int | None = None,
    aspect: float | None = None,
    reference: Frame | None = None,
    seed: int = 0,
) -> tuple[Effect, ...]:
    """The effects that turn frames of width x height at frame_rate into what `finishing` asks for.

    num_frames   how many frames the clip shall have before time is bent, where its length says more than the model's
                 frames do
    aspect       width over height the frames are meant to have, where the model's size only comes near it
    reference    the picture whose colours `colour_match` keeps; None: those the clip begins with
    seed         of the film grain

    Frames are enlarged before new ones are put between them: of frames made small and interpolated to three times the
    rate, that order is 1.8 dB (network) and 1.6 dB (Lanczos) closer to the truth, and with the network twice as fast.
    Flicker goes before anything follows motion; edges are sharpened at their final size; the loop is closed before
    grain is laid over it, so that nothing smears that; the mark and the fade belong to the finished picture.
    """
    effects: list[Effect] = [ColourMatch(reference)] if finishing.colour_match else []
    if finishing.deflicker:
        effects.append(Deflicker())
    effects += _enlarging(finishing, width, height, aspect or width / height)
    if finishing.sharpen:
        effects.append(Sharpen(finishing.sharpen))
    effects += _timing(finishing, frame_rate, num_frames)
    if finishing.aspect_ratio:
        effects.append((CropToRatio if finishing.fit == "crop" else PadToRatio)(finishing.aspect_ratio))
    if finishing.grain:
        effects.append(Grain(finishing.grain, seed))
    if finishing.label:
        effects.append(Label())
    if finishing.fade_in or finishing.fade_out:
        effects.append(Fade(finishing.fade_in, finishing.fade_out))
    return tuple(effects)


def check_files(finishing: Finishing) -> None:
    """Raise MediaError for a file that is not what finishing needs, InputError for one it would have no use for."""
    if finishing.music:
        check_sound(Path(finishing.music))
    if finishing.upscaler_file:
        if finishing.upscaler == "lanczos":
            raise InputError("upscaler is lanczos, which has no use for upscaler_file. Leave one of the two out.")
        if finishing.size is None and finishing.upscale in (None, 1):
            raise InputError(
                "upscaler_file is given, but nothing is enlarged. Choose an upscale of 2, 4 or 8, or a size."
            )
        check_network(Path(finishing.upscaler_file))


def load_networks(finishing: Finishing) -> None:
    """Load what enlarges before anything is made that it would turn out not to fit. Raises InputError."""
    if finishing.upscaler_file:
        load_network(Path(finishing.upscaler_file))


def speed_of(finishing: Finishing) -> Fraction:
    """How fast time runs, the same for pictures and sound."""
    return Fraction(finishing.speed).limit_denominator(1000)


def sound_of(
    finishing: Finishing, source: Path | None = None, start: float = 0.0, seconds: float | None = None
) -> Sound | None:
    """What is heard with the clip: `seconds` of the source's sound from `start` on, music, or both; None: nothing.

    A seamless loop begins after what it dissolves into, and its sound begins there with it.
    """
    music = Path(finishing.music) if finishing.music else None
    if source is None and music is None:
        return None
    speed = speed_of(finishing)
    if finishing.loop == "seam" and seconds is not None:
        left_out = seam_seconds(seconds / float(speed)) * float(speed)
        start, seconds = start + left_out, seconds - left_out
    return Sound(
        source,
        start,
        seconds,
        float(speed),
        finishing.sound_gain,
        music,
        finishing.music_gain,
        finishing.fade_in,
        finishing.fade_out,
    )


def _timing(finishing: Finishing, frame_rate: Fraction, num_frames: int | None) -> list[Effect]:
    """How fast time runs, at which rate it is shown, and how it begins again."""
    effects: list[Effect] = []
    rate = Fraction(finishing.frame_rate) if finishing.frame_rate else frame_rate
    speed = speed_of(finishing)
    if speed != 1:
        effects.append(Speed(speed))
        num_frames = num_frames and max(1, round(num_frames / speed))
    if rate != frame_rate * speed or num_frames is not None:
        effects.append(Interpolate(rate, num_frames))
    if finishing.loop != "off":
        effects.append(Loop(finishing.loop))
    return effects


def _enlarging(finishing: Finishing, width: int, height: int, aspect: float) -> list[Effect]:
    """To the exact size where one is asked for, covering it and cropping what is over; else by the factor."""
    weights = Path(finishing.upscaler_file) if finishing.upscaler_file else None
    if finishing.size is None:
        return [Upscale(finishing.upscale, finishing.upscaler, weights)] if finishing.upscale else []
    wide, tall = (int(side) for side in finishing.size.split("x"))
    covering = max(wide, round(tall * aspect)), max(tall, round(wide / aspect))
    effects: list[Effect] = []
    if finishing.upscaler == "network" and max(covering[0] / width, covering[1] / height) > _WORTH_IT:
        effects.append(Upscale(NETWORK_FACTOR, weights=weights))
        width, height = width * NETWORK_FACTOR, height * NETWORK_FACTOR
    if covering != (width, height):
        effects.append(Resize(*covering))
    if covering != (wide, tall):
        effects.append(Crop(wide, tall))
    return effects
