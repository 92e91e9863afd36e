"""The catalogue of faults as a table: docs/guarantees.md has it in words."""

from __future__ import annotations

from faults import brokers, canaries, damage, disk, kills, leaders, meaning, memory, messages, models, partitions, processes, protocol, topics
from faults.bench import Scenario

ALL = 1_000_000  # more than there are: the scenario says when it has gone through all

SCENARIOS = [
    # row, name, scenario, injections in every test run, in the long run, in one round of it
    Scenario(1, "kill -9 in ingest", kills.killed_in_ingest, 25, 10_000, 100),
    Scenario(2, "kill -9 in a checkpoint", kills.killed_in_checkpoint, 5, 2_000, 50),
    Scenario(3, "kill -9 in refine", kills.killed_in_refine, 5, 500, 50),
    Scenario(3, "kill -9 in train", kills.killed_in_train, 5, 500, 50),
    Scenario(3, "kill -9 in score", kills.killed_in_score, 5, 500, 50),
    Scenario(3, "kill -9 in publish", kills.killed_in_publish, 5, 500, 50),
    Scenario(3, "kill -9 in run", kills.killed_in_run, 5, 500, 50),
    Scenario(4, "power cut", disk.power_cuts, 5, 1_000, 50),
    Scenario(5, "log cut off", damage.cut_logs, 10, 1_000, 50),
    Scenario(6, "flipped, zeroed, garbage", damage.damaged_files, 10, 1_000, 50),
    Scenario(7, "lost for good", damage.lost_for_good, 1, 50, 10),
    Scenario(8, "full disk", disk.full_disks, 4, 200, 25),
    Scenario(9, "EIO or short call", disk.broken_calls, 5, ALL, 50),
    Scenario(9, "EIO in a commit", disk.broken_commits, 10, ALL, 50),
    Scenario(10, "out of memory", memory.exhausted_memory, 20, ALL, 500),
    Scenario(11, "second process", processes.second_processes, 10, 1_000, 100),
    Scenario(12, "brokers away", brokers.absent_brokers, 2, 200, 20),
    Scenario(13, "errors of the protocol", protocol.injected_answers, ALL, ALL, 200),
    Scenario(14, "retention, recreated topic", brokers.forgetting_brokers, 2, 50, 10),
    Scenario(15, "aborted and compacted", brokers.holes, 1, 20, 5),
    Scenario(16, "ten copies", messages.repeated, 1, 20, 5),
    Scenario(17, "poison", messages.corpus, 1, 1, 1),
    Scenario(17, "fuzzed messages", messages.fuzzed, 2_000, 1_000_000, 50_000),
    Scenario(18, "schema drift", meaning.drifting_senders, 4, 50, 8),
    Scenario(19, "late events", meaning.late_events, 1, 50, 5),
    Scenario(20, "clocks, impossible times", meaning.wrong_clocks, 1, 20, 5),
    Scenario(21, "SIGTERM, SIGSTOP", processes.signals, 3, 50, 10),
    Scenario(22, "kill -9 in an upgrade", damage.killed_upgrades, 5, 200, 50),
    Scenario(27, "canaries", canaries.seeded_canaries, 1, 1, 1),
    Scenario(28, "damaged model", models.damaged_models, 5, 200, 50),
    Scenario(29, "offsets not answered", leaders.unanswered_offsets, 4, 200, 20),
    Scenario(30, "log cut off behind us", partitions.cut_logs, 2, 50, 5),
    Scenario(31, "unreadable batch", partitions.unreadable_batches, 2, 50, 5),
    Scenario(32, "messages held back", leaders.held_back, 2, 50, 5),
    Scenario(33, "markers of transactions", leaders.markers, 1, 20, 5),
    Scenario(34, "times of records", leaders.record_times, ALL, ALL, 100),
    Scenario(41, "one topic of several is away", topics.one_away, 4, 100, 8),
    Scenario(42, "kill -9 in up", kills.killed_in_up, 5, 500, 50),
]
