"""Every word the page shows, in one place. Modes name and describe themselves (title, summary) in pipelines/."""

from __future__ import annotations

from collections.abc import Mapping

NAME = "Septet"
TAGLINE = "Seven ways to make video with one model"
LIBRARY = "Library"
LIBRARY_SUMMARY = "Every clip made in this studio: play it, compare two, use its settings again, or send it on."

GENERATE = "Generate"
FINISH_IT = "Finish it"
FINISH_TRY = "Try it on one frame"
FINISH_TRIED = "One frame, finished"
FINISH_NEEDS_VIDEO = "There is no video yet. Add one first; there is nothing to finish."
GENERATE_HINT = "Ctrl + Enter"
PROMPT = "Prompt"
NEGATIVE_PROMPT = "Negative prompt"
SETTINGS = "Size, length and sampling"
FINISHING = "Finishing"
FINISH_SIZE = "Size and rate"
FINISH_TIME = "Part, speed and loop"
FINISH_FILM = "Join into a film"
FINISH_LOOK = "Look"
FINISH_SOUND = "Sound"
STRUCTURE = "Structure and source"
DICE = "Roll a seed"
VARIANTS = "Variants"
VARIANTS_HELP = "How many clips to make at once, each with a seed of its own. They wait side by side under the first."
VARIANTS_FLAG = "--seed would make every variant the same. Use the field Seed instead; the variants count on from it."
VARIANTS_TOAST = "{count} variants queued."
CLEAR_SEED = "Forget the seed"
OWN = "Automatic"
EXAMPLES = "Start from an example"
TAKES = "Recent takes"

# Field by field: the name a person reads and one line of help. Keys are a request's field names.
LABELS: Mapping[str, tuple[str, str]] = {
    "prompt": (PROMPT, "Say what to see. Flags such as --seed 7 or --ar 1:1 may follow the words."),
    "negative_prompt": (NEGATIVE_PROMPT, "What the clip should not show."),
    "image": ("Image", "PNG, JPEG or WebP."),
    "last_image": ("Last image", "Optional: the picture the clip should end on."),
    "video": ("Video", "MP4, MOV, MKV or WebM."),
    "style_image": ("Style image", "Optional: its look goes onto the video. A prompt works instead, or as well."),
    "mask": ("Mask file", "White is changed, black is kept: an image, or a video as long as the source."),
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
    "region": ("Change", "What the prompt may repaint. Everything else stays exactly as it was."),
    "invert": ("Swap black and white in the mask", ""),
    "grow": ("Grow (px)", "Widen the mask by this many pixels; negative tightens it."),
    "feather": ("Feather (px)", "Softness of the mask's edge. 0 is a hard cut."),
    "carry": ("Follow the subject", "Let a painted or found mask move with the subject through the clip."),
    "green_screen": ("Green screen", "Put the subject alone on plain green instead of painting anything new."),
    "transition": ("Cross-fade (s)", "Seconds each shot takes to dissolve into the next; 0 is a hard cut."),
    "then": ("Then these videos, in this order", ""),
    "title": ("Opening title", "Shown white on black before everything else."),
    "height": ("Height (px)", "The height the model works at, before enlarging."),
    "width": ("Width (px)", "The width the model works at, before enlarging."),
    "num_frames": ("Frames", "How many frames the model makes."),
    "frame_rate": ("Frame rate", "Frames per second the model makes."),
    "num_inference_steps": ("Steps", "More is slower and finer."),
    "guidance_scale": ("Guidance scale", "How strictly to follow the prompt."),
    "seed": ("Seed", "Same seed, same clip. Empty: a new one each time."),
    "finishing.aspect_ratio": ("Aspect ratio", "The exact shape of the finished clip."),
    "finishing.upscale": ("Upscale", "Enlarge the frames."),
    "finishing.upscaler": ("Upscaler", "The network redraws fine detail; Lanczos only resamples."),
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
}

PLACEHOLDERS: Mapping[str, str] = {
    "text-to-video": "a red ball moving right in a meadow",
    "text-image-to-video": "drifting slowly to the left, static camera",
    "image-to-video": "",
    "stylization": "a yellow fish in the desert at sunset",
    "storyboard": "a white rocket rising in the city at night",
    "mask": "a green ball",
    "render": "a red rocket standing still in a studio",
    "negative": "blurry, flicker, text",
    "panel": "a blue ball rising at sea",
}

CHOICES: Mapping[str, Mapping[str, str]] = {
    "image_role": {"first-frame": "First frame", "reference": "Reference"},
    "structure": {"grey": "Light and shade", "edges": "Edges", "depth": "Depth"},
    "region": {"subject": "The subject", "background": "The background"},
    "finishing.upscale": {"": OWN, "1": "1×", "2": "2×", "4": "4×", "8": "8×"},
    "finishing.upscaler": {"network": "Network", "lanczos": "Lanczos"},
    "finishing.colour_match": {"": OWN, "on": "On", "off": "Off"},
    "finishing.fit": {"crop": "Cut edges off", "pad": "Add black"},
    "finishing.quality": {"draft": "Draft", "good": "Good", "master": "Master"},
    "finishing.loop": {"off": "Off", "seam": "Seamless", "boomerang": "There and back"},
}

# What a small model knows
KNOWS = "Words that {model} follows"
KNOWS_GROUPS: Mapping[str, str] = {
    "subjects": "Subjects",
    "colours": "Colours",
    "places": "Places",
    "lights": "Light",
    "motions": "Motion",
    "cameras": "Camera",
}
UNKNOWN_WORDS = "This small model was never shown: {words}. It will leave that out, or guess."
UNKNOWN_LANGUAGE = "This small model reads simple English only, and none of these words."

# Mask tab
MASK_HOW = "Choose the subject"
MASK_HOW_HELP = "Find it for me, paint over it on the first frame, or bring a mask."
MASK_WAYS: Mapping[str, str] = {"automatic": "Automatic", "brush": "Brush", "file": "Mask file"}
MASK_PAINT = "Paint over the subject"
MASK_PREVIEW = "Mask over the first frame"
MASK_SHOW = "Show the mask"
MASK_SETTINGS = "Edge of the mask"
MASK_EMPTY = "Nothing is painted yet. Paint over the subject on the first frame, or choose Automatic."
MASK_NEEDS_VIDEO = "There is no video yet. Add one first; the mask is made on its first frame."
MASK_NO_SUBJECT = "No clear subject was found on the first frame. Paint it with the brush, or bring a mask file."

# Storyboard tab
BOARD_SOURCE = "Start from"
BOARD_WAYS: Mapping[str, str] = {"mockup": "A mock-up video", "panels": "A board of panels"}
BOARD_WAYS_HELP = "A rough video to be rendered in full, or a row of shots to be made and joined into one film."
BOARD_ADD = "Add a panel"
BOARD_REMOVE = "Remove the last panel"
BOARD_EARLIER = "Move earlier"
BOARD_PANEL = "Panel {number}"
BOARD_EMPTY = "The board is empty. Give at least one panel some words or a picture."

# The result panel
EMPTY_TITLE = "Your clip appears here"
EMPTY_HINT = "It forms frame by frame while it is made, and stays here after a reload."
STAGES: Mapping[str, str] = {
    "": "Starting",
    "load": "Loading the model",
    "encode": "Reading what you gave",
    "denoise": "Dreaming up frames",
    "decode": "Developing frames",
    "finish": "Finishing",
    "write": "Writing the file",
}
STATES: Mapping[str, str] = {
    "queued": "Waiting",
    "running": "Making",
    "interrupted": "Picking up again",
    "done": "Ready",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
QUEUED_NEXT = "Next in line"
QUEUED_PLACE = "Number {place} in line"
INTERRUPTED = "The worker stopped and is starting again; this clip carries on by itself."
SECOND_ATTEMPT = "attempt {attempt}"
ETA_SECONDS = "about {count} s left"
ETA_MINUTES = "about {count} min left"
ETA_SOON = "almost there"
STARTING = "Waiting for the worker to start"
CANCEL = "Cancel"
CANCELLING = "Stopping…"
CANCELLED_TITLE = "You stopped this one"
CANCELLED_HINT = "Its settings are kept."
FAILED_TITLE = "This clip was not made"
GONE_TITLE = "This clip's file is no longer on the disk"
GONE_HINT = "Its settings are kept, so it can be made again."
TRY_AGAIN = "Try again"
MAKE_AGAIN = "Make it again"
DOWNLOAD = "Download"
OTHER_FORMATS = "Other formats"
FORMATS: Mapping[str, tuple[str, str]] = {
    "h265": ("H.265", "MP4, half the size"),
    "av1": ("AV1", "MP4, smaller still"),
    "webm": ("WebM", "VP9, for the web"),
    "mov": ("ProRes 4444", "MOV, for editing"),
    "webm-alpha": ("WebM, subject only", "transparent ground"),
    "mov-alpha": ("ProRes, subject only", "transparent ground"),
    "gif": ("GIF", "256 colours, no sound"),
    "webp": ("WebP", "animated, no sound"),
    "zip": ("PNG", "every frame, in a ZIP"),
    "jpg": ("Contact sheet", "twelve frames, one picture"),
}
FORMAT_BUSY = "is being made…"
FORMAT_FAILED = "could not be made. Try again."
USE_AGAIN = "Use these settings again"
SEND_TO = "Send to"
SEND_CLIP = "the clip"
SEND_FIRST = "first frame"
SEND_LAST = "last frame"
COMPARE = "Compare with the source"
COMPARE_SLIDER = "Wipe between source and result"
COMPARE_CLOSE = "Stop comparing"
BEFORE = "Source"
AFTER = "Result"
SEED = "Seed"
COPY_SEED = "Copy the seed"
COPIED = "Copied"
TOOK = "took {time}"
CLIP_FACTS = "{width} × {height} · {rate} fps · {seconds} s"
PREVIEW_ALT = "The clip while it forms"
PLAYER = "The finished clip"
OFFLINE = "The studio does not answer. It may have been stopped; this page tries again by itself."
SHOW_TAKE = "Show this take"

# Header and models
MODEL = "Model"
DEVICE = "on {device}"
DATA_FOLDER = "Data folder"
WORKER: Mapping[str, str] = {
    "starting": "Worker starting",
    "loading": "Loading the model",
    "ready": "Worker ready",
    "failed": "Worker failed",
    "stopped": "Worker stopped",
    "": "Worker starting",
}
WORKER_BUSY = "Making a clip"
WORKER_BUSY_MORE = "Making a clip, {count} waiting"
MODELS_TITLE = "Models"
MODELS_HINT = "Every mode runs on the one model chosen here. Clips already made keep playing."
MODEL_RUNNING = "In use"
MODEL_USE = "Use this model"
MODEL_FETCH = "Fetch {size}"
MODEL_FETCH_AGAIN = "Fetch again"
MODEL_FETCHING = "Fetching: {done} of {total}"
MODEL_NEEDS = "needs about {memory} of memory"
MODEL_LICENCE = "licence {licence}"
MODEL_BUILT_IN = "Built in, no download"
MODEL_MISSING = "Not on disk"
MODEL_ON_DISK = "On disk"
MODEL_SWITCHED = "{title} is used from the next clip on."
MODEL_NONE = "No model could be loaded, so clips wait. Choose or fetch one here."

# Library
SEARCH = "Search prompts"
ALL_MODES = "All modes"
FILTER = "Mode"
LIBRARY_EMPTY = "No clips yet"
LIBRARY_EMPTY_HINT = "Make one in any of the seven tabs and it is kept here."
LIBRARY_NOTHING = "Nothing matches"
LIBRARY_NOTHING_HINT = "Try other words, or all modes."
PLAY = "Play"
DETAILS = "Details"
DELETE = "Delete"
DELETE_TITLE = "Delete this clip?"
DELETE_HINT = "The file and its settings are removed for good."
DELETE_YES = "Delete for good"
KEEP = "Keep it"
CLOSE = "Close"
MORE = "Show more"
SELECT = "Select to compare"
COMPARE_TWO = "Compare side by side"
COMPARE_PICK = "Select two clips to compare them"
MISSING_FILE = "File missing"
FACTS: Mapping[str, str] = {
    "mode": "Mode",
    "prompt": "Prompt",
    "negative_prompt": "Negative prompt",
    "seed": "Seed",
    "model": "Model",
    "size": "Size",
    "rate": "Frame rate",
    "length": "Length",
    "took": "Time taken",
    "made": "Made",
}
NO_PROMPT = "No prompt"

# Notices and errors
QUEUED_TOAST = "Queued."
DELETED_TOAST = "Deleted."
SEED_NOT_A_NUMBER = "Seed {value!r} is not a whole number from 0 up. Clear the field for a random one."
NOT_A_NUMBER = "{label} is {value!r}, which is not a number. Clear the field for the model's own value."
UNKNOWN_MODE = "There is no mode called {mode!r}. Choose one of {modes}."
NO_FILE = "{field} must be a file uploaded to this studio."
BAD_LIMIT = "limit is {limit}; it must be a whole number from 1 to {most}."
NO_EXAMPLE = "This example's files are missing."
NOT_LOOPBACK = (
    "{host} would open the studio to other machines, and it has no accounts yet, so it is refused. "
    "Use --host 127.0.0.1 and reach it from elsewhere through an SSH tunnel."
)
PORT_TAKEN = "Port {port} on {host} is already in use. Close what uses it, or choose another with --port."
NO_SUCH_PORT = "There is no port {port}; choose one from 1 to 65535 with --port."
RUNNING_AT = "Septet is running at {url} (data in {data}). Press Ctrl+C to stop."
STOPPED = "Septet has stopped; every clip and everything waiting is kept."


def label(field: str) -> str:
    """The name a person reads for a request's field."""
    return LABELS[field][0] if field in LABELS else field.replace("_", " ").capitalize()


def help_line(field: str) -> str | None:
    """One line of help for a request's field, or None where the name says it all."""
    return (LABELS[field][1] if field in LABELS else "") or None


def choices(field: str) -> list[tuple[str, str]]:
    """(what a person reads, value) of a field with a fixed choice."""
    return [(shown, value) for value, shown in CHOICES[field].items()]
