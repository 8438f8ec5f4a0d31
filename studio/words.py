"""The words the page shows. Those of single tabs are in tab_words.py, those of fields in labels.py.

Modes name themselves in pipelines/.
"""

from __future__ import annotations

from collections.abc import Mapping

NAME = "Septet"
TAGLINE = "Seven ways to make video with one model"
LIBRARY = "Library"
LIBRARY_SUMMARY = "Every clip made in this studio: play it, compare two, use its settings again, or send it on."

GENERATE = "Generate"
FINISH_IT = "Finish it"
TRY_FRAME = FINISH_TRY = "Try it on one frame"
TRY_NEEDS_VIDEO = "There is no video yet. Add one first; its first frame is what is tried."
FINISH_TRIED = "One frame, finished"
FINISH_TRY_OWN = "One frame cannot be tried with a network of your own. Set Use (s) to 1 and finish that instead."
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
STYLE = "Style"
NO_STYLE = "None"
MOTION = "Camera and motion"
DICE = "Roll a seed"
DRAFTS = "Four drafts first"
DRAFTS_TOAST = "Four stills are on their way. Choose one below and make a clip that begins with it."
NO_ADAPTER = "None"
ADAPTERS_IN = "A LoRA for this model, from the folder {folder}."
ADAPTER_GONE = "There is no adapter called {name!r} in {folder}. Choose one from the list."
CONTINUE = "Go on from a clip"
VARIANTS = "Variants"
VARIANTS_HELP = "How many clips to make at once, each with a seed of its own. They wait side by side under the first."
VARIANTS_FLAG = "--seed would make every variant the same. Use the field Seed instead; the variants count on from it."
VARIANTS_TOAST = "{count} clips queued."
CLEAR_SEED = "Forget the seed"
OWN = "Automatic"
LENGTH = "{seconds} s, {frames} frames at {rate} a second."
LENGTH_STILL = "One frame: a still."
EXAMPLES = "Start from an example"
TAKES = "Recent takes"

# What a small model knows
KNOWS = "Words that {model} follows"
KNOWS_GROUPS: Mapping[str, str] = {
    "subjects": "Subjects",
    "colours": "Colours",
    "places": "Places",
    "lights": "Light",
    "motions": "Motion",
    "cameras": "Camera",
    "looks": "Looks",
}
TOKENS = "{name}: {tokens} of {limit} tokens."
TOKENS_CUT = "{name}: {tokens} of {limit} tokens. What is not read begins with “{words}”."
UNKNOWN_WORDS = "This small model was never shown: {words}. It will leave that out, or guess."
UNKNOWN_LANGUAGE = "This small model reads simple English only, and none of these words."

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
    "mask": ("Mask", "MP4, white is what changed"),
    "mask-zip": ("Mask, PNG", "every frame, in a ZIP"),
    "gif": ("GIF", "256 colours, no sound"),
    "webp": ("WebP", "animated, no sound"),
    "zip": ("PNG", "every frame, in a ZIP"),
    "jpg": ("Contact sheet", "twelve frames, one picture"),
}
FORMAT_BUSY = "is being made…"
FORMAT_FAILED = "could not be made. Try again."
USE_AGAIN = "Use these settings again"
SHOT_AGAIN = "Make one shot again"
SHOT = "Shot {number}"
EXTEND = "Extend"
ANIMATE = "Make a clip that begins with this"
SEND_TO = "Send to"
SEND_CLIP = "the clip"
SEND_FIRST = "first frame"
SEND_LAST = "last frame"
COMPARE = "Compare with the source"
COMPARE_SLIDER = "Wipe between source and result"
COMPARE_UNPLAYED = "Your browser cannot play the source, so only the clip is shown."
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

# Sharing
SHARE = "Share"
SHARE_HINT = "A link shows this clip to anybody who has it. The file carries its prompt and settings."
SHARE_HOW_LONG = "How long the link works"
SHARE_FOR: Mapping[int, str] = {7: "for 7 days", 30: "for 30 days", 0: "until I stop it"}
SHARE_LINK = "The link"
SHARE_COPY = "Copy the link"
SHARE_STOP = "Stop sharing"
SHARED = "Shared until you stop it."
SHARED_UNTIL = "Shared until {date}."
SHARED_NOW = "Copy the link now: it is shown this once."
SHARED_BEFORE = "Whoever has the link can see it. For a new link, stop sharing and share again."
SHARED_TITLE = "A shared clip"
NOT_SHARED = "This link does not work"
NOT_SHARED_HINT = "It may have run out, or sharing was stopped. Ask whoever sent it for a new one."

# Signing in
SIGN_IN = "Sign in"
SIGN_OUT = "Sign out"
SIGNED_IN_AS = "Signed in as"
SIGN_IN_NAME = "Name"
SIGN_IN_PASSWORD = "Password"
SIGN_IN_HELP = "Whoever runs this studio gives out names and passwords, and new ones where one is lost."
SIGN_IN_WRONG = "The name or the password is wrong."
SIGN_IN_WAIT = "There were too many wrong tries. Try again in {minutes} min."

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
NO_FIELD = "{name} has no field called {field!r}. It takes {fields}."
FIELD_MISSING = "{name} needs {field}; give it."
BAD_LIMIT = "limit is {limit}; it must be a whole number from 1 to {most}."
NO_EXAMPLE = "This example's files are missing."
NOT_LOOPBACK = (
    "{host} would open the studio to other machines, and without accounts it would know nobody from anybody, so it is "
    "refused. Use --host 127.0.0.1 and an SSH tunnel, or accounts: --auth FILE, --auth-header NAME (docs/security.md)."
)
TWO_WAYS_IN = "--auth and --auth-header are two ways to tell who asks. Choose one."
NO_USERS = "{path} has no accounts yet. Add one with: python -m studio users add NAME --auth {path}"
BAD_HEADER = "{header!r} is not the name of a header. Use letters, digits and dashes, for example X-Remote-User."
ONLY_WITH_HEADER = (
    "--admin names people a proxy signs in, so it goes with --auth-header; for --auth: users add --admin."
)
NO_SUCH_PROXY = "--proxy takes an address or a network, for example 10.0.0.2 or 10.0.0.0/24 ({error})."
NOT_MY_NAME = "This studio does not go by that name. Whoever runs it can add one with --name."
FROM_ELSEWHERE = "This was asked by another site's page, so it was not done."
SIGN_IN_FIRST = "Sign in first."
REFUSALS: Mapping[int, str] = {400: "This is no call.", 404: "There is nothing here.", 413: "This is too much."}
UPLOADS_FULL = "Your uploads of the last day take {used}, of {most} that each person may have. Try again tomorrow."
UPLOAD_TOO_MANY = "These are more than 1,000 files at once. Send fewer."
NO_UPLOAD = "This is no upload. Send files in fields called 'files' of a multipart/form-data body."
UPLOAD_TOO_LARGE = "This is too large. One file may have up to {most}."
UNPLAYED = "Your browser cannot play this file; the studio can. This is its first frame."
BAD_LIMITS = "--jobs-per-person is {jobs} and --upload-gb {uploads:g}; both must be more than nothing."
ADMINS_ONLY = "Only an admin of this studio chooses and fetches models."
PORT_TAKEN = "Port {port} on {host} is already in use. Close what uses it, or choose another with --port."
NO_SUCH_PORT = "There is no port {port}; choose one from 1 to 65535 with --port."
RUNNING_AT = "Septet is running at {url} (data in {data}). Press Ctrl+C to stop."
STOPPED = "Septet has stopped; every clip and everything waiting is kept."
