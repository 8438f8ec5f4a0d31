"""A 3D file becomes a render pass: read safely, shaded as clay, seen by a moving camera as light or as exact depth.

Nothing in a file is run or followed: materials, textures, animations and references to other files are left out
before a loader sees them. This package knows nothing of models, requests or clips.
"""

from pipelines.scene.camera import CameraMove
from pipelines.scene.loading import load_mesh
from pipelines.scene.rendering import Scene, open_scene

__all__ = ["CameraMove", "Scene", "load_mesh", "open_scene"]
