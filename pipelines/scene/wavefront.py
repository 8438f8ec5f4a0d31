"""The points and faces of an OBJ file. All else in one, objects, groups and materials included, is passed over.

trimesh's own reader needs minutes for a few megabytes of tiny objects, and seconds more for faces of mixed sizes.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

LONGEST_FACE = 1 << 16  # bytes; thousands of corners

_LINE = re.compile(rb"(?m)^[ \t]*([vf])[ \t]+([^\r\n#]*)")


def read_obj(data: bytes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """((V, 3) points, (F, 3) triangles); a larger face becomes a fan. Raises ValueError for what is no OBJ."""
    numbers: list[bytes] = []
    fans: list[int] = []
    for kind, rest in _LINE.findall(data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")):
        if len(rest) > LONGEST_FACE:
            raise ValueError("a line without end")
        words = rest.split()
        if len(words) < 3:
            raise ValueError("a point or a face of fewer than three numbers")
        if kind == b"v":
            numbers += words[:3]
            continue
        seen = len(numbers) // 3  # a negative corner counts back from the points so far
        corners = [int(word.partition(b"/")[0]) for word in words]
        first, *others = [corner - 1 if corner > 0 else seen + corner for corner in corners]
        for second, third in pairwise(others):
            fans += (first, second, third)
    points = np.fromiter(map(float, numbers), np.float64, len(numbers))
    return points.reshape(-1, 3), np.array(fans, np.int64).reshape(-1, 3)
