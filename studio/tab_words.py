"""Words of single tabs: those of all tabs are in words.py, those of fields in labels.py."""

from __future__ import annotations

from collections.abc import Mapping

# Mask tab
MASK_HOW = "Choose the subject"
MASK_HOW_HELP = "Find it for me, click on it, paint over it on the first frame, or bring a mask."
MASK_WAYS: Mapping[str, str] = {
    "automatic": "Automatic",
    "click": "Click on it",
    "brush": "Brush",
    "file": "Mask file",
}
MASK_PAINT = "Paint over the subject"
MASK_PREVIEW = "Mask over the frame"
MASK_SHOW = "Show the mask"
MASK_CLICK = "Show the frame to click on"
MASK_NO_CLICK = "Nothing is clicked on yet. Show the frame, and click on the subject or draw a box around it."
MASK_CORRECT = "Correct it, or follow it"
MASK_TOOL = "A click on the picture"
MASK_TOOL_HELP = "Clicks take effect at once, on the frame that is shown and those after it."
MASK_TOOLS: Mapping[str, str] = {
    "include": "Add",
    "exclude": "Take away",
    "box": "Box: two corners",
    "brush": "Brush: add",
    "brush-off": "Brush: take away",
}
MASK_TOUCH = "Paint over what is meant"
MASK_TAKE = "Use what is painted"
MASK_TIME = "Frame (s)"
MASK_TIME_HELP = "Look at another frame of the clip; what you click there holds from there on."
MASK_UNDO = "Undo"
MASK_CLEAR = "Clear corrections"
MASK_FOLLOW = "Follow it through the clip"
MASK_FOLLOWED = "The mask through the clip"
MASK_FOLLOWING = "Following"
MASK_SETTINGS = "Edge of the mask, and source"
MASK_EMPTY = "Nothing is painted yet. Paint over the subject on the first frame, or choose Automatic."
MASK_NEEDS_VIDEO = "There is no video yet. Add one first; the mask is made on its first frame."

# Motion brush
BRUSH_ADD = "Add a brush"
BRUSH_REMOVE = "Remove the last brush"
BRUSH_WHICH = "Brush"
BRUSH_NEEDS_IMAGE = "There is no image yet. Add one first; the brush paints over it."
BRUSH_EMPTY = "Brush {number} has painted nothing. Paint over what shall move, or remove it."

# References
REFERENCES = "Several pictures"
REFERENCE = "Reference {number}"
REFERENCE_NAMELESS = "Reference {number} has no name. Give it one, such as hero, and say in the prompt what @hero does."
REFERENCE_NO_PICTURE = "@{name} has no picture. Add one, or clear its name."

# Storyboard tab
BOARD_SOURCE = "Start from"
BOARD_WAYS: Mapping[str, str] = {"mockup": "A mock-up video", "panels": "A board of panels"}
BOARD_WAYS_HELP = "A rough video to be rendered in full, or a row of shots to be made and joined into one film."
BOARD_ADD = "Add a panel"
BOARD_REMOVE = "Remove the last panel"
BOARD_EARLIER = "Move earlier"
BOARD_PANEL = "Panel {number}"
BOARD_CAMERA = "Camera and take"
BOARD_SUBJECT = "The same subject in every shot"
ANIMATIC = "Watch it as an animatic"
ANIMATIC_FILM = "Animatic"
BOARD_EMPTY = "The board is empty. Give at least one panel some words or a picture."

# Image-to-video and text + image to video tabs
APPROACH = (
    "From a first frame, words move the camera (“pan right slowly”) or what stands out in the picture (“moving left”, "
    "“rising”, “jumping”), too. If nothing says how it moves, the camera draws in: {model} keeps a picture best so."
)

# Render tab
RENDER_SOURCE = "Start from"
RENDER_WAYS: Mapping[str, str] = {"video": "A video", "mesh": "A 3D file"}
RENDER_WAYS_HELP = "A render pass made elsewhere, or a 3D model that a camera here moves around."
MESH_SECONDS = "Lasts (s)"
MESH_SECONDS_HELP = "Seconds the camera moves."
MESH_SHOW = "Show the first frame"
MESH_PREVIEW = "The clay frame it begins with"
MESH_MISSING = "There is no 3D file yet. Add one first; the camera has nothing to look at."
LOOKS = "More looks of the same shot"
LOOKS_FIELD = "Further prompts, one look per line"
STYLE_TIP = (
    "With a style, chosen or named here (watercolour, oil painting), what you filmed stays. "
    "Other words alone show this model's own small world along your video's layout."
)
LOOK_NUMBER = "Further prompt {number}"
LOOKS_HELP = "Each line becomes a clip of its own beside the first, with the same seed and the same geometry."
LOOKS_MANY = "There are {count} looks; {most} at once are the most. Remove some lines."
CANVAS_TOO_LARGE = "What was painted is {size} pixels; a canvas may have 16 million. Paint it again on the page."
