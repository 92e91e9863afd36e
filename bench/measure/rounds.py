"""Helpers of all groups: the rounds, and one line of progress for each program that ran."""

from measure.report import say


def rounds(bench):
    return range(1, bench.options.rounds + 1)


def rate(events, finished):
    return events / finished.seconds


def log_run(what, events, finished):
    say(f"  {what:24} {finished.seconds:7.2f} s  {rate(events, finished):12,.0f} events/s  {finished.cpu_seconds / events * 1e6:6.2f} us of CPU an event"
        f"  {finished.peak_mib:5.0f} MiB")
    return finished
