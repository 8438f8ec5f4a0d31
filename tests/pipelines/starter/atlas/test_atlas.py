"""Things seen from all around: meshes read with their paint, views that agree with each other, one file for all."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import MediaError
from pipelines.starter.atlas.catalogue import Entry, entries
from pipelines.starter.atlas.credits import credits
from pipelines.starter.atlas.forms import FORMS, made
from pipelines.starter.atlas.keeping import keep, things
from pipelines.starter.atlas.making import LARGEST, OWN, Workshop, make_part
from pipelines.starter.atlas.painted import read_wavefront, relief
from pipelines.starter.atlas.sources import Package
from pipelines.starter.atlas.tones import tint_mask
from pipelines.starter.atlas.views import turntable

OBJ = b"""mtllib box.mtl
v -1 0 -1
v 1 0 -1
v 1 2 -1
v -1 2 -1
v -1 0 1
v 1 0 1
v 1 2 1
v -1 2 1
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl front
f 5/1 6/2 7/3 8/4
usemtl rest
f 2 1 4 3
f 1 5 8 4
f 6 2 3 7
f 4 8 7 3
f 1 2 6 5
"""
MTL = b"newmtl front\nmap_Kd front.png\nnewmtl rest\nKd 0.1 0.2 0.9\n"


def halves() -> np.ndarray:
    """A picture that is red on its left and green on its right."""
    picture = np.full((8, 8, 4), 255, np.uint8)
    picture[:, :4, :3], picture[:, 4:, :3] = (230, 20, 20), (20, 230, 20)
    return picture


def test_a_mesh_has_its_pictures_and_colours_where_its_file_says() -> None:
    mesh = read_wavefront(OBJ, MTL, lambda name: halves() if name == "front.png" else None)
    assert mesh.faces.shape == (12, 3) and np.ptp(mesh.vertices, axis=0).tolist() == [1, 1, 1]
    front, right, back, _left = turntable(mesh, 4, 40).views
    middle = front.colour[20]
    assert middle[10].argmax() == 0 and middle[30].argmax() == 1
    assert all((view.colour[20, 20].argmax() == 2) for view in (right, back))


def test_an_obj_without_faces_is_refused() -> None:
    with pytest.raises(ValueError, match="without faces"):
        read_wavefront(b"v 0 0 0\n", b"", lambda name: None)


def test_views_have_depth_towards_the_viewer_and_stand_on_the_ground() -> None:
    table = turntable(made("cube"), 4, 40)
    for view in table.views:
        solid = view.alpha > 0.99
        assert solid.any() and 0.3 < view.depth[solid].max() < 0.75
        assert (view.alpha[:1] == 0).all() and table.bottom < 0 < table.top


def test_a_cut_out_is_thick_in_its_middle_and_the_same_from_behind() -> None:
    y, x = np.mgrid[-1:1:60j, -1:1:60j]
    picture = np.dstack([np.full((60, 60, 3), 200), np.where(np.hypot(x, y) < 0.9, 255, 0)]).astype(np.uint8)
    table = turntable(relief(picture, 0.4), 4, 40)
    front, side, back, _ = table.views
    rows, columns = np.argwhere(front.alpha > 0.99).mean(axis=0).astype(int)
    assert front.depth[rows, columns] > 0.15
    assert np.abs(front.alpha - back.alpha[:, ::-1]).mean() < 0.03
    assert 0.2 < (side.alpha > 0.5).sum() / (front.alpha > 0.5).sum() < 0.6


def test_leaves_with_holes_are_seen_through() -> None:
    picture = halves()
    picture[:, :4, 3] = 0
    mesh = read_wavefront(OBJ, MTL, lambda name: picture)
    front = turntable(mesh, 4, 40).views[0]
    assert front.depth[20, 30] > front.depth[20, 10] + 0.5
    assert front.colour[20, 10].argmax() == 2


def test_a_colour_goes_to_the_paint_there_is_most_of_and_not_to_skin() -> None:
    shirt, trousers, skin = (0.2, 0.4, 0.8), (0.22, 0.2, 0.2), (0.85, 0.62, 0.5)
    colours = np.array([shirt] * 50 + [trousers] * 20 + [skin] * 90, np.float32)
    colours += np.random.default_rng(0).normal(0, 0.01, colours.shape).astype(np.float32)
    people, things_ = tint_mask(colours, skin=True), tint_mask(colours, skin=False)
    assert people[:50].min() > 0.5 and people[70:].max() < 0.1
    assert things_[70:].min() > 0.5 and things_[:50].max() < 0.1
    assert tint_mask(np.full((40, 3), 0.6, np.float32)).min() > 0.5


def test_what_is_kept_comes_back_nearly_as_it_was(tmp_path: Path) -> None:
    workshop, entry = Workshop(tmp_path / "none"), Entry("rocket", "form", "rocket")
    make_part(entry, tmp_path, workshop)
    stamp = (tmp_path / f"{entry.name}.json").stat().st_mtime_ns
    make_part(entry, tmp_path, workshop)  # there already
    assert (tmp_path / f"{entry.name}.json").stat().st_mtime_ns == stamp
    keep([(path.name, path.read_bytes()) for path in tmp_path.glob("rocket*")], tmp_path / "world.zip")
    (thing,) = things(tmp_path / "world.zip")
    assert thing.facts.subject == "rocket" and thing.facts.licence == OWN
    assert thing.texels.shape[0] == 16 and max(thing.texels.shape[1:3]) == 128 and thing.texels.shape[3] == 8
    view = turntable(made("rocket"), 16).views[3]
    assert np.abs(thing.texels[3, ..., 3] / 255 - view.alpha).mean() < 0.02
    solid = view.alpha > 0.99
    depth = (thing.texels[3, ..., 4] / 127.5 - 1) * thing.facts.relief
    assert np.abs(depth - view.depth)[solid].mean() < 0.02
    assert sum(path.stat().st_size for path in tmp_path.glob("rocket*")) * len(entries()) < LARGEST * 1.2
    assert "Septet" in credits([thing.facts])


def test_without_the_file_one_is_told_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="make world"):
        things(tmp_path / "world.zip")


def test_a_package_that_is_another_is_refused(tmp_path: Path) -> None:
    write = (sys.executable, "-c", "open('a.tgz', 'w').write('things')")
    right = hashlib.sha256(b"things").hexdigest()
    assert Package(write, "a.tgz", right).fetch(tmp_path).read_text() == "things"
    with pytest.raises(MediaError, match=r"a\.tgz has the sha256"):
        Package(write, "a.tgz", "0" * 64).fetch(tmp_path)


def test_every_entry_has_a_name_of_its_own_and_every_form_is_used() -> None:
    names = [entry.name for entry in entries()]
    assert len(set(names)) == len(names)
    assert {entry.where for entry in entries() if entry.source == "form"} == set(FORMS)


@pytest.mark.parametrize("name", list(FORMS))
def test_every_form_of_our_own_is_solid_and_stands(name: str) -> None:
    mesh = made(name)
    assert mesh.vertices[:, 1].min() == 0 and np.ptp(mesh.vertices, axis=0).max() == pytest.approx(1)
    assert np.isfinite(mesh.vertices).all() and len(mesh.faces) > 10
