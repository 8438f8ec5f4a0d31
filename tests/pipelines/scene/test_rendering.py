"""What the camera sees of a mesh: moves, exact depth, light from the lamp, the same frames every time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import ModelMissing
from pipelines.scene import CameraMove, Scene, open_scene, rendering
from pipelines.scene.baking import bake, smooth_normals
from pipelines.scene.loading import load_mesh
from tests.pipelines.scene.shapes import ball_file, box_file

SIZE = (160, 96)
FRONT = {"azimuth": 0.0, "elevation": 0.0, "amount": 0.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("meshes")


@pytest.fixture(scope="module")
def ball(folder: Path) -> Scene:
    return open_scene(ball_file(folder))


@pytest.fixture(scope="module")
def box(folder: Path) -> Scene:
    return open_scene(box_file(folder))


def joined(chunks: Iterator[np.ndarray]) -> np.ndarray:
    frames = np.concatenate(list(chunks))
    assert frames.dtype == np.uint8
    assert np.array_equal(frames[..., 0], frames[..., 2])
    return frames[..., 0].astype(int)


def covered(scene: Scene, view, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Which pixels' middles show the mesh."""
    seen = np.zeros((size[1], size[0]), bool)
    _hits, where = scene._cast(view, size, (0, 0, *size), 1)
    seen.reshape(-1)[where] = True
    return seen


def silhouettes(scene: Scene, move: CameraMove) -> tuple[np.ndarray, np.ndarray]:
    first, last = move.views(scene.mesh, 2, SIZE[0] / SIZE[1])
    return covered(scene, first), covered(scene, last)


def middle(mask: np.ndarray) -> np.ndarray:
    """(row, column) of what is covered, on average."""
    return np.argwhere(mask).mean(axis=0)


@pytest.mark.parametrize("elevation", [0.0, 15.0, 60.0])
@pytest.mark.parametrize("size", [(160, 96), (96, 160), (210, 90)])
def test_a_mesh_is_whole_in_the_picture_from_every_side(box: Scene, elevation: float, size: tuple[int, int]) -> None:
    for view in CameraMove("orbit", elevation=elevation, amount=1.0).views(box.mesh, 9, size[0] / size[1]):
        seen = covered(box, view, size)
        assert seen.mean() > 0.05
        assert not (seen[0].any() or seen[-1].any() or seen[:, 0].any() or seen[:, -1].any())


def test_a_whole_orbit_ends_where_it_began_and_half_of_one_shows_the_back(box: Scene) -> None:
    whole = CameraMove("orbit", amount=1.0).views(box.mesh, 5, 1.6)
    assert np.allclose(whole[0].eye, whole[-1].eye)
    half = CameraMove("orbit", azimuth=0, elevation=0, amount=0.5).views(box.mesh, 3, 1.6)
    assert half[0].eye[2] == pytest.approx(-half[-1].eye[2])
    assert half[1].eye[0] > 1  # by way of its right side, which is to the left as one stands before it


def test_a_negative_orbit_goes_the_other_way(box: Scene) -> None:
    there, back = (CameraMove("orbit", azimuth=0, amount=way).views(box.mesh, 2, 1.6)[1].eye for way in (0.1, -0.1))
    assert there[0] == pytest.approx(-back[0])


def test_a_dolly_in_makes_the_mesh_grow_and_one_out_makes_it_shrink(box: Scene) -> None:
    first, near = silhouettes(box, CameraMove("dolly", amount=0.25))
    _first, far = silhouettes(box, CameraMove("dolly", amount=-1.0))
    assert near.sum() > 1.25 * first.sum()
    assert far.sum() < 0.35 * first.sum()


def test_a_rise_lets_the_mesh_sink_through_the_middle(box: Scene) -> None:
    move = CameraMove("rise", amount=0.3)
    first, last = silhouettes(box, move)
    assert middle(first)[0] < middle(last)[0] - 0.2 * SIZE[1]
    assert abs(middle(first)[0] + middle(last)[0] - SIZE[1]) < 0.12 * SIZE[1]
    assert middle(first)[1] == pytest.approx(middle(last)[1], abs=1.5)


@pytest.mark.parametrize("move", ["orbit", "dolly", "rise"])
def test_amount_nothing_stands_still(box: Scene, move) -> None:
    frames = joined(box.clay(CameraMove(move, amount=0.0), 3, SIZE))
    assert np.array_equal(frames[0], frames[2])


def test_depth_of_a_ball_is_what_geometry_says(ball: Scene) -> None:
    move = CameraMove(**FRONT)
    view = move.views(ball.mesh, 1, SIZE[0] / SIZE[1])[0]
    radius, away = ball.mesh.height / 2, float(view.eye[2])
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    across = (x + 0.5 - SIZE[0] / 2) / (SIZE[1] / 2) * view.tangent
    along = (y + 0.5 - SIZE[1] / 2) / (SIZE[1] / 2) * view.tangent
    slope = 1 + across**2 + along**2  # of the ray (across, along, 1), squared; it meets the ball where
    inside = away**2 - slope * (away**2 - radius**2)  # |t * ray - (0, 0, away)| = radius
    depth = (away - np.sqrt(np.maximum(inside, 0))) / slope
    black, white = 1 / (rendering.FARTHEST * away), 1 / (rendering.NEAREST * (away - radius))
    expected = 255 * (1 / depth - black) / (white - black)
    shown = joined(ball.depth(move, 1, SIZE))[0]
    well_inside = inside > 0.12 * radius**2
    assert well_inside.sum() > 1500
    assert np.abs(shown - expected)[well_inside].max() <= 2
    assert shown[SIZE[1] // 2, SIZE[0] // 2] == shown[well_inside].max()


def test_depth_of_a_flat_front_is_one_grey_and_of_the_sky_black(box: Scene) -> None:
    shown = joined(box.depth(CameraMove(**FRONT), 1, SIZE))[0]
    assert len(np.unique(shown[38:58, 60:100])) == 1
    assert shown[:10].max() == 0


def test_depth_has_one_scale_for_a_whole_move(box: Scene) -> None:
    frames = joined(box.depth(CameraMove("dolly", azimuth=0, elevation=0, amount=-1.0), 3, SIZE))
    centre = frames[:, SIZE[1] // 2, SIZE[0] // 2]
    assert centre[0] == frames[0, : SIZE[1] // 2 + 1].max()
    assert centre[0] > centre[1] + 20 > centre[2] + 40


def test_the_ground_comes_nearer_towards_the_lower_edge(box: Scene) -> None:
    shown = joined(box.depth(CameraMove(amount=0.0, elevation=30), 1, SIZE))[0]
    column = shown[SIZE[1] // 2 :, 2]
    assert (np.diff(column) >= 0).all()
    assert column[-1] > column[0] + 30


def test_the_side_towards_the_lamp_is_brighter(ball: Scene) -> None:
    shown = joined(ball.clay(CameraMove(**FRONT), 1, SIZE))[0]
    y, x = SIZE[1] // 2, SIZE[0] // 2
    assert shown[y - 20, x - 15] > shown[y, x] > shown[y + 20, x + 15] + 40


def test_the_lamp_goes_with_the_camera(ball: Scene) -> None:
    frames = joined(ball.clay(CameraMove("orbit", amount=0.5), 2, SIZE))
    assert np.abs(frames[0] - frames[1]).mean() < 1.5  # a ball looks the same from everywhere


def test_a_mesh_darkens_the_ground_under_it_and_nothing_far_away(box: Scene) -> None:
    view = CameraMove(amount=0.0).views(box.mesh, 1, SIZE[0] / SIZE[1])[0]
    shown = joined(box.clay(CameraMove(amount=0.0), 1, SIZE))[0]
    free = ~covered(box, view)
    assert shown[free].min() < 0.75 * rendering.BACKGROUND
    assert shown[:, :3].min() > 0.88 * rendering.BACKGROUND
    assert (shown[:10] == rendering.BACKGROUND).all()


def test_edges_are_smooth(box: Scene) -> None:
    shown = joined(box.clay(CameraMove(azimuth=30, elevation=20, amount=0), 1, SIZE))[0]
    lid = shown[:, 80].max()
    between = [level for level in shown[:48].reshape(-1) if rendering.BACKGROUND + 8 < level < lid - 8]
    assert len(between) > 20  # pixels that are partly the bright lid, partly the ground behind it


def test_a_mesh_gives_the_same_frames_every_time(folder: Path) -> None:
    mesh = load_mesh(box_file(folder))
    one, two = (joined(Scene(mesh, bake(mesh)).clay(CameraMove(), 2, SIZE)) for _ in range(2))
    assert np.array_equal(one, two)


def test_a_clay_pass_begins_with_its_first_frame(box: Scene) -> None:
    move = CameraMove("rise", amount=0.5)
    assert np.array_equal(next(box.clay(move, 3, SIZE))[0], box.clay_frame(move, SIZE))


def test_more_frames_than_a_chunk_come_in_chunks(box: Scene) -> None:
    assert [len(chunk) for chunk in box.depth(CameraMove(), 17, (48, 32))] == [8, 8, 1]


def test_a_box_keeps_its_edges_and_a_ball_has_none(folder: Path) -> None:
    _vertices, normals, faces = smooth_normals(load_mesh(box_file(folder)))
    assert len(normals) == 24
    assert np.allclose(np.abs(normals).max(axis=1), 1)
    mesh = load_mesh(ball_file(folder))
    vertices, normals, faces = smooth_normals(mesh)
    assert len(vertices) == len(mesh.vertices)
    outward = vertices - [0, mesh.height / 2, 0]
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    assert (outward * normals).sum(axis=1).min() > 0.999
    assert np.array_equal(np.unique(faces), np.arange(len(vertices)))


def test_faces_turned_inside_out_are_shaded_all_the_same(folder: Path, box: Scene) -> None:
    mesh = load_mesh(box_file(folder))
    turned = type(mesh)(mesh.vertices, mesh.faces[:, ::-1])
    frames = [joined(Scene(each, bake(each)).clay(CameraMove(), 1, SIZE)) for each in (mesh, turned)]
    assert np.abs(frames[0] - frames[1]).max() < 12


def test_the_camera_may_end_inside_a_mesh(box: Scene) -> None:
    frames = joined(box.clay(CameraMove("dolly", elevation=0, amount=4.0), 3, SIZE))
    assert frames.shape == (3, SIZE[1], SIZE[0])


def test_without_embreex_the_person_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "embreex.mesh_construction", None)
    with pytest.raises(ModelMissing, match="pip install embreex"):
        bake(load_mesh(box_file(folder)))
