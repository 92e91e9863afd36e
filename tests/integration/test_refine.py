"""Silver and Gold: incremental is the same as full, byte for byte, whatever came in which order and whoever was killed."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from harness import PAID, Smelt, assert_same, billing, encode, event, refined

PRODUCE = ("produce", "--seed", "11", "--start", "2026-09-01", "--days", "45", "--subscribers", "120", "--faults", "0.06", "--out", "all.jsonl")


TWO_TYPES = "apiVersion: v3.1.0\nkind: DataContract\nid: two\nversion: 1.0.0\nstatus: active\nschema:\n" + "".join(
    f"""  - name: {name}
    properties:
      - {{name: type, logicalType: string}}
      - {{name: id, logicalType: string}}
      - {{name: timestamp, logicalType: timestamp}}
      - {{name: subscriber_id, logicalType: string, physicalName: subscriber_id}}
      - {{name: payload, logicalType: object, properties: [{fields}]}}
"""
    for name, fields in {
        "T": "{name: n, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 100}}, {name: s, logicalType: string}",
        "U": "{name: m, logicalType: integer}",
    }.items()
)


def lines_of(smelt: Smelt) -> list[bytes]:
    smelt(*PRODUCE, "--events", "12000")
    return (smelt.folder / "all.jsonl").read_bytes().splitlines(keepends=True)


def feed(smelt: Smelt, lines: list[bytes]) -> None:
    with (smelt.folder / "feed.jsonl").open("ab") as file:
        file.writelines(lines)
    smelt("ingest", "--from", "feed.jsonl")


def test_incremental_is_full_after_shuffled_late_and_repeated_input(offline: Smelt, new_smelt: Callable[..., Smelt]) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    lines = lines_of(offline)
    lines += chance.sample(lines, 600)
    chance.shuffle(lines)
    at = 0
    while at < len(lines):
        size = chance.choice([1, 20, 300, 2000, 4000])
        feed(offline, lines[at : at + size])
        at += size
        if chance.random() < 0.8:
            offline("refine")
    offline("refine")
    incremental = refined(offline)
    done = offline("refine", "--full")
    assert done["full"] and done["silver"] == len(incremental["silver_clean_events"])
    assert_same(incremental, refined(offline))
    assert offline("refine")["silver"] == 0
    assert_same(incremental, refined(offline))
    assert len(incremental["gold_subscriber_features"]) > 100 and len(incremental["silver_quarantine"]) > 100
    assert len(incremental["gold_tower_features"]) > 10

    # and the same events in another order give the same Gold
    other = new_smelt(name="sorted", kafka_bootstrap="127.0.0.1:1")
    feed(other, sorted(lines))
    other("refine")
    for table in ("gold_subscriber_features", "gold_tower_features"):
        assert refined(other)[table] == incremental[table]


def test_gold_is_what_plain_sql_over_silver_says(offline: Smelt) -> None:
    feed(offline, lines_of(offline))
    offline("refine")
    differing = offline.rows(
        """
        WITH plain AS (
            SELECT subscriber_id, count(*) AS total_events, count(*) FILTER (event_type = 'BSS') AS bss_events,
                count(*) FILTER (event_type = 'OSS') AS oss_events, count(*) FILTER (event_type = 'IoT') AS iot_events,
                max(bss_days_overdue) AS max_days_overdue, count(*) FILTER (bss_payment_status = 'overdue') AS overdue_count,
                sum(oss_signal_dbm) / count(oss_signal_dbm) AS signal, sum(oss_latency_ms) / count(oss_latency_ms) AS latency,
                sum(oss_packet_loss_pct) / count(oss_packet_loss_pct) AS loss, sum(bss_bill_zmw) / count(bss_bill_zmw) AS bill,
                sum(bss_data_used_mb) / count(bss_data_used_mb) AS used, sum(iot_battery_pct) / count(iot_battery_pct) AS battery,
                sum(quality_score) / count(quality_score) AS quality
            FROM silver_clean_events GROUP BY 1 HAVING count(*) >= 2)
        SELECT * FROM plain p FULL JOIN gold_subscriber_features g USING (subscriber_id)
        WHERE p.total_events IS DISTINCT FROM g.total_events OR p.bss_events IS DISTINCT FROM g.bss_events
            OR p.oss_events IS DISTINCT FROM g.oss_events OR p.iot_events IS DISTINCT FROM g.iot_events
            OR p.max_days_overdue IS DISTINCT FROM g.max_days_overdue OR p.overdue_count IS DISTINCT FROM g.overdue_count
            OR coalesce(abs(signal - avg_signal_dbm) > 0.0501, false) OR coalesce(abs(latency - avg_latency_ms) > 0.0501, false)
            OR coalesce(abs(loss - avg_packet_loss_pct) > 0.00501, false) OR coalesce(abs(bill - avg_bill_zmw) > 0.00501, false)
            OR coalesce(abs(used - avg_data_used_mb) > 0.501, false) OR coalesce(abs(battery - avg_battery_pct) > 0.0501, false)
            OR (signal IS NULL) <> (avg_signal_dbm IS NULL) OR (bill IS NULL) <> (avg_bill_zmw IS NULL)
            OR g.churn_label <> (coalesce(p.max_days_overdue > 30, false) OR coalesce(signal < -90, false) OR coalesce(latency > 150, false))::INTEGER
        """
    )
    assert differing == []
    assert offline.value("SELECT count(*) FROM gold_subscriber_features") > 100


def test_gold_of_towers_is_what_plain_sql_over_silver_says(offline: Smelt) -> None:
    feed(offline, lines_of(offline))
    offline("refine")
    week = "event_timestamp::DATE > (SELECT max(event_timestamp)::DATE - 7 FROM silver_clean_events WHERE oss_tower_id IS NOT NULL)"
    differing = offline.rows(
        f"""
        WITH plain AS (
            SELECT oss_tower_id, count(*) AS measurements, count(*) FILTER ({week}) AS measurements_7d, max(oss_latency_ms) AS max_latency_ms,
                max(oss_latency_ms) FILTER ({week}) AS max_latency_ms_7d, sum(oss_signal_dbm) / count(*) AS signal,
                sum(oss_packet_loss_pct) FILTER ({week}) / nullif(count(*) FILTER ({week}), 0) AS loss_7d
            FROM silver_clean_events WHERE oss_tower_id IS NOT NULL GROUP BY 1)
        SELECT * FROM plain p FULL JOIN gold_tower_features g USING (oss_tower_id)
        WHERE p.measurements IS DISTINCT FROM g.measurements OR p.measurements_7d IS DISTINCT FROM g.measurements_7d
            OR p.max_latency_ms IS DISTINCT FROM g.max_latency_ms OR p.max_latency_ms_7d IS DISTINCT FROM g.max_latency_ms_7d
            OR abs(signal - avg_signal_dbm) > 0.0501 OR coalesce(abs(loss_7d - avg_packet_loss_pct_7d) > 0.00501, false)
            OR (loss_7d IS NULL) <> (avg_packet_loss_pct_7d IS NULL)
        """
    )
    assert differing == []
    assert offline.value("SELECT count(*) FROM gold_tower_features") > 10


def test_every_landed_event_is_in_silver_or_in_quarantine(offline: Smelt) -> None:
    feed(offline, lines_of(offline))
    offline("refine")
    place = "kafka_topic, kafka_partition, kafka_offset"
    everywhere = f"SELECT {place} FROM silver_clean_events UNION ALL SELECT {place} FROM silver_quarantine"
    assert offline.value(f"SELECT count(*) FROM (SELECT {place} FROM bronze_raw_events EXCEPT ALL ({everywhere}))") == 0
    assert offline.value(f"SELECT count(*) FROM (({everywhere}) EXCEPT ALL SELECT {place} FROM bronze_raw_events)") == 0


def bss(number: int, **payload: object) -> bytes:
    return encode(billing(number, payload=PAID | payload)) + b"\n"


def test_a_field_that_does_not_fit_quarantines_that_event_alone(offline: Smelt) -> None:
    bad = {"abc": "type", "": "type", True: "type", 12.7: "type", 99999999999: "type", -1: "range"}
    feed(offline, [bss(0), *(bss(n, data_used_mb=value) for n, value in enumerate(bad, 1)), bss(90, data_used_mb="250"), bss(91)])
    done = offline("refine")
    assert (done["silver"], done["quarantined"]) == (3, len(bad))
    found = offline.rows("SELECT event_id, rule, field FROM silver_quarantine ORDER BY 1")
    assert [row[2] for row in found] == ["data_used_mb"] * len(bad)
    assert offline.value("SELECT bss_data_used_mb FROM silver_clean_events WHERE event_id = '0000005a'") == 250
    listed = offline("quarantine", "list")
    assert listed["events"] == len(bad)
    shown = offline("quarantine", "show")["rows"]
    assert {row["event_id"] for row in shown} == {row[0] for row in found}


def test_the_envelope_is_judged_by_its_contract(offline: Smelt) -> None:
    subscribers: dict[str, object] = {"object": {"msisdn": 1}, "list": [], "true": True, "none": None, "direction": "SUB\u202e1", "long": "x" * 257}
    qualities: dict[str, object] = {"whole": 90.0, "text": "90", "decimals": 87.5, "word": "high", "large": 2**63, "low": -1}
    cases = [encode(billing(0, id=name, subscriber_id=value)) for name, value in subscribers.items()]
    cases += [encode(billing(0, id=name, quality_score=value)) for name, value in qualities.items()]
    feed(offline, [line + b"\n" for line in [*cases, encode(billing(0, id="digits", subscriber_id=7))]])
    offline("refine")
    assert offline.rows("SELECT event_id, subscriber_id, quality_score FROM silver_clean_events ORDER BY 1") == [
        ("digits", "7", 50),
        ("text", "SUB-00000", 90),
        ("whole", "SUB-00000", 90),
    ]
    assert dict((row[0], row[1:]) for row in offline.rows("SELECT event_id, rule, field, value FROM silver_quarantine")) == {
        "object": ("type", "subscriber_id", '{"msisdn":1}'),
        "list": ("type", "subscriber_id", "[]"),
        "true": ("type", "subscriber_id", "true"),
        "none": ("required", "subscriber_id", None),
        "direction": ("characters", "subscriber_id", "SUB\u202e1"),
        "long": ("length", "subscriber_id", "X" * 200),
        "decimals": ("type", "quality_score", "87.5"),
        "word": ("type", "quality_score", "high"),
        "large": ("range", "quality_score", "9223372036854775808"),
        "low": ("range", "quality_score", "-1"),
    }


def test_another_event_with_the_same_identity_is_kept(offline: Smelt) -> None:
    def same(number: int, days_overdue: object, **changes: object) -> bytes:
        return encode(billing(number, payload=PAID | {"days_overdue": days_overdue}, **changes)) + b"\n"

    spelled = same(1, 5).replace(b',"days_overdue":5', b"").replace(b'"payload":{', b'"payload" : { "days_overdue" : 5, ')
    first = [same(1, 5), spelled, same(2, "bad"), same(3, "bad"), same(3, 7), same(4, 1), same(4, 2), same(4, 1), same(5, 1, timestamp=None), same(5, 2, timestamp=None)]
    feed(offline, first)
    assert offline("refine")["silver"] == 3
    feed(offline, [same(2, "worse"), same(2, 8), same(2, 9), same(2, 8), same(1, 6), same(3, 8)])
    offline("refine")
    assert offline.rows("SELECT event_id, bss_days_overdue FROM silver_clean_events ORDER BY 1") == [("00000001", 5), ("00000002", 8), ("00000003", 7), ("00000004", 1)]
    topic = f"file:{offline.folder}/feed.jsonl"
    assert offline.rows("SELECT kafka_offset, rule, value, replace(corrected_by, ?, '') FROM silver_quarantine ORDER BY 1", topic) == [
        (2, "type", "bad", "[0]@11"),
        (3, "type", "bad", "[0]@4"),
        (6, "conflict", None, None),
        (8, "required", None, None),
        (9, "required", None, None),
        (10, "type", "worse", "[0]@11"),
        (12, "conflict", None, None),
        (14, "conflict", None, None),
        (15, "conflict", None, None),
    ]
    assert offline.value("SELECT count(*) FROM bronze_duplicates") == 3
    offline.audit()
    incremental = refined(offline)
    offline("refine", "--full")
    assert_same(incremental, refined(offline))


def test_an_event_in_quarantine_leaves_no_value_in_the_row_of_the_next_one(offline: Smelt) -> None:
    """A good event that contradicts an earlier one is judged into the row that the next event gets: also that of the next batch."""
    (offline.folder / "pipeline/contracts").mkdir(parents=True)
    (offline.folder / "pipeline/contracts/t.odcs.yaml").write_text(TWO_TYPES)
    (offline.folder / "pipeline/features.yaml").write_text("version: 1\nfeatures:\n  - {name: total, aggregate: sum, column: n}\n")
    offline.env["SMELT_PIPELINE_DIR"] = str(offline.folder / "pipeline")

    def line(name: str, kind: str, **payload: object) -> bytes:
        return encode(event(0, id=name, type=kind, subscriber_id=name, payload=payload)) + b"\n"

    feed(offline, [line("a", "T", n=1), line("a", "T", n=2, s="x")])
    feed(offline, [line("b", "T"), line("a", "T", n=3, s="y")])  # of a batch, what contradicts comes last
    feed(offline, [line("c", "U", m=4)])
    offline("refine")
    assert offline.rows("SELECT event_id, n, s, m FROM silver_clean_events ORDER BY 1") == [("a", 1, None, None), ("b", None, None, None), ("c", None, None, 4)]
    assert offline.value("SELECT count(*) FROM silver_quarantine WHERE rule = 'conflict'") == 2


def test_a_pattern_that_is_none_is_named_with_its_place(offline: Smelt) -> None:
    offline("init")
    contract = offline.folder / "pipeline/contracts/bss.odcs.yaml"
    offline.env["SMELT_PIPELINE_DIR"] = str(offline.folder / "pipeline")
    broken = "          - name: x\n            logicalType: string\n            physicalName: bss_x\n            logicalTypeOptions: {pattern: '^(a'}\n"
    contract.write_text(with_payload_field(contract.read_text(), broken))
    feed(offline, [bss(1)])
    for command in (["refine"], ["sql", "--show", "silver"]):
        said = offline.run(*command)
        assert said.code == 78
        assert "bss.odcs.yaml: event type BSS: property x" in said.error


def test_only_payloads_that_may_be_long_are_measured(offline: Smelt) -> None:
    """What DuckDB keeps of the column says so; cutting a refine to measure costs one more reading of every payload."""

    def measures(lines: list[bytes]) -> bool:
        feed(offline, lines)
        return "refine/measure" in offline.run("refine", "--set", "log.level=debug").stderr

    assert not measures([bss(n) for n in range(100)])
    assert not measures([bss(n) for n in range(100, 200)])
    assert measures([bss(200, note="x" * 50_000)])


def test_a_column_added_to_a_contract(offline: Smelt) -> None:
    offline("init")
    pipeline = offline.folder / "pipeline"
    offline.env["SMELT_PIPELINE_DIR"] = str(pipeline)
    feed(offline, [bss(1), bss(2, loyalty_tier="gold")])
    offline("refine")
    contract = pipeline / "contracts/bss.odcs.yaml"
    added = "          - name: loyalty_tier\n            logicalType: string\n            physicalName: bss_loyalty_tier\n            description: Tier.\n"
    contract.write_text(with_payload_field(contract.read_text(), added))
    feed(offline, [bss(3, loyalty_tier="silver"), bss(4)])
    done = offline("refine")
    assert (done["silver"], done["columns_added"]) == (2, 1)
    tiers = "SELECT event_id, bss_loyalty_tier FROM silver_clean_events ORDER BY 1"
    assert offline.rows(tiers) == [("00000001", None), ("00000002", None), ("00000003", "silver"), ("00000004", None)]
    offline("refine", "--full")
    assert offline.rows(tiers)[1] == ("00000002", "gold")


def with_payload_field(contract: str, added: str) -> str:
    """Puts a field before days_overdue, whatever the indentation there is."""
    lines = contract.splitlines(keepends=True)
    (at,) = [n for n, line in enumerate(lines) if line.strip() == "- name: days_overdue"]
    shift = len(lines[at]) - len(lines[at].lstrip()) - 10
    moved = [" " * (len(line) - len(line.lstrip()) + shift) + line.lstrip() for line in added.splitlines(keepends=True)]
    return "".join(lines[:at] + moved + lines[at:])


def killed(smelt: Smelt, times: int, *command: str | Path) -> int:
    """Kills the command at a random moment until it was so often still at work (at most four times as many tries); how often it was."""
    began = time.monotonic()
    smelt(*command)
    usual = time.monotonic() - began
    hits = 0
    for _ in range(4 * times):
        running = smelt.start(*command)
        time.sleep(random.uniform(0.1, 0.9) * usual)
        hit = running.kill()
        hits += hit
        usual *= 1.0 if hit else 0.7  # the machine was busier when it was timed
        if hits == times:
            break
    return hits


def test_killed_while_refining(offline: Smelt) -> None:
    lines = lines_of(offline)
    feed(offline, lines[:6000])
    offline("refine")
    feed(offline, lines[6000:])
    shutil.copytree(offline.data, offline.folder / "before")
    hits, longest = 0, 0.8
    for _ in range(20):
        shutil.rmtree(offline.data)
        shutil.copytree(offline.folder / "before", offline.data)
        running = offline.start("refine")
        time.sleep(random.uniform(0.1, longest))
        hit = running.kill()
        hits += hit
        longest *= 1.0 if hit else 0.8
        offline("refine")
        incremental = refined(offline)
        if hits == 4:
            break
    assert hits == 4, "the kills did not hit the work"
    offline("refine", "--full")
    assert_same(incremental, refined(offline))
    assert killed(offline, 5, "refine", "--full") >= 3
    assert_same(incremental, refined(offline))
    offline.audit()
