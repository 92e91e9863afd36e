"""The results: rows with their targets, as a table and as JSON. Progress goes to stderr, so that stdout has only the table."""

import os
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from textwrap import shorten

began = time.monotonic()


@dataclass
class Row:
    group: str
    what: str
    measured: str
    target: str = ""  # empty: no target
    met: bool | None = None
    note: str = ""
    beside: dict | None = None  # what both cost, for the page about other programs


def beside(row, task, program, smelt, theirs):
    """The row with what Smelt and another program cost for the same task: seconds, cpu, mib, bytes; what is not known is left out."""
    row.beside = {"task": task, "program": program, "smelt": smelt, "theirs": theirs}
    return row


def cost(runs, **more):
    """Of several runs of one program: the middle time and CPU, the largest memory."""
    return {"seconds": median(run.seconds for run in runs), "cpu": median(run.cpu_seconds for run in runs), "mib": max(run.peak_mib for run in runs)} | more


def at_least(group, what, value, target, unit, note=""):
    return Row(group, what, f"{figure(value)} {unit}".strip(), f">= {figure(target)} {unit}".strip(), value >= target, note)


def at_most(group, what, value, target, unit, note=""):
    return Row(group, what, f"{figure(value)} {unit}".strip(), f"<= {figure(target)} {unit}".strip(), value <= target, note)


def memory(group, what, mib, note, limit):
    return Row(group, what, f"{mib:.0f} MiB", f"< {limit} MiB", mib < limit, note)


def info(group, what, value, unit, note=""):
    return Row(group, what, f"{figure(value)} {unit}".strip(), note=note)


def figure(value):
    """Three significant digits, thousands with commas."""
    if isinstance(value, str):
        return value
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def median(values):
    return statistics.median(values)


def say(text):
    print(f"[{time.monotonic() - began:7.1f} s] {text}", file=sys.stderr, flush=True)


def verdict(row):
    if row.met is None:
        return "" if row.target == "" else "failed"
    return "met" if row.met else "NOT MET"


def table(rows):
    """A Markdown table that is also readable as plain text."""
    cells = [["what", "measured", "target", "", "how"]]
    cells += [[row.what, row.measured, row.target, verdict(row), shorten(row.note, 140, placeholder=" ...")] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = " ".join(line.split(":", 1)[1].split())
                break
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory_gib = int(file.readline().split()[1]) / 1024**2
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_gib, 1),
        "kernel": os.uname().release,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "load_before": round(os.getloadavg()[0], 2),
    }


def machine_words(m):
    return f"{m['cores']} cores of {m['processor']}, {m['memory_gib']} GiB, Linux {m['kernel']}, {m['date']}, load {m['load_before']} before"


def as_json(rows, about, command):
    return {"command": command, "machine": about, "rows": [asdict(row) for row in rows]}


def record(path, rows, about, command):
    """Replaces everything below the heading Results, which is the last one of the page."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    above, heading, _ = page.partition("\n## Results\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{above}{heading or chr(10) + '## Results' + chr(10)}`{command}` on {machine_words(about)}.\n\n{table(rows)}\n")
