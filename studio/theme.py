"""How the studio looks: a gradio theme in one dark scheme, and the style sheet of Septet's own parts.

Calm and dark like a screening room, one accent (tungsten light). Only the system's own fonts, so nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from studio import words

STATIC = Path(__file__).resolve().parent / "static"
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "Arial", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Roboto Mono", "Menlo", "Consolas", "monospace")

# Contrast against `stage`, WCAG 2.2: text 15.6, soft text 7.5, accent 9.9; dark ink on the accent 9.6.
COLOURS: Mapping[str, str] = {
    "ground": "#0d0e10",
    "stage": "#131518",
    "raised": "#1a1d21",
    "field": "#0f1114",
    "line": "#2b2f36",
    "line-strong": "#6b7280",
    "text": "#edeae4",
    "soft": "#a8a9ad",
    "accent": "#f0b35a",
    "accent-bright": "#ffc979",
    "accent-ink": "#1c1305",
    "accent-wash": "#f0b35a1f",
    "good": "#7fd1a0",
    "bad": "#ff8d7a",
    "bad-wash": "#ff8d7a1a",
}


def css() -> str:
    """The whole style sheet, colours first as custom properties."""
    properties = "".join(f"--s-{name}:{value};" for name, value in COLOURS.items())
    return f':root{{{properties}--s-hint:"{words.GENERATE_HINT}"}}\n' + "\n".join(
        (STATIC / name).read_text("utf-8") for name in ("page.css", "parts.css", "library.css")
    )


def head() -> str:
    """What goes into the page's head: its ground before anything is loaded, narrow screens, the scripts of the page."""
    narrow = (STATIC / "narrow.css").read_text("utf-8")
    script = "".join((STATIC / name).read_text("utf-8") for name in ("page.js", "footage.js"))
    ground = f"html,body{{background:{COLOURS['ground']};color-scheme:dark}}"
    return f"<style>{ground}{narrow}</style><script>{script}</script>"


class Septet(gr.themes.Base):
    """One scheme for both of gradio's: the studio is dark whatever the system prefers."""

    def __init__(self) -> None:
        super().__init__(
            primary_hue="amber",
            neutral_hue="zinc",
            font=SANS,
            font_mono=MONO,
            radius_size="md",
            spacing_size="md",
            text_size="md",
        )
        both = _variables(COLOURS)
        both |= {f"{name}_dark": value for name, value in both.items() if hasattr(self, f"{name}_dark")}
        super().set(**both)


def _variables(c: Mapping[str, str]) -> dict[str, str]:
    return _surfaces(c) | _fields(c) | _buttons(c)


def _surfaces(c: Mapping[str, str]) -> dict[str, str]:
    return {
        "body_background_fill": c["ground"],
        "body_text_color": c["text"],
        "body_text_color_subdued": c["soft"],
        "background_fill_primary": c["stage"],
        "background_fill_secondary": c["raised"],
        "border_color_primary": c["line"],
        "border_color_accent": c["accent"],
        "border_color_accent_subdued": c["line-strong"],
        "color_accent": c["accent"],
        "color_accent_soft": c["accent-wash"],
        "link_text_color": c["accent"],
        "link_text_color_hover": c["accent-bright"],
        "link_text_color_active": c["accent"],
        "link_text_color_visited": c["accent"],
        "block_background_fill": c["stage"],
        "block_border_color": c["line"],
        "block_border_width": "1px",
        "block_radius": "12px",
        "block_shadow": "none",
        "block_padding": "14px 16px",
        "block_label_background_fill": c["raised"],
        "block_label_border_color": c["line"],
        "block_label_text_color": c["text"],
        "block_label_text_size": "13px",
        "block_label_text_weight": "500",
        "block_label_radius": "0 0 8px 0",
        "block_title_background_fill": "transparent",
        "block_title_text_color": c["text"],
        "block_title_text_size": "13px",
        "block_title_text_weight": "600",
        "block_title_padding": "0",
        "block_info_text_color": c["soft"],
        "block_info_text_size": "12.5px",
        "panel_background_fill": c["stage"],
        "panel_border_color": c["line"],
        "accordion_text_color": c["text"],
        "layout_gap": "14px",
        "form_gap_width": "0px",
        "shadow_drop": "none",
        "shadow_drop_lg": "0 18px 50px #0009",
        "error_background_fill": "#2a1613",
        "error_border_color": c["bad"],
        "error_text_color": c["bad"],
        "error_icon_color": c["bad"],
        "loader_color": c["accent"],
    }


def _fields(c: Mapping[str, str]) -> dict[str, str]:
    return {
        "input_background_fill": c["field"],
        "input_background_fill_focus": c["field"],
        "input_background_fill_hover": c["field"],
        "input_border_color": c["line-strong"],
        "input_border_color_hover": c["soft"],
        "input_border_color_focus": c["accent"],
        "input_border_width": "1px",
        "input_placeholder_color": "#8f9299",
        "input_radius": "8px",
        "input_shadow": "none",
        "input_shadow_focus": f"0 0 0 3px {c['accent-wash']}",
        "input_padding": "10px 12px",
        "slider_color": c["accent"],
        "checkbox_background_color": c["field"],
        "checkbox_background_color_focus": c["field"],
        "checkbox_background_color_hover": c["field"],
        "checkbox_background_color_selected": c["accent"],
        "checkbox_border_color": c["line-strong"],
        "checkbox_border_color_focus": c["accent"],
        "checkbox_border_color_hover": c["soft"],
        "checkbox_border_color_selected": c["accent"],
        "checkbox_label_background_fill": c["field"],
        "checkbox_label_background_fill_hover": c["raised"],
        "checkbox_label_background_fill_selected": c["accent-wash"],
        "checkbox_label_border_color": c["line"],
        "checkbox_label_border_color_hover": c["line-strong"],
        "checkbox_label_border_color_selected": c["accent"],
        "checkbox_label_border_width": "1px",
        "checkbox_label_text_color": c["text"],
        "checkbox_label_text_color_selected": c["text"],
        "checkbox_label_shadow": "none",
        "checkbox_label_padding": "8px 12px",
        "checkbox_shadow": "none",
    }


def _buttons(c: Mapping[str, str]) -> dict[str, str]:
    return {
        "button_border_width": "1px",
        "button_large_radius": "10px",
        "button_medium_radius": "9px",
        "button_small_radius": "8px",
        "button_large_text_weight": "650",
        "button_primary_background_fill": c["accent"],
        "button_primary_background_fill_hover": c["accent-bright"],
        "button_primary_border_color": c["accent"],
        "button_primary_border_color_hover": c["accent-bright"],
        "button_primary_text_color": c["accent-ink"],
        "button_primary_text_color_hover": c["accent-ink"],
        "button_primary_shadow": "none",
        "button_primary_shadow_hover": f"0 6px 24px {c['accent-wash']}",
        "button_secondary_background_fill": c["raised"],
        "button_secondary_background_fill_hover": "#23272d",
        "button_secondary_border_color": c["line"],
        "button_secondary_border_color_hover": c["line-strong"],
        "button_secondary_text_color": c["text"],
        "button_secondary_text_color_hover": c["text"],
        "button_transition": "background-color .15s, border-color .15s, box-shadow .15s",
    }
