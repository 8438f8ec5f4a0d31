"""The world: captioned clips of a model stage, drawn in batches with their depth, masks, flow, clay and mock-up.

A `Scene` is words and a seed (scenes.py). `setting.py` turns it into a small table of numbers, a `Stage`: a camera on
its path, a sky, and flat or relief cards that stand, lie and move in metres. `drawing.py` draws many stages at once on
any device. `looks.py` gives the result one of six styles, `captions.py` says what is seen.
"""
