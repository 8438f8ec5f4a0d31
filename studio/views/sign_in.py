"""The pages of somebody who is not signed in: the sign-in itself, and a clip that was shared. No script, no outside."""

from __future__ import annotations

from html import escape

from studio import words
from studio.theme import COLOURS, SANS
from studio.views import marks

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def sign_in(problem: str = "", name: str = "") -> str:
    """The form, with what went wrong before."""
    alert = f'<p class="wrong" role="alert">{escape(problem)}</p>' if problem else ""
    on_name, on_password = ("", " autofocus") if name else (" autofocus", "")
    return document(
        words.SIGN_IN,
        f'<form method="post" action="sign-in" class="card"><h2>{escape(words.SIGN_IN)}</h2>{alert}'
        f'<label for="name">{escape(words.SIGN_IN_NAME)}</label>'
        f'<input id="name" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required '
        f'maxlength="64" value="{escape(name)}"{on_name}>'
        f'<label for="password">{escape(words.SIGN_IN_PASSWORD)}</label>'
        f'<input id="password" name="password" type="password" autocomplete="current-password" required '
        f'maxlength="1000"{on_password}>'
        f'<button>{escape(words.SIGN_IN)}</button><p class="help">{escape(words.SIGN_IN_HELP)}</p></form>',
    )


def document(title: str, content: str) -> str:
    """A whole page around one card."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="dark">'
        f"<title>{escape(title)} · {escape(words.NAME)}</title><style>{_style()}</style></head><body>"
        f"<header>{marks.LOGO}<div><h1>{escape(words.NAME)}</h1><p>{escape(words.TAGLINE)}</p></div></header>"
        f"<main>{content}</main></body></html>"
    )


def _style() -> str:
    colours = "".join(f"--{name}:{value};" for name, value in COLOURS.items())
    fonts = ",".join(f'"{font}"' if " " in font else font for font in SANS)
    return (
        f":root{{{colours}color-scheme:dark}}*{{box-sizing:border-box}}"
        f"body{{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;"
        f"gap:28px;padding:24px 16px 12vh;background:var(--ground);color:var(--text);font:15px/1.5 {fonts}}}"
        "header{display:flex;align-items:center;gap:14px}header svg{width:38px;color:var(--accent)}"
        "h1{margin:0;font-size:22px;line-height:1.2}header p{margin:2px 0 0;color:var(--soft);font-size:13.5px}"
        "main{width:100%;display:flex;justify-content:center}"
        ".card{width:100%;max-width:380px;display:flex;flex-direction:column;background:var(--stage);"
        "border:1px solid var(--line);border-radius:14px;padding:26px 26px 22px;box-shadow:0 18px 50px #0006}"
        ".card.wide{max-width:980px;padding:0;overflow:hidden}h2{margin:0 0 18px;font-size:18px}"
        "label{font-size:13px;font-weight:600;margin-bottom:6px}"
        "input{font:inherit;color:inherit;background:var(--field);border:1px solid var(--line-strong);"
        "border-radius:8px;padding:10px 12px;margin-bottom:16px;width:100%}"
        "input:focus-visible{outline:none;border-color:var(--accent);box-shadow:0 0 0 3px var(--accent-wash)}"
        "button,.button{font:inherit;font-weight:650;text-align:center;text-decoration:none;cursor:pointer;"
        "background:var(--accent);color:var(--accent-ink);border:0;border-radius:10px;padding:11px 18px;margin-top:4px}"
        "button:hover,.button:hover{background:var(--accent-bright)}"
        ":is(button,.button):focus-visible{outline:2px solid var(--text);outline-offset:2px}"
        ".wrong{margin:0 0 16px;padding:10px 12px;border-radius:8px;background:var(--bad-wash);color:var(--bad);"
        "font-size:13.5px}.help{margin:16px 0 0;color:var(--soft);font-size:13px}"
        "video{display:block;width:100%;max-height:70vh;background:#000}"
        ".under{display:flex;align-items:center;justify-content:space-between;gap:16px;flex-wrap:wrap;"
        "padding:16px 20px}"
        ".under p{margin:0;color:var(--soft);font-size:13.5px}.under .button{margin:0}"
    )
