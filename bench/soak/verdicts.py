"""Flat means: the last third of the run is at most 10% above the one before it. The first third fills caches and is left out."""

from dataclasses import dataclass
from statistics import median

from measure.report import say

ALLOWED = 1.10


@dataclass
class Verdict:
    what: str
    before: float
    after: float
    slack: float  # below this difference it is noise

    @property
    def holds(self):
        return self.after <= max(self.before * ALLOWED, self.before + self.slack)


def per_event(samples):
    """Bytes that the lake grew by, an event."""
    first, last = samples[0], samples[-1]
    return (last.lake_mib + last.wal_mib - first.lake_mib - first.wal_mib) * 2**20 / max(1.0, last.events - first.events)


def share_of_core(samples):
    first, last = samples[0], samples[-1]
    return (last.cpu_seconds - first.cpu_seconds) / (last.seconds - first.seconds)


def judge(taken):
    third = len(taken) // 3
    before, after = taken[third : 2 * third], taken[2 * third :]

    def middle(name, slack):
        return Verdict(name, *(median(getattr(s, name) for s in part) for part in (before, after)), slack)

    return [
        middle("memory_mib", 0),
        middle("descriptors", 2),
        middle("threads", 0),
        middle("median_ms", 1),
        middle("p99_ms", 20),
        Verdict("bytes of the lake an event", per_event(before), per_event(after), 5),
        Verdict("share of a core", share_of_core(before), share_of_core(after), 0.02),
        Verdict("most events behind Kafka", *(max(s.lag for s in part) for part in (before, after)), 10_000),
    ]


def tell(taken):
    first, last = taken[0], taken[-1]
    say(f"{(last.events - first.events) / (last.seconds - first.seconds):,.0f} events a second for {last.seconds / 60:.0f} minutes")
    found = judge(taken)
    print(f"{'':30} {'second third':>14} {'last third':>14}")
    for v in found:
        print(f"{v.what:30} {v.before:14.2f} {v.after:14.2f}  {'ok' if v.holds else 'NOT FLAT'}")
    return 0 if all(v.holds for v in found) else 1
