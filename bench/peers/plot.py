"""The ratio per query as an SVG: bars that start at 1 on a logarithmic scale, down where Skein is ahead."""

import math

from engines import PEERS, TITLES
from report import best_of, name, over, peer_ratio

HEIGHT, BAR, LETTER = 420, 38, 6.2
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 64, 52
AHEAD, BEHIND = "#2a7f62", "#c8553d"
TICKS = [0.05, 0.1, 0.2, 0.25, 0.33, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 10, 20, 50, 100]


def ratios(outcome):
    """The picture, or None without Skein and a peer to compare."""
    best = best_of(outcome, "seconds")
    bars = [(name(label), peer_ratio(results), fastest(results)) for label, results in best.items()]
    whole = [results for results in best.values() if None not in results.values()]
    sums = {name: sum(results[name] for results in whole) for name in outcome["versions"]}
    bars.append(("Σ", over(sums.get("skein"), sums.get(fastest(sums))), fastest(sums)))
    shown = [value for _, value, _ in bars if value]
    if not shown:
        return None
    low, high = min(0.5, *shown) / 1.1, max(2, *shown) * 1.1
    return draw(outcome, bars, low, high)


def fastest(values):
    peers = {name: value for name, value in values.items() if name in PEERS and value is not None}
    return min(peers, key=peers.get, default=None)


def draw(outcome, bars, low, high):
    def y(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * math.log(high / value) / math.log(high / low)

    step = max(BAR, *(LETTER * len(label) for label, _, _ in bars))
    width = LEFT + step * len(bars) + RIGHT
    parts = [words(LEFT, 24, f"Skein's time over the best peer's: {outcome['title']}", size=16, weight="bold"),
             words(LEFT, 44, f"{outcome['date']} · {outcome['machine']['cpu']} · {outcome['threads']} threads · "
                             f"best of {outcome['runs']} · below 1 Skein is faster · under each bar: the best peer", fill="#555")]
    for tick in TICKS:
        if low <= tick <= high:
            parts.append(f'<line x1="{LEFT}" x2="{width - RIGHT:.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/>')
            parts.append(words(LEFT - 8, y(tick) + 4, f"{tick:g}×", anchor="end", fill="#555"))
    for number, (label, value, peer) in enumerate(bars):
        middle = LEFT + step * (number + 0.5)
        weight = "bold" if label == "Σ" else "normal"
        parts.append(words(middle, HEIGHT - BOTTOM + 22, label, anchor="middle", weight=weight))
        if value:
            top, end = sorted((y(value), y(1)))
            parts.append(f'<rect x="{middle - step * 0.36:.1f}" y="{top:.1f}" width="{step * 0.72:.1f}" '
                         f'height="{max(end - top, 1):.1f}" fill="{AHEAD if value <= 1 else BEHIND}"/>')
            parts.append(words(middle, y(value) + (13 if value <= 1 else -4), f"{value:.2f}", anchor="middle", size=10))
        parts.append(words(middle, HEIGHT - BOTTOM + 38, TITLES.get(peer, ""), anchor="middle", size=8, fill="#777"))
    parts.append(f'<line x1="{LEFT}" x2="{width - RIGHT:.1f}" y1="{y(1):.1f}" y2="{y(1):.1f}" stroke="#222" stroke-width="1.5"/>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {HEIGHT}" font-family="sans-serif">\n'
            f'<rect width="{width:.0f}" height="{HEIGHT}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


def words(x, y, text, anchor="start", size=11, weight="normal", fill="#222"):
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
            f'fill="{fill}">{text}</text>')
