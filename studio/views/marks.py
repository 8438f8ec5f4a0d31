"""Small pieces of HTML the views share: escaping, icons, buttons, the player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from studio import words


def _icon(paths: str, box: str = "0 0 24 24") -> str:
    return (
        f'<svg viewBox="{box}" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true" focusable="false">{paths}</svg>'
    )


LOGO = (
    '<svg viewBox="0 0 34 28" fill="currentColor" aria-hidden="true" focusable="false">'
    + "".join(
        f'<rect x="{x}" y="{14 - h / 2}" width="3" height="{h}" rx="1.5" opacity="{o}"/>'
        for x, h, o in zip(
            range(0, 35, 5), (8, 15, 22, 28, 22, 15, 8), (0.5, 0.65, 0.8, 1, 0.8, 0.65, 0.5), strict=True
        )
    )
    + "</svg>"
)
FILM = _icon(
    '<rect x="2" y="2" width="58" height="44" rx="7"/>'
    '<path d="M14 2v44M48 2v44M2 13h12M2 24h12M2 35h12M48 13h12M48 24h12M48 35h12"/>'
    '<path d="m27 17 11 7-11 7z" fill="currentColor"/>',
    "0 0 62 48",
)
PLAY = _icon('<path d="M8 5.5v13l11-6.5z" fill="currentColor"/>')
DOWNLOAD = _icon('<path d="M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 20h14"/>')
BIN = _icon('<path d="M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12M10.5 11v5M13.5 11v5"/>')
COPY = _icon('<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15V5a1 1 0 0 1 1-1h10"/>')
QUOTE = _icon('<path d="M5 7h14M5 12h14M5 17h8"/>')


def attributes(values: Mapping[str, object]) -> str:
    """` name="value"` for each, escaped; underscores in names become dashes."""
    return "".join(f' {name.replace("_", "-")}="{escape(str(value))}"' for name, value in values.items())


def button(text: str, action: str, look: str = "", **data: object) -> str:
    """A button the page's scripts act on; `data` becomes data-* attributes."""
    extra = attributes({f"data_{name}": value for name, value in data.items()})
    return f'<button type="button" class="s-act {look}" data-action="{escape(action)}"{extra}>{escape(text)}</button>'


def icon_button(name: str, action: str, icon: str) -> str:
    """A small button that shows only an icon; its name is read out and shown on hover."""
    label = escape(name)
    return (
        f'<button type="button" class="s-act icon" data-action="{escape(action)}" aria-label="{label}" '
        f'title="{label}">{icon}</button>'
    )


def link(text: str, address: str, icon: str = "", look: str = "") -> str:
    """A download link that looks like a button."""
    return f'<a class="s-act {look}" href="{escape(address)}" download>{icon}{escape(text)}</a>'


def formats_menu(job_id: str, kinds: Sequence[str]) -> str:
    """The clip in other formats, one entry each; nothing where there are none."""
    entries = "".join(
        f'<a href="media/{job_id}/as/{kind}" data-made data-busy="{escape(words.FORMAT_BUSY)}" '
        f'data-failed="{escape(words.FORMAT_FAILED)}">{escape(words.FORMATS[kind][0])} '
        f"<small>{escape(words.FORMATS[kind][1])}</small></a>"
        for kind in kinds
    )
    return _menu(words.OTHER_FORMATS, entries, "formats") if entries else ""


def player(job_id: str, label: str, *, autoplay: bool = False) -> str:
    """The clip of a job in the browser's own player."""
    start = " autoplay muted" if autoplay else ""
    return (
        f'<video controls loop playsinline preload="metadata"{start} aria-label="{escape(label)}" '
        f'poster="media/{job_id}/poster.jpg" src="media/{job_id}/clip.mp4"></video>'
    )


def bar(percent: float, label: str) -> str:
    """A progress bar that assistive technology reads."""
    return (
        f'<div class="s-bar" role="progressbar" aria-label="{escape(label)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent:.0f}"><i style="width:{percent:.0f}%"></i></div>'
    )


def send_menu(targets: list[tuple[str, str, str]], look: str = "") -> str:
    """ "Send to": one entry per (mode, its title, what of the clip goes there)."""
    names = {"clip": words.SEND_CLIP, "first": words.SEND_FIRST, "last": words.SEND_LAST}
    entries = "".join(
        f'<button type="button" data-action="send" data-to="{mode}" data-what="{what}">{escape(title)} '
        f"<small>{escape(names[what])}</small></button>"
        for mode, title, what in targets
    )
    return _menu(words.SEND_TO, entries, look)


def shots_menu(shots: Sequence[str]) -> str:
    """ "Make one shot again": one entry for each shot of a board, by what happens in it."""
    entries = "".join(
        f'<button type="button" data-action="reshoot" data-shot="{number}">'
        f"{escape(words.SHOT.format(number=number))} <small>{escape(said)}</small></button>"
        for number, said in enumerate(shots, 1)
    )
    return _menu(words.SHOT_AGAIN, entries) if entries else ""


def _menu(title: str, entries: str, look: str = "") -> str:
    """A button that opens a list of entries."""
    return (
        f'<details class="s-send"><summary class="s-act">{escape(title)}</summary>'
        f'<div class="s-menu {look}">{entries}</div></details>'
    )
