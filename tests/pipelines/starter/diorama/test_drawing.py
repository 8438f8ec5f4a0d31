"""What is drawn is what the words say, and all passes are of the same scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pipelines.starter.diorama.drawing import draw
from pipelines.starter.diorama.filming import film, restyled
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.looks import LOOKS
from pipelines.starter.diorama.scenes import LIGHTS, PLACES, Cast, Scene
from pipelines.starter.diorama.scenes import LOOKS as LOOK_NAMES
from pipelines.starter.diorama.setting import set_stage
from pipelines.starter.diorama.skies import FAR
from pipelines.starter.diorama.subjects import COLOURS
from tests.pipelines.starter.diorama.stages import CUBE, SIZE, drawn, middle, small_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return small_library(str(tmp_path_factory.mktemp("things")))


def moving(motion: str) -> tuple[Cast, ...]:
    return (Cast("cube", "red", motion, 0.9),)


def test_the_same_scene_gives_the_same_pixels_alone_and_in_a_batch(library: Library) -> None:
    other = replace(CUBE, place="street", detail=8)
    alone, batch = film([CUBE], SIZE, 5, library), film([other, CUBE], SIZE, 5, library)
    assert torch.equal(alone.video[0], batch.video[1])
    assert torch.equal(alone.passes.flow[0], batch.passes.flow[1])
    assert not torch.equal(batch.video[0], batch.video[1])
    assert not torch.equal(alone.video, film([replace(CUBE, detail=9)], SIZE, 5, library).video)


@pytest.mark.parametrize("look", LOOK_NAMES)
def test_passes_left_out_change_no_pixel_of_the_others(library: Library, look: str) -> None:
    scenes = [replace(CUBE, look=look), replace(CUBE, look=look, place="forest", detail=12)]  # one with a box
    whole, part = film(scenes, SIZE, 3, library), film(scenes, SIZE, 3, library, ("masks",))
    assert torch.equal(whole.video, part.video)
    assert torch.equal(whole.passes.masks, part.passes.masks)
    with pytest.raises(LookupError, match="flow"):
        _ = part.passes.flow
    flow = film(scenes, SIZE, 3, library, ("flow",)).passes.flow
    assert torch.equal(whole.passes.flow, flow)


@pytest.mark.parametrize(
    ("motion", "axis", "sign"), [("left", 0, -1), ("right", 0, 1), ("rising", 1, -1), ("falling", 1, 1)]
)
def test_a_subject_moves_where_its_scene_says(library: Library, motion: str, axis: int, sign: int) -> None:
    way = middle(drawn(library, cast=moving(motion)).masks[0, 0])
    assert sign * (way[-1, axis] - way[0, axis]) > 8


@pytest.mark.parametrize(("motion", "grows"), [("towards", True), ("growing", True), ("away", False)])
def test_coming_closer_and_growing_fill_more_of_the_picture(library: Library, motion: str, grows: bool) -> None:
    area = drawn(library, cast=moving(motion)).masks[0, 0].sum((1, 2))
    assert bool(area[-1] > 1.4 * area[0]) == grows


@pytest.mark.parametrize(
    ("camera", "axis", "sign"),
    [("pan left", 0, 1), ("pan right", 0, -1), ("tilt up", 1, 1), ("tilt down", 1, -1), ("truck left", 0, 1),
     ("truck right", 0, -1), ("pedestal up", 1, 1), ("pedestal down", 1, -1)],
)  # fmt: skip
def test_what_stands_still_moves_against_the_camera(library: Library, camera: str, axis: int, sign: int) -> None:
    way = middle(drawn(library, cast=moving("still"), camera=camera, swing=0.6).masks[0, 0])
    assert sign * (way[-1, axis] - way[0, axis]) > 3


def test_a_truck_moves_what_is_near_more_than_what_is_far_and_a_pan_alike(library: Library) -> None:
    speeds = {}
    for camera in ("truck right", "pan right"):
        shot = drawn(library, cast=moving("still"), camera=camera)
        flow, depth = shot.flow[0, 0, 0], shot.depth[0, 0, 0]
        sky, low = (depth == FAR) & (flow != 0), depth < depth.median() * 0.7
        speeds[camera] = flow[low].mean(), flow[sky].mean() if sky.any() else torch.zeros(())
    near, far = speeds["truck right"]
    assert near < -1.5 and abs(far) < 0.5
    near, far = speeds["pan right"]
    assert 0.6 < near / far < 1.6


@pytest.mark.parametrize(("camera", "turns"), [("roll left", 1), ("roll right", -1)])
def test_a_roll_turns_the_picture_the_other_way(library: Library, camera: str, turns: int) -> None:
    flow = drawn(library, cast=(), camera=camera).flow[0, :, 1]
    right, left = flow[1, :, -8:].mean(), flow[1, :, :8].mean()
    assert turns * (right - left) > 1


@pytest.mark.parametrize(("camera", "grows"), [("zoom in", True), ("zoom out", False)])
def test_a_zoom_changes_how_large_things_are(library: Library, camera: str, grows: bool) -> None:
    area = drawn(library, cast=moving("still"), camera=camera).masks[0, 0].sum((1, 2))
    assert bool(area[-1] > area[0]) == grows
    assert max(area[-1] / area[0], area[0] / area[-1]) > 1.4


def test_an_orbit_keeps_the_subject_in_the_middle_and_shows_its_other_side(library: Library) -> None:
    shot = drawn(library, cast=(Cast("rocket", None, "still"),), camera="orbit left", swing=1.0)
    way = middle(shot.masks[0, 0])
    assert np.abs(way - way.mean(axis=0)).max() < 4
    assert (shot.colour[0, :, 0] - shot.colour[0, :, -1]).abs().mean() > 0.03


@pytest.mark.parametrize("scene", [
    CUBE,
    replace(CUBE, cast=(Cast("ball", None, "spinning", 0.3),), place="room"),
    replace(CUBE, cast=(Cast("rocket", None, "towards", 0.6),), place="street", camera="pan left"),
    replace(CUBE, cast=(Cast("cube", "red", "still"),), place="forest", camera="truck right", swing=0.4),
    replace(CUBE, cast=(Cast("ball", None, "jumping", 0.5),), place="mountains", camera="roll left", swing=0.4),
])  # fmt: skip
def test_the_flow_explains_the_next_frame(library: Library, scene: Scene) -> None:
    shot = film([scene], (128, 80), 9, library).passes
    colour, flow, depth = shot.colour[0].transpose(0, 1), shot.flow[0].transpose(0, 1), shot.depth[0].transpose(0, 1)
    y, x = torch.meshgrid(torch.arange(80.0), torch.arange(128.0), indexing="ij")
    scale = torch.tensor([2 / 128, 2 / 80])
    left = []
    for i in (0, 4):
        at = (torch.stack([x, y], -1) + flow[i].permute(1, 2, 0) + 0.5) * scale - 1
        inside = (at.abs() < 0.97).all(-1)
        later, there = (
            F.grid_sample(part[i + 1 : i + 2], at[None], align_corners=False, padding_mode="border")[0]
            for part in (colour, 1 / depth)
        )
        # what is hidden a frame later has no match: something nearer is seen there
        firm = inside & ((1 / depth[i, 0]) > 0.93 * there[0])
        error, still = (later - colour[i]).abs().mean(0), (colour[i + 1] - colour[i]).abs().mean(0)
        moved = firm & (flow[i].norm(dim=0) > 1) & (still > 0.05)
        assert moved.sum() > 60, i
        left.append(float(error[moved].median() / still[moved].median()))
    spins = any(cast.motion == "spinning" for cast in scene.cast)  # light does not turn with a thing
    assert max(left) < (0.45 if spins else 0.13)


def test_a_mask_is_where_the_depth_is_the_subjects(library: Library) -> None:
    shot = drawn(library, cast=moving("still"), place="room")
    mask, depth = shot.masks[0, 0, 0], shot.depth[0, 0, 0]
    inside = depth[mask > 0.9]
    assert len(inside) > 100
    assert inside.max() - inside.min() < 1.45  # the diagonal of a cube of a metre
    around = F.max_pool2d(mask[None, None], 5, 1, 2)[0, 0]
    upper = torch.arange(SIZE[1])[:, None] < SIZE[1] * 0.45
    assert (depth[(around > 0.9) & (mask < 0.01) & upper] > inside.max()).all()


def test_two_subjects_have_a_mask_each_and_the_nearer_hides_the_other(library: Library) -> None:
    both = (Cast("cube", "red", "still"), Cast("rocket", "blue", "still"))
    masks = drawn(library, cast=both).masks[0, :, 0]
    assert (masks > 0.9).flatten(1).sum(1).min() > 60
    assert (masks.sum(0) <= 1.0 + 1e-5).all()


@pytest.mark.parametrize("colour", list(COLOURS))
def test_a_subject_has_the_colour_it_is_called(library: Library, colour: str) -> None:
    shot = drawn(library, 1, cast=(Cast("cube", colour, "still"),), place="room")
    seen = shot.colour[0, :, 0][:, shot.masks[0, 0, 0] > 0.95].mean(1).numpy()
    known = {
        name: np.array(rgb) / np.linalg.norm(rgb) for name, rgb in COLOURS.items() if name not in ("white", "black")
    }
    if colour == "white":
        assert seen.min() > 0.55
    elif colour == "black":
        assert seen.max() < 0.25
    else:
        near = {name: float(seen @ rgb) / np.linalg.norm(seen) for name, rgb in known.items()}
        best = sorted(near, key=lambda name: -near[name])
        assert colour in (best[:2] if colour in ("brown", "orange") else best[:1])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("size", [(96, 64), (64, 96)])
def test_every_place_can_be_drawn_in_every_light_and_shape(library: Library, place: str, size: tuple[int, int]) -> None:
    scenes = [replace(CUBE, place=place, light=light, detail=i) for i, light in enumerate(LIGHTS)]
    shot = film(scenes, size, 1, library).passes
    assert torch.isfinite(shot.depth).all() and (shot.depth > 0).all()
    assert ((shot.colour >= 0) & (shot.colour <= 1)).all()
    assert (shot.masks[:, 0] > 0.5).flatten(1).float().mean(1).min() > 0.01
    assert shot.colour.flatten(1).std(1).min() > 0.03
    assert shot.mockup[0].unique().numel() < shot.colour[0].unique().numel() / 4


def test_surroundings_with_nothing_before_them_are_drawn_alone_as_in_a_batch(library: Library) -> None:
    full = set_stage(CUBE, SIZE, 3, library)
    bare = replace(full, cards=())
    alone, batch = draw([bare], SIZE, library.textures), draw([full, bare], SIZE, library.textures)
    assert torch.equal(alone.colour[0], batch.colour[1])
    assert torch.equal(alone.masks[0], batch.masks[1])
    assert not alone.masks.any()


@pytest.mark.parametrize("look", LOOK_NAMES)
def test_a_look_changes_the_picture_and_keeps_its_layout(library: Library, look: str) -> None:
    made = film([CUBE], (96, 64), 3, library)
    video = restyled(made, look).video
    assert video.shape == made.video.shape
    assert ((video >= 0) & (video <= 1)).all()
    assert torch.equal(video, restyled(made, look).video)
    assert (look == "photo") == torch.equal(video, made.video)
    mask = made.passes.masks[0, 0, 0] > 0.95
    red, _, blue = video[0, :, 0][:, mask].mean(1)
    assert red > blue + 0.1


def test_every_look_of_a_scene_is_made() -> None:
    assert set(LOOKS) == set(LOOK_NAMES)
