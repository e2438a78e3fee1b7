"""The frame of a profile: a page that stands alone, and what of HTML its sections share."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"

# Whatever the page holds, it loads nothing: the browser is told so.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:"
)
_STYLE = f"""
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 24px 16px 64px; max-width: 1100px; background: #fff;
  color: #202124; font: 15px/1.5 {FONT}; overflow-wrap: break-word; }}
h1 {{ font-size: 26px; line-height: 1.25; margin: 0 0 8px; overflow-wrap: anywhere; }}
h2 {{ font-size: 19px; margin: 40px 0 8px; padding-top: 12px; border-top: 1px solid #dadce0; }}
h3 {{ font-size: 14px; margin: 0; overflow-wrap: anywhere; }}
p {{ margin: 0 0 8px; max-width: 75ch; }}
nav {{ margin: 12px 0; }}
nav a {{ margin-right: 16px; white-space: nowrap; }}
a {{ color: #0072b2; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 8px 0; font-size: 13px; }}
th, td {{ padding: 3px 14px 3px 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid #e8eaed; overflow-wrap: anywhere; }}
th {{ font-weight: 600; white-space: nowrap; }}
td.n, th.n {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
.findings {{ width: 100%; }}
.findings td:first-child, .findings th {{ white-space: nowrap; }}
.error {{ color: #a50e0e; font-weight: 600; }}
.grid {{ display: grid; gap: 12px; align-items: start;
  grid-auto-flow: row dense;
  grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); }}
figure {{ margin: 8px 0; min-width: 0; break-inside: avoid; }}
.grid .tall {{ grid-row: span 2; }}
.card {{ margin: 0; padding: 10px; border: 1px solid #dadce0; border-radius: 4px; }}
figcaption, .note {{ font-size: 12px; color: #5f6368; }}
.flag {{ font-weight: 400; font-size: 12px; }}
figcaption span {{ white-space: nowrap; }}
.key span {{ margin-right: 14px; }}
.key i {{ display: inline-block; width: 12px; height: 12px; margin-right: 5px; border-radius: 2px;
  vertical-align: -1px; }}
.sheet {{ display: grid; grid-template-columns: fit-content(30%) minmax(0, 1fr); gap: 8px; }}
.sheet div {{ display: grid; grid-auto-rows: 1fr; font-size: 12px; }}
.sheet span {{ align-self: center; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }}
.sheet img {{ width: 100%; height: auto; display: block; image-rendering: pixelated; }}
@media (max-width: 600px) {{
  .findings, .findings tbody, .findings tr, .findings td {{ display: block; border: 0; }}
  .findings thead {{ display: none; }}
  .findings tr {{ border-bottom: 1px solid #e8eaed; padding: 6px 0; }}
}}
@page {{ size: 310mm 438mm; margin: 10mm; }}
@media print {{
  body {{ padding: 0; }}
  nav {{ display: none; }}
  h2 {{ break-after: avoid; }}
  tr {{ break-inside: avoid; }}
}}
"""


class Section(NamedTuple):
    """A part of the page under a heading of its own; left out where it says nothing."""

    name: str
    title: str
    html: str


def document(title: str, head: str, sections: Sequence[Section]) -> str:
    """Return the page: a head, links to the sections, and these."""
    from plotly.offline import get_plotlyjs

    sections = [section for section in sections if section.html]
    links = "".join(f'<a href="#{s.name}">{escaped(s.title)}</a>' for s in sections)
    bodies = "\n".join(
        f'<section id="{s.name}"><h2>{escaped(s.title)}</h2>\n{s.html}</section>' for s in sections
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<script>{get_plotlyjs()}</script></head>\n"
        f"<body><header><h1>{escaped(title)}</h1>\n{head}</header>\n"
        f"<nav>{links}</nav>\n{bodies}\n</body></html>\n"
    )


def escaped(text: object) -> str:
    """Return text as HTML shows it, in an attribute too."""
    return html.escape(str(text))


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = (), kind: str = ""
) -> str:
    """Return a table; cells are HTML already. Columns at `numbers` are set to the right."""

    def line(cells: Sequence[str], tag: str) -> str:
        kinds = [' class="n"' if i in numbers else "" for i in range(len(cells))]
        made = (f"<{tag}{of}>{cell}</{tag}>" for of, cell in zip(kinds, cells, strict=True))
        return f"<tr>{''.join(made)}</tr>"

    body = "\n".join(line(row, "td") for row in rows)
    attribute = f' class="{kind}"' if kind else ""
    return (
        f'<div class="wide"><table{attribute}><thead>{line(head, "th")}</thead>\n'
        f"<tbody>{body}</tbody></table></div>\n"
    )


def key(names: Sequence[str], colours: Sequence[str]) -> str:
    """Return which colour is what; names as they are, escaped here."""
    made = (
        f'<span><i style="background:{colour}"></i>{escaped(name)}</span>'
        for name, colour in zip(names, colours, strict=False)
    )
    return f'<p class="note key">{"".join(made)}</p>\n'


def count(n: int, what: str, plural: str = "") -> str:
    """Return `1 row`, `1,234 rows`, `2 categories`."""
    return f"{n:,} {what if n == 1 else plural or what + 's'}"


def share(part: float) -> str:
    """Return a share in percent; what is next to none or all is not rounded to it."""
    if part in (0, 1):
        return f"{part:.0%}".replace("%", " %")
    if 0 < part < 0.001:
        return "< 0.1 %"
    if 0.999 < part < 1:
        return "> 99.9 %"
    return f"{100 * part:.1f} %"


def number(value: float) -> str:
    """Return a number of four digits or so, as people write it."""
    if np.isnan(value):
        return "none"
    if 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def when(moment: np.datetime64) -> str:
    """Return `2023-05-13`, with the time of day where it is not midnight."""
    if np.isnat(moment):
        return "none"
    return str(moment.astype("datetime64[s]")).replace("T", " ").removesuffix(" 00:00:00")
