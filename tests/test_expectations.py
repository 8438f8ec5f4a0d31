"""Each line of docs/modes.md's table of expectations has tests that would notice its absence."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

# what is expected, by the first words of its row -> file::test
HELD_BY: dict[str, tuple[str, ...]] = {
    "any length, larger": (
        "pipelines/test_modes.py::test_a_longer_clip_goes_on_where_the_last_window_ended",
        "pipelines/finishing/test_chain.py::test_size_rate_and_count_are_as_asked",
        "studio/test_length.py::test_seconds_are_sent_as_frames_at_the_rate_that_is_chosen",
    ),
    "drafts first": ("browser/test_going_on.py::test_a_draft_becomes_the_first_frame",),
    "variants, seed": (
        "browser/test_making.py::test_variants_are_made_one_after_the_other_and_wait_side_by_side",
        "pipelines/test_modes.py::test_the_same_seed_makes_the_same_clip_and_another_does_not",
    ),
    "extend": (
        "browser/test_going_on.py::test_a_clip_is_extended_with_its_own_words",
        "pipelines/test_continuing.py::test_the_clip_comes_first_and_dissolves_into_what_follows",
        "pipelines/test_drift.py::test_four_extensions_keep_colour_and_sharpness",
    ),
    "camera": ("pipelines/motion/test_camera.py::test_a_move_goes_its_way_and_farther_the_more_is_asked",),
    "what of a prompt is read": (
        "browser/test_page.py::test_a_prompt_past_its_end_is_said_while_it_is_typed",
        "browser/test_page.py::"
        "test_words_the_small_model_was_never_shown_are_named_and_those_it_knows_are_a_click_away",
    ),
    "the exact first frame": (
        "pipelines/test_modes.py::test_frame_zero_is_the_picture_as_the_autoencoder_sees_it",
        "pipelines/test_references.py::test_an_image_that_is_a_reference_comes_before_the_named_ones",
    ),
    "several references": (
        "pipelines/test_references.py::test_references_reach_the_model_in_the_order_they_are_given",
        "pipelines/test_references.py::test_the_model_reads_words_in_place_of_names",
        "browser/test_telling.py::test_a_picture_with_a_name_is_offered_under_the_prompt_and_used",
    ),
    "first and last frame": (
        "pipelines/test_types.py::test_beginning_and_ending_are_given_and_the_rest_is_to_be_made",
    ),
    "motion amount, brush": (
        "pipelines/motion/test_amount.py::test_the_amount_never_changes_how_long_a_clip_is",
        "pipelines/motion/test_brush.py::test_a_painted_region_goes_its_way_and_farther_the_more_is_asked",
        "pipelines/motion/test_starter_moves.py::test_more_motion_is_more_flow",
        "browser/test_telling.py::test_painted_regions_become_brushes_one_of_which_is_seen_at_a_time",
    ),
    "loop": ("pipelines/finishing/test_loop.py::test_the_seam_is_no_larger_than_any_other_step",),
    "crop to a ratio": (
        "pipelines/finishing/test_crop.py::test_the_ratio_is_exact_the_sides_even_and_no_larger_one_fits",
    ),
    "look from words": (
        "pipelines/test_style.py::test_a_style_image_sets_the_first_frame_the_reference_and_the_start",
        "pipelines/test_presets.py::test_a_style_alone_says_what_a_restyled_video_looks_like",
    ),
    "how closely structure": (
        "pipelines/test_style.py::test_the_clip_leaves_the_outlines_of_its_source_the_more_they_are_blurred",
        "pipelines/test_style.py::test_the_clip_comes_closer_to_the_style_the_more_it_weighs",
    ),
    "a try on one frame": (
        "pipelines/test_modes.py::test_one_frame_of_a_source_can_be_tried",
        "browser/test_library.py::test_a_clip_goes_through_its_whole_life",
    ),
    "the whole clip": ("pipelines/test_modes.py::test_every_mode_makes_a_clip_that_keeps_its_promises",),
    "a mock-up video": (
        "pipelines/test_modes.py::test_a_board_of_panels_becomes_one_film",
        "pipelines/motion/test_key_frame.py::test_every_panel_of_a_board_has_a_camera_of_its_own",
    ),
    "seen before it is made": (
        "pipelines/test_animatic.py::test_it_lasts_as_long_as_the_film_and_has_its_shape",
        "browser/test_telling.py::test_a_board_is_watched_made_and_one_of_its_shots_made_again",
    ),
    "one film": (
        "browser/test_making.py::test_a_board_of_panels_becomes_one_film",
        "pipelines/test_finish.py::test_several_videos_become_one_film_with_title_sound_and_music",
    ),
    "the same subject": ("pipelines/test_board.py::test_later_shots_are_shown_the_subject_of_the_first",),
    "one shot made again": (
        "pipelines/test_board.py::test_of_a_board_only_the_shot_with_another_take_is_made_again",
        "studio/test_storyboard_tab.py::test_one_shot_is_asked_for_again_and_the_recipe_says_so",
        "browser/test_telling.py::test_a_board_is_watched_made_and_one_of_its_shots_made_again",
    ),
    "click, box": (
        "pipelines/test_pointing.py::test_a_click_finds_the_subject_it_is_put_on_and_not_its_twin",
        "pipelines/test_pointing.py::test_a_box_finds_the_subject_inside_it",
        "pipelines/test_pointing.py::test_a_brush_is_taken_at_its_word",
        "pipelines/test_subject.py::test_the_network_finds_a_subject_that_stands_out",
        "browser/test_making.py::test_a_painted_mask_is_shown_and_used",
    ),
    "the tracked mask": (
        "browser/test_making.py::test_a_subject_is_clicked_on_corrected_followed_and_used",
        "pipelines/test_masking.py::test_a_correction_changes_the_track_from_its_frame_on_and_not_before",
    ),
    "inside or outside": (
        "pipelines/test_modes.py::test_outside_the_mask_the_encoder_is_given_the_source_bit_for_bit",
        "pipelines/finishing/test_put_back.py::test_outside_the_mask_every_bit_is_the_source",
    ),
    "replace, restyle": (
        "pipelines/test_mask.py::test_what_is_replaced_is_hidden_from_the_model_in_a_region_with_room",
        "pipelines/test_mask.py::test_what_is_restyled_keeps_its_structure_inside_and_its_outline",
        "pipelines/test_mask.py::test_what_is_removed_needs_no_words_and_goes_with_what_lies_around_it",
    ),
    "the mask, green screen": (
        "studio/test_exports.py::test_the_mask_that_was_used_is_handed_over",
        "studio/test_exports.py::test_a_cut_out_subject_is_handed_over_on_a_transparent_ground",
        "pipelines/finishing/test_put_back.py::test_green_screen_is_green_outside_and_untouched_inside",
    ),
    "clay, depth": (
        "pipelines/test_render.py::test_the_model_is_shown_the_clay_pass",
        "pipelines/test_render.py::test_a_depth_pass_is_used_as_it_is_on_the_full_range",
        "pipelines/test_render.py::test_a_normal_pass_is_read_in_the_mode",
    ),
    "geometry locked": (
        "pipelines/test_style.py::test_render_holds_its_source_closer_than_stylization_and_that_than_storyboard",
    ),
    "several looks": ("studio/test_render_tab.py::test_each_line_is_a_look_with_the_same_seed",),
    "a style or subject taught": ("pipelines/test_adapters.py::test_a_request_carries_its_adapter_to_the_clip",),
    "time, place in line": (
        "studio/jobs/test_desk.py::test_a_running_job_shows_stage_progress_preview_and_time_left",
        "browser/test_making.py::test_a_running_job_is_cancelled_and_can_be_tried_again",
        "browser/test_making.py::test_a_mode_makes_a_clip_that_survives_a_reload",
    ),
    "settings used again": (
        "browser/test_library.py::test_settings_are_used_again_and_frames_are_sent_on",
        "browser/test_sign_in.py::test_a_link_shows_the_clip_to_somebody_without_an_account",
    ),
}
NOT_HERE = ("a prompt written for you", "sound")  # the table says why


def _rows() -> list[str]:
    """What is expected, row by row."""
    guide = (TESTS.parent / "docs" / "modes.md").read_text("utf-8")
    table = guide.partition("| mode | expected | here |")[2].partition("\n\n")[0]
    return [row.split("|")[2].strip() for row in table.splitlines()[2:]]


@cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", _rows())
def test_every_expectation_is_held_by_a_test_or_said_not_to_be_met(row: str) -> None:
    held = [names for words, names in HELD_BY.items() if re.match(re.escape(words) + r"\b", row)]
    assert row in NOT_HERE or held, f"no test is named for {row!r}"
    for name in held[0] if held else ():
        file, test = name.split("::")
        assert test in _tests_in(file), name


def test_nothing_is_held_that_is_not_expected() -> None:
    for words in HELD_BY:
        assert any(row.startswith(words) for row in _rows()), words
