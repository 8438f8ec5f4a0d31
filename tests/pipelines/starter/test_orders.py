"""What training is asked for: every form the modes have, and nothing that is held out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from pipelines.starter.diorama.captions import LOOK
from pipelines.starter.diorama.scenes import held_out
from pipelines.starter.orders import CALM, KINDS, SOURCES, STILL_KINDS, Order, Reference, is_calm, sample_order
from tests.pipelines.starter.diorama.stages import CUBE, SIZE
from tests.pipelines.starter.shooting import shot, small_source


def orders(count: int, still: bool = False) -> list[Order]:
    rng = np.random.default_rng(4)
    return [sample_order(rng, small_source().library, still) for _ in range(count)]


def test_every_form_is_asked_for_about_as_often_as_it_should_be() -> None:
    asked = orders(500)
    kinds = Counter(order.kind for order in asked if order.scene is not None)
    assert set(kinds) == set(KINDS)
    for kind, share in KINDS.items():
        assert abs(kinds[kind] / kinds.total() - share) < 0.06, kind
    assert {order.source for order in asked if order.kind == "structure"} >= set(SOURCES)
    assert {len(order.references) for order in asked} == {0, 1, 2, 3}
    assert any(order.scene is None for order in asked)


def test_a_single_picture_is_never_given_whole() -> None:
    assert {order.kind for order in orders(120, still=True)} == set(STILL_KINDS)


def test_nothing_held_out_is_drawn_and_all_that_is_drawn_can_be_shown() -> None:
    library = small_source().library
    for order in orders(400):
        scenes = [scene for scene in (order.scene, *(r.scene for r in order.references)) if scene is not None]
        assert not any(held_out(scene) for scene in scenes)
        assert all(library.shows(cast.subject) for scene in scenes for cast in scene.cast)


def test_a_move_is_followed_only_where_something_moves() -> None:
    for order in orders(400):
        if order.kind == "warped" and order.scene is not None:
            assert order.scene.camera != "static" or any(cast.motion != "still" for cast in order.scene.cast)


def test_a_third_of_what_begins_with_a_picture_is_calm() -> None:
    calm = [is_calm(order.scene) for order in orders(600) if order.kind == "given" and order.scene is not None]
    assert CALM - 0.1 < np.mean(calm) < CALM + 0.25  # others happen to be
    resting = replace(CUBE, cast=(replace(CUBE.cast[0], motion="still"),))
    closer = [replace(scene, camera="zoom in") for scene in (CUBE, resting)]
    assert [is_calm(scene) for scene in (*closer, replace(resting, camera="pan left"))] == [False, True, False]


def test_references_come_as_the_modes_show_them_subjects_first_and_what_they_tell_is_in_the_clip() -> None:
    for order in orders(400):
        told = [reference.tells for reference in order.references]
        assert told == sorted(told)
        assert all(tells == LOOK or tells < len(order.scene.cast if order.scene else ()) for tells in told)
        for reference in order.references:
            if reference.tells == LOOK and order.scene is not None:
                assert reference.scene.look == order.scene.look


def test_a_portrait_is_of_the_very_thing_in_the_clip_seen_another_time() -> None:
    """The library has one rocket but three things to choose from; a red cube's picture is red, and on white."""
    elsewhere = replace(CUBE, place="room", camera="static")
    made = shot("none", frames=5, size=SIZE, references=(Reference(elsewhere, 0, 0), Reference(elsewhere, 0)))
    (_, alone), (_, whole) = made.references
    assert (alone[0] == 255).all() and alone.shape[0] == alone.shape[1]
    middle = alone[alone.shape[0] // 2, alone.shape[1] // 2].astype(int)
    assert middle[0] > middle[2] + 60
    assert whole.shape == (SIZE[1], SIZE[0], 3) and not (whole[0] == 255).all()
