"""The fields of a request in a person's words: what each is called, one line of help, and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.presets import PRESETS
from studio.words import NEGATIVE_PROMPT, OWN, PROMPT

# Field by field: the name a person reads and one line of help. Keys are a request's field names.
LABELS: Mapping[str, tuple[str, str]] = {
    "prompt": (PROMPT, "Say what to see. Flags such as --seed 7 or --ar 1:1 may follow the words."),
    "negative_prompt": (NEGATIVE_PROMPT, "What the clip should not show."),
    "image": ("Image", "PNG, JPEG or WebP."),
    "references": (
        "References by name",
        "Up to three pictures of who or what is seen. The prompt calls them by @name; the model reads their words "
        "instead, or the name where there are none.",
    ),
    "reference.name": ("Name", ""),
    "reference.description": ("In words", ""),
    "last_image": ("Last image", "Optional: the picture the clip should end on."),
    "video": ("Video", "MP4, MOV, MKV or WebM."),
    "continues": ("Clip to go on from", "What is made is put after it, at its size and rate."),
    "style_image": ("Style image", "Optional: its look goes onto the video. A prompt works instead, or as well."),
    "style": ("Style preset", "A look with a name, instead of a style image."),
    "style_weight": ("Style weight", "0 keeps the source's own look, 1 takes the style's."),
    "mask": ("Mask file", "White is changed, black is kept: an image, or a video as long as the source."),
    "points": ("Points", "Clicks on what belongs to the subject, or does not."),
    "boxes": ("Boxes", "Drawn around the subject."),
    "strokes": ("Brush strokes", "Over what belongs to the subject, or does not."),
    "find": ("Correct the subject that is found", ""),
    "start": ("Start at (s)", "Seconds into the source video to begin at."),
    "seconds": ("Use (s)", "Seconds of the source to use. Empty: all of it."),
    "image_role": ("The image is", "The exact first frame, or only a guide to who or what is seen."),
    "structure": ("Structure", "What of the source the new clip must follow."),
    "structure_blur": (
        "Structure blur",
        "0 is glued to the source's shapes; 7 is loose, only layout and camera are kept.",
    ),
    "conditioning_scale": (
        "Conditioning scale",
        "How strongly the source steers: 0 ignores it, 1 follows it, 2 insists.",
    ),
    "region": ("Change", "What may be made anew. Everything else stays exactly as it was."),
    "change": ("How", "Into something else, into another look with its form kept, or into nothing."),
    "invert": ("Swap black and white in the mask", ""),
    "grow": ("Grow (px)", "Widen the mask by this many pixels; negative tightens it."),
    "feather": ("Feather (px)", "Softness of the mask's edge. 0 is a hard cut."),
    "carry": ("Follow the subject", "Let a painted or found mask move with the subject through the clip."),
    "green_screen": ("Green screen", "Put the subject alone on plain green instead of painting anything new."),
    "render_pass": ("The video shows", "A depth pass is used as depth itself; a normal pass is lit like clay."),
    "invert_depth": ("In the depth pass, near is dark", ""),
    "mesh": ("3D file", "GLB, OBJ, STL or PLY. Only its shape is used."),
    "up_axis": ("Up in the 3D file", "Automatic: Z for STL and PLY, Y for the others."),
    "camera_move": ("Camera", "Around the object, towards it, or straight up."),
    "camera_amount": (
        "How far it moves",
        "1 is a whole turn, half the distance, or the height of the picture. Below 0: the other way.",
    ),
    "camera_azimuth": ("Begins at (°)", "Around the object; 0 is its front."),
    "camera_elevation": ("Above the ground (°)", "How steeply it looks down."),
    "transition": ("Cross-fade (s)", "Seconds each shot takes to dissolve into the next; 0 is a hard cut."),
    "then": ("Then these videos, in this order", ""),
    "title": ("Opening title", "Shown white on black before everything else."),
    "adapter": ("Adapter", "A LoRA made for this model: a style or a subject it was taught."),
    "adapter_weight": ("Adapter weight", "1 is as strong as it was trained; 0 is without it."),
    "camera": (
        "Camera",
        "Above 0 it slides right, rises, draws in, turns right, looks up, leans clockwise; below 0 the other way. "
        "All at 0 leaves it to the model.",
    ),
    "camera.truck": ("Truck", ""),
    "camera.pedestal": ("Pedestal", ""),
    "camera.pan": ("Pan", ""),
    "camera.tilt": ("Tilt", ""),
    "camera.roll": ("Roll", ""),
    "camera.zoom": ("Zoom", ""),
    "motion_amount": ("Motion amount", "5 is the model's own, 10 twice as fast, 1 a fifth. 0 leaves it open."),
    "brushes": (
        "Motion brush",
        "Paint over what shall move; the rest stays. Above 0 it goes right, up, closer; below 0 the other way.",
    ),
    "brush.mask": ("Paint over what moves", ""),
    "brush.horizontal": ("Horizontal", ""),
    "brush.vertical": ("Vertical", ""),
    "brush.proximity": ("Proximity", ""),
    "brush.ambient": ("Ambient sway", ""),
    "height": ("Height (px)", "The height the model works at, before enlarging."),
    "width": ("Width (px)", "The width the model works at, before enlarging."),
    "num_frames": ("Length (s)", "Seconds the clip lasts."),
    "frame_rate": ("Frame rate", "Frames per second the model makes."),
    "num_inference_steps": ("Steps", "More is slower and finer."),
    "guidance_scale": ("Guidance scale", "How strictly to follow the prompt."),
    "seed": ("Seed", "Same seed, same clip. Empty: a new one each time."),
    "finishing.aspect_ratio": ("Aspect ratio", "The exact shape of the finished clip."),
    "finishing.upscale": ("Upscale", "Enlarge the frames."),
    "finishing.upscaler": ("Upscaler", "The network redraws fine detail; Lanczos only resamples."),
    "finishing.upscaler_file": (
        "Network of your own",
        "A super-resolution network as .safetensors: ESRGAN, SwinIR, DAT.",
    ),
    "finishing.size": ("Exact size", "WIDTHxHEIGHT, for example 1280x720. Beats upscale."),
    "finishing.frame_rate": ("Delivery rate", "Frames per second of the file."),
    "finishing.colour_match": ("Colour match", "Hold the colours of the source or first frame through the clip."),
    "finishing.deflicker": ("Even out flicker", "Brightness and tint that jump from frame to frame are made to flow."),
    "finishing.sharpen": ("Sharpen", "How much harder edges are drawn. 0 is off."),
    "finishing.grain": ("Film grain", "Fine moving noise, as on film. 0 is off."),
    "finishing.fit": ("To reach that shape", ""),
    "finishing.speed": ("Speed", "0.5 is slow motion, with new frames in between; 2 is twice as fast."),
    "finishing.loop": ("Loop", "Let the end lead back to the beginning."),
    "finishing.fade_in": ("Fade in (s)", "Picture and sound come up from nothing."),
    "finishing.fade_out": ("Fade out (s)", "Picture and sound go away."),
    "finishing.quality": ("Quality", "Draft is small, master is for further work."),
    "finishing.label": ("Mark as AI-generated", "A small line of text in the lower right corner."),
    "finishing.music": ("Music", "MP3, M4A, WAV, FLAC or OGG. It begins again where it is shorter than the clip."),
    "finishing.music_gain": ("Music (dB)", "0 is as it is; -6 is half as loud."),
    "finishing.sound_gain": ("Own sound (dB)", "The video's own sound; -60 silences it."),
    "panels": ("Panels", "One shot each: words, a picture, or both."),
    "panel.prompt": ("What happens", ""),
    "panel.image": ("Picture", ""),
    "panel.seconds": ("Seconds", ""),
    "panel.take": ("Take", "Another number, another shot from the same words."),
    "keep_subject": (
        "Keep the same subject in every shot",
        "Later shots are shown the subject of the first, or of the picture below.",
    ),
    "subject_image": ("Subject", "Optional: who or what stays the same, best on a plain ground."),
}

PLACEHOLDERS: Mapping[str, str] = {
    "text-to-video": "a red ball moving right in a meadow",
    "text-image-to-video": "drifting slowly to the left, static camera",
    "image-to-video": "",
    "reference.name": "hero",
    "reference.description": "a red ball",
    "stylization": "a yellow fish in the desert at sunset",
    "storyboard": "a white rocket rising in the city at night",
    "mask": "a green ball",
    "render": "a red rocket standing still in an empty room",
    "looks": "a blue rocket in the desert at sunset\na yellow rocket in the city at night",
    "negative": "blurry, flicker, text",
    "panel": "a blue ball rising at sea",
}

CHOICES: Mapping[str, Mapping[str, str]] = {
    "image_role": {"first-frame": "First frame", "reference": "Reference"},
    "style": {name: preset.title for name, preset in PRESETS.items()},
    "structure": {"grey": "Light and shade", "edges": "Edges", "depth": "Depth"},
    "render_pass": {"clay": "Clay", "depth": "Depth", "normal": "Normals"},
    "up_axis": {"": OWN, "y": "Y", "z": "Z"},
    "camera_move": {"orbit": "Orbit", "dolly": "Dolly", "rise": "Rise"},
    "region": {"all": "Everything", "subject": "The subject", "background": "The background"},
    "change": {"replace": "Replace it", "restyle": "Restyle it", "remove": "Remove it"},
    "finishing.upscale": {"": OWN, "1": "1×", "2": "2×", "4": "4×", "8": "8×"},
    "finishing.upscaler": {"network": "Network", "lanczos": "Lanczos"},
    "finishing.colour_match": {"": OWN, "on": "On", "off": "Off"},
    "finishing.fit": {"crop": "Cut edges off", "pad": "Add black"},
    "finishing.quality": {"draft": "Draft", "good": "Good", "master": "Master"},
    "finishing.loop": {"off": "Off", "seam": "Seamless", "boomerang": "There and back"},
}


def label(field: str) -> str:
    """The name a person reads for a request's field."""
    return LABELS[field][0] if field in LABELS else field.replace("_", " ").capitalize()


def help_line(field: str) -> str | None:
    """One line of help for a request's field, or None where the name says it all."""
    return (LABELS[field][1] if field in LABELS else "") or None


def choices(field: str) -> list[tuple[str, str]]:
    """(what a person reads, value) of a field with a fixed choice."""
    return [(shown, value) for value, shown in CHOICES[field].items()]
