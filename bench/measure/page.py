"""The page about other programs: what they cost beside Smelt in one run, drawn, and everything in which Smelt loses."""

import math
import os

import pygal

from measure.report import figure, machine_words

HEADING, NEXT = "\n## Beside other programs\n", "\n## Results\n"
COSTS = {"seconds": "time", "cpu": "CPU", "cores": "cores", "mib": "memory", "bytes": "disk"}
CHART = "peers.svg"


def time_words(seconds):
    if seconds >= 1:
        return f"{seconds:,.2f} s" if seconds < 10 else f"{seconds:,.1f} s"
    return f"{figure(seconds * 1e3)} ms" if seconds >= 1e-3 else f"{figure(seconds * 1e6)} us"


WORDS = {"seconds": time_words, "cpu": time_words, "cores": lambda n: f"{n:.2f}", "mib": lambda n: f"{n:,.0f} MiB", "bytes": lambda n: f"{n:.1f} bytes an event"}


def cell(cost, ours, name):
    if name not in cost:
        return ""
    words = WORDS[name](cost[name])
    return words if cost is ours or name not in ours else f"{words} ({cost[name] / ours[name]:.2f})"


def line(cells):
    return f"| {' | '.join(cells)} |"


def cells_of(task, program, cost, ours):
    cpu = "cpu" if "cpu" in cost else "cores"
    words = [cell(cost, ours, name) for name in ("seconds", cpu, "mib", "bytes")]
    if cpu == "cores" and words[1]:
        words[1] += " cores"
    return line([task, program, *words])


def table(found):
    """For each task Smelt, then the others; in brackets: times Smelt's."""
    lines = [line(["task", "program", "time", "CPU", "memory", "disk"]), line(["---"] * 6)]
    for task in dict.fromkeys(one["task"] for one in found):
        of_task = [one for one in found if one["task"] == task]
        lines.append(cells_of(task, "**Smelt**", of_task[0]["smelt"], of_task[0]["smelt"]))
        lines += [cells_of("", one["program"], one["theirs"], one["smelt"]) for one in of_task]
    return "\n".join(lines)


def losses(found):
    """A sentence for each cost in which another program needs less."""
    lines = []
    for one in found:
        for name, what in COSTS.items():
            ours, theirs = one["smelt"].get(name), one["theirs"].get(name)
            if ours is not None and theirs is not None and theirs < ours:
                unit = " cores" if name == "cores" else ""
                lines.append(f"- {one['task']}, {what}: {one['program']} needs {WORDS[name](theirs)}{unit}, Smelt {WORDS[name](ours)}{unit}: {ours / theirs:.2f} times as much.")
    return "\n".join(lines) or "In nothing that was measured in this run."


def draw(found, path):
    """The time of each program in multiples of Smelt's, each line twice the one before; to the left where it is less."""
    shown = list(reversed(found))
    multiples = [one["theirs"]["seconds"] / one["smelt"]["seconds"] for one in shown]
    chart = pygal.HorizontalBar(title="Time, in multiples of Smelt's", print_values=True, show_legend=False, js=[], height=100 + 40 * len(found), truncate_label=80,
                                formatter=lambda power: f"{2**power:.3g}")  # fmt: skip
    chart.x_labels = [f"{one['program']}: {one['task']}" for one in shown]
    powers = range(math.floor(math.log2(min(0.5, *multiples))), math.ceil(math.log2(max(2, *multiples))) + 1)
    chart.y_labels = [{"value": power, "label": f"{2**power:g}"} for power in powers]
    chart.add("", [{"value": math.log2(value), "color": "#3a7d44" if value >= 1 else "#c0392b"} for value in multiples])
    chart.render_to_file(path)


def section(found, about, command):
    return f"""`{command}` on {machine_words(about)}. In brackets: times Smelt's. Middle of the rounds; memory is the largest of them.

{table(found)}

![How long other programs take, in multiples of Smelt's time](images/{CHART})

### Where Smelt loses
{losses(found)}
"""


def record(docs, rows, about, command):
    """Replaces the section of the page, and its chart."""
    found = [row["beside"] for row in rows if row["beside"]]
    if not found:
        return
    path = os.path.join(docs, "benchmarks.md")
    with open(path, encoding="utf-8") as file:
        before, _, results = file.read().partition(NEXT)
    above = before.partition(HEADING)[0]
    draw(found, os.path.join(docs, "images", CHART))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{above}{HEADING}{section(found, about, command)}{NEXT}{results}")
