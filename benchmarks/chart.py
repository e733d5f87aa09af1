"""Bars of milliseconds as an SVG picture: names at the left, one bar each, made of parts with a colour each."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

# Told apart on white and on black, and by people who see no red.
_COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#999999", "#777777")

_LEFT, _WIDTH, _ROW, _BAR = 230, 720, 30, 20


def bars(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """The picture. Each row is a bar of named parts, in ms; parts of one name have one colour, told in a legend."""
    parts = list(dict.fromkeys(part for row in rows.values() for part in row))
    colour = {part: _COLOURS[place % len(_COLOURS)] for place, part in enumerate(parts)}
    scale = (_WIDTH - _LEFT - 60) / max(sum(row.values()) for row in rows.values())
    drawn = [_text(0, 20, title, "font-weight:bold")]
    y = 40
    for name, row in rows.items():
        x = float(_LEFT)
        drawn.append(_text(0, y + 15, name))
        for part, value in row.items():
            drawn.append(
                f'<rect x="{x:.1f}" y="{y}" width="{value * scale:.1f}" height="{_BAR}" fill="{colour[part]}"/>'
            )
            x += value * scale
        drawn.append(_text(x + 6, y + 15, f"{sum(row.values()):.2f}"))
        y += _ROW
    y += 10
    for place, part in enumerate(parts):
        x, line = _LEFT * (place % 3), y + 22 * (place // 3)
        drawn.append(f'<rect x="{x}" y="{line}" width="14" height="14" fill="{colour[part]}"/>')
        drawn.append(_text(x + 20, line + 12, part))
    height = y + 22 * -(-len(parts) // 3) + 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="14">\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y}" style="{style}">{escape(words)}</text>'
