"""Pictures of things from all around: meshes and pictures of others and forms of our own, seen by a ray caster once and
kept in one small file, so that scenes can be drawn from them at any time.

This package knows things and how they look; it knows no scenes and no captions.
"""
