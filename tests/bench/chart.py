"""The chart: for each work a dot for each server on a logarithmic axis, as SVG.

Dots rather than bars: servers differ by a factor of a hundred, and a bar on a logarithmic axis
says nothing by its length. The drawing carries its own background and colours for light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from .report import Runs, faults, median, number
from .servers import Server
from .works import Work

PANEL_WIDTH, MARGIN, GAP = 470, 20, 30
TITLE, ROW, FOOT = 46, 20, 24
LABELS, VALUES = 118, 62  # room for the names at the left, for the figures at the right

STYLE = """
svg { color-scheme: light dark; font: 12px system-ui, sans-serif;
  --paper: #ffffff; --ink: #1f2328; --quiet: #656d76; --line: #d8dee4; --peer: #8c959f;
  --ours: #0a62c4; --fault: #b3261e; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #0d1117; --ink: #e6edf3; --quiet: #9198a1; --line: #30363d; --peer: #848d97;
    --ours: #58a6ff; --fault: #ff7b72; } }
.paper { fill: var(--paper); } text { fill: var(--ink); }
.title { font-size: 14px; font-weight: 600; } .quiet { fill: var(--quiet); font-size: 11px; }
.name { text-anchor: end; } .tick { text-anchor: middle; }
.grid, .stem { stroke: var(--line); } .dot { fill: var(--peer); }
.ours { font-weight: 600; } circle.ours { fill: var(--ours); } text.ours { fill: var(--ours); }
circle.fault { fill: var(--paper); stroke: var(--fault); stroke-width: 2; }
text.fault { fill: var(--fault); }
"""


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis from `low` to `high` over `width` pixels; both bounds are over 0."""

    low: float
    high: float
    width: float

    def at(self, value: float) -> float:
        """Pixels from the axis' left end."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return share * self.width

    def ticks(self) -> list[float]:
        """1, 2 and 5 of each decade; only the 1s where that would be many."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            ticks = [step * 10.0**decade for decade in decades for step in steps]
            ticks = [tick for tick in ticks if self.low <= tick <= self.high]
            if len(ticks) <= 6:
                break
        return ticks


def axis(values: Sequence[float], width: float) -> Axis:
    """An axis that holds all values with some air at its ends."""
    low, high = min(values), max(values)
    return Axis(low / 1.35, max(high * 1.35, low * 4), width)


def draw(works: Sequence[Work], servers: Sequence[Server], runs: Runs, note: str) -> str:
    """The whole chart; `note` is the small print at its foot."""
    height = TITLE + ROW * len(servers) + FOOT + GAP
    rows = math.ceil(len(works) / 2)
    full_width = 2 * PANEL_WIDTH + GAP + 2 * MARGIN
    full_height = rows * height + 2 * MARGIN + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full_width} {full_height}" '
        f'width="{full_width}" height="{full_height}" role="img" aria-labelledby="t d">',
        '<title id="t">Chat servers side by side</title>',
        f'<desc id="d">{escape(description(works, servers, runs))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{full_width}" height="{full_height}"/>',
    ]
    for i, work in enumerate(works):
        x = MARGIN + (i % 2) * (PANEL_WIDTH + GAP)
        y = MARGIN + (i // 2) * height
        parts.append(f'<g transform="translate({x} {y})">')
        parts += panel(work, servers, runs)
        parts.append("</g>")
    parts.append(_text(MARGIN, full_height - MARGIN + 4, note, "quiet"))
    parts.append("</svg>\n")
    return "\n".join(parts)


def panel(work: Work, servers: Sequence[Server], runs: Runs) -> list[str]:
    """One work: title, axis, and a row for each server."""
    figure = work.figures[0]
    own = {server.name: runs.get(work.name, {}).get(server.name, ()) for server in servers}
    values = {name: median(each, figure.key) for name, each in own.items()}
    drawn = [value for value in values.values() if value and value > 0]
    better = "less" if figure.less_is_better else "more"
    parts = [
        _text(0, 14, work.title, "title"),
        _text(0, 31, f"{figure.heading}; {better} is better; logarithmic", "quiet"),
    ]
    if not drawn:
        return parts
    scale = axis(drawn, PANEL_WIDTH - LABELS - VALUES)
    foot = TITLE + ROW * len(servers)
    for tick in scale.ticks():
        x = LABELS + scale.at(tick)
        parts.append(_line(x, TITLE - 4, x, foot, "grid"))
        parts.append(_text(x, foot + 14, f"{tick:,g}", "quiet tick"))
    for i, server in enumerate(servers):
        y = TITLE + ROW * i + ROW / 2
        kind = " ours" if server.ours else ""
        parts.append(_text(LABELS - 10, y + 4, server.name, "name" + kind))
        value = values[server.name]
        fault = faults(own[server.name])
        if not value or value <= 0:
            parts.append(_text(LABELS + 4, y + 4, fault or "–", "fault"))
            continue
        x = LABELS + scale.at(value)
        mark = "fault" if fault else f"dot{kind}"
        parts.append(f'<circle class="{mark}" cx="{x:.1f}" cy="{y:.1f}" r="5">')
        parts.append(f"<title>{escape(fault or server.about)}</title></circle>")
        label = number(value, figure.digits) + (" !" if fault else "")
        parts.append(
            _text(PANEL_WIDTH - VALUES + 8, y + 4, label, "fault" if fault else kind.strip())
        )
    return parts


def description(works: Sequence[Work], servers: Sequence[Server], runs: Runs) -> str:
    """The chart in words, for who cannot see it."""
    sentences = []
    for work in works:
        figure = work.figures[0]
        own = runs.get(work.name, {})
        said = [
            f"{server.name} {number(median(own.get(server.name, ()), figure.key), figure.digits)}"
            for server in servers
        ]
        sentences.append(f"{work.title}, {figure.heading}: {', '.join(said)}.")
    return " ".join(sentences)


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
