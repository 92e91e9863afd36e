"""Draws the samples: one line for each figure, in per cent of its middle value, so that what grows is seen."""

from statistics import median

import pygal

LINES = (("memory_mib", "resident memory"), ("descriptors", "descriptors"), ("median_ms", "median answer"))
POINTS = 120


def thinned(taken):
    """The middle of each group of samples, at most POINTS of them."""
    step = max(1, -(-len(taken) // POINTS))
    return [taken[i : i + step] for i in range(0, len(taken), step)]


def draw(path, taken):
    groups = thinned(taken)
    chart = pygal.XY(
        title=f"smelt up: {taken[-1].events:,.0f} events in {taken[-1].seconds / 60:.0f} minutes",
        x_title="minutes",
        y_title="% of the median of the whole run",
        show_dots=False,
        range=(0, 200),
        js=[],
    )
    for name, words in LINES:
        whole = median(getattr(s, name) for s in taken) or 1
        points = [(g[-1].seconds / 60, 100 * median(getattr(s, name) for s in g) / whole) for g in groups]
        chart.add(f"{words}, 100% = {whole:.4g}", points)
    chart.render_to_file(path)
