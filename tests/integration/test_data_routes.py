"""What the dashboards ask for, against what the lake has: numbers over time, who came and left, lists, quality, events themselves, the proof."""

from __future__ import annotations

import csv
import io
import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from harness import FREE_PORT, Api, Json, Smelt, Topic, billing, encode, eventually, history, serving

RAW = {"value", "raw_payload", "violations"}


def produce(smelt: Smelt, name: str, count: int, seed: int, start: str, days: int) -> str:
    smelt("produce", "-n", str(count), "--seed", str(seed), "--start", start, "--days", str(days), "--subscribers", "150", "--faults", "0.05", "--out", name)
    return name


@pytest.fixture(scope="module")
def two_runs(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a history, and of one more day; tests get copies, and those that do are in one worker."""
    smelt = Smelt(binary, tmp_path_factory.mktemp("two_runs"), kafka_bootstrap="127.0.0.1:1")
    smelt("run", "--from", produce(smelt, "first.jsonl", 4000, 5, "2026-11-08", 20))
    smelt("run", "--from", produce(smelt, "second.jsonl", 500, 6, "2026-11-28", 1))
    return smelt.data


@pytest.fixture
def of_two_generations(offline: Smelt, two_runs: Path) -> Api:
    """A server of the second generation; nobody writes the lake, `offline`'s."""
    shutil.copytree(two_runs, offline.data)
    return serving(offline.start("serve", *FREE_PORT))


SHARED = pytest.mark.xdist_group("a lake of two generations")


def write(smelt: Smelt, sql: str) -> None:
    with duckdb.connect(str(smelt.lake)) as conn:
        conn.execute(sql)


def post(api: Api, path: str, content: Json) -> Json:
    fields = {"Content-Type": "application/json", "Smelt-Request": "yes"}
    request = urllib.request.Request(api.url + path, method="POST", data=json.dumps(content).encode(), headers=fields)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def pages(api: Api, path: str, key: str = "next_cursor", param: str = "cursor") -> list[Json]:
    items: list[Json] = []
    page = api.get(path)
    while True:
        items += page["items"]
        if page[key] is None:
            return items
        page = api.get(f"{path}{'&' if '?' in path else '?'}{param}={page[key]}")


@SHARED
def test_numbers_over_time(offline: Smelt, of_two_generations: Api) -> None:
    api = of_two_generations
    overview = api.get("/api/v1/overview")
    figures = overview["subscribers"]
    assert offline.rows("SELECT generation FROM history ORDER BY generation") == [(1,), (2,)]
    answer = api.get("/api/v1/history?from=-1h&step=1m")
    last = {metric["metric"]: metric["points"][-1][1] for metric in answer["metrics"] if metric["points"]}
    for metric in ("total", "scored", "high", "medium", "low", "at_risk"):
        assert last[metric] == figures[metric], metric
    assert round(last["value_at_risk"], 6) == round(figures["mean_bills_at_risk_zmw"], 6)
    assert last["landed"] == overview["events"]["bronze"] and last["quarantined"] == overview["events"]["quarantined"]
    assert [mark["kind"] for mark in answer["marks"]] in ([], ["model"])
    chosen = api.get("/api/v1/history?from=-1h&metric=high,landed")["metrics"]
    assert [metric["metric"] for metric in chosen] == ["high", "landed"]
    for wrong in ("metric=nothing", "from=yesterday", "from=-1h&to=-2h", "step=1s", "from=-300d&step=1m"):
        refused = api.get(f"/api/v1/history?{wrong}", 400)
        assert [error["parameter"] for error in refused["errors"]] in ([wrong.split("=")[0]], ["step"]), wrong
    for zone in ("Z", "+02:00", "%2B02:00", "-02:00"):  # a plus that is not escaped is a blank, also in a list of fields
        assert api.get(f"/api/v1/history?from=2026-11-01T00:00:00{zone}")["metrics"] is not None
    assert sum(hour["events"] for hour in overview["inflow"]) == sum(hour["events"] for hour in overview["hours"])
    assert len(overview["inflow"]) == 48 and max(hour["weeks"] for hour in overview["inflow"]) in (2, 3)
    assert overview["before"] == {"day": None, "week": None}


def test_a_day_and_a_week_ago(offline: Smelt) -> None:
    offline("run", "--from", produce(offline, "first.jsonl", 1500, 5, "2026-11-08", 20))
    write(offline, "UPDATE history SET made_at = now() - INTERVAL 25 HOUR, high = 77")
    offline("publish")
    write(offline, "UPDATE history SET made_at = now() - INTERVAL 170 HOUR, high = 99 WHERE generation = 2")
    offline("publish")
    before = serving(offline.start("serve", *FREE_PORT)).get("/api/v1/overview")["before"]
    assert (before["day"]["generation"], before["day"]["high"], before["week"]["generation"], before["week"]["high"]) == (1, 77, 2, 99)


@SHARED
def test_who_came_and_who_left(offline: Smelt, of_two_generations: Api) -> None:
    api = of_two_generations
    changes = api.get("/api/v1/changes?since=1&limit=1000")
    since = offline.value("SELECT made_at FROM history WHERE generation = 1")
    expected = offline.rows(
        """SELECT c.entity_id, s.risk_band = 'high' FROM (SELECT entity_id, min_by(coalesce(band_before, '-'), scored_at) AS band FROM score_changes
               WHERE scored_at > ? GROUP BY entity_id) c JOIN entity_scores s USING (entity_id) WHERE (band = 'high') <> (risk_band = 'high')""",
        since,
    )
    assert len(expected) > 0
    for key, came in (("entered", True), ("left", False)):
        assert {row["subscriber_id"] for row in changes[key]} == {name for name, now in expected if now == came}
        assert changes[f"{key}_total"] == len(changes[key])
    assert api.get("/api/v1/changes?since=2")["entered_total"] == 0
    one = (changes["entered"] + changes["left"])[0]["subscriber_id"]
    scores = api.get(f"/api/v1/subscribers/{one}/scores")["items"]
    now = api.get(f"/api/v1/subscribers/{one}")["risk"]
    assert scores[0]["churn_probability"] == now["churn_probability"] and scores[0]["before"] == now["before"]["churn_probability"]
    api.get("/api/v1/subscribers/nobody/scores", 404)
    api.get("/api/v1/towers/LSK-001/scores", 404)


@SHARED
def test_lists_sorted_filtered_and_as_csv(offline: Smelt, of_two_generations: Api) -> None:
    api = of_two_generations
    gold = offline.rows("SELECT subscriber_id, total_events, avg_bill_zmw, churn_probability FROM gold_subscriber_features JOIN subscriber_scores USING (subscriber_id)")
    listed = pages(api, "/api/v1/subscribers?limit=37&sort=-value")
    assert len(listed) == len(gold) == len({row["subscriber_id"] for row in listed})
    known = [row["value_at_risk"] for row in listed if row["value_at_risk"] is not None]
    assert known == sorted(known, reverse=True) and known == [row["value_at_risk"] for row in listed[: len(known)]]
    listed = pages(api, "/api/v1/subscribers?limit=10&sort=total_events&fields=total_events")
    assert [row["total_events"] for row in listed] == sorted(count for _, count, _, _ in gold)
    where = urllib.parse.quote("total_events>=25;avg_bill_zmw<150;risk>0.01")
    found = {row["subscriber_id"] for row in pages(api, f"/api/v1/subscribers?limit=9&where={where}")}
    assert found == {name for name, count, bill, risk in gold if count >= 25 and bill is not None and bill < 150 and risk > 0.01} and found
    page = api.get("/api/v1/towers?sort=-avg_latency_ms&fields=*&limit=3")
    assert [row["oss_tower_id"] for row in page["items"]] == [
        name for (name,) in offline.rows("SELECT oss_tower_id FROM gold_tower_features ORDER BY avg_latency_ms DESC NULLS LAST, oss_tower_id LIMIT 3")
    ]
    assert {"measurements_7d", "max_latency_ms"} <= set(page["items"][0])
    request = urllib.request.Request(f"{api.url}/api/v1/subscribers?sort=id&fields=total_events", headers={"Accept": "text/csv"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    assert [(row["subscriber_id"], int(row["total_events"])) for row in rows] == sorted((name, count) for name, count, _, _ in gold)
    for wrong in ("sort=nothing", "sort=-", "fields=x", "where=x%3E1", "where=total_events", "where=total_events%3E1e999", "where=total_events%3E%3D'1'"):
        api.get(f"/api/v1/subscribers?{wrong}", 400)
    cursor = api.get("/api/v1/subscribers?limit=2&sort=-value")["next_cursor"]
    api.get(f"/api/v1/subscribers?limit=2&sort=value&cursor={cursor}", 400)


@SHARED
def test_features_and_many_ids(offline: Smelt, of_two_generations: Api) -> None:
    api = of_two_generations
    features = {f["name"]: f for f in api.get("/api/v1/features?entity=subscriber")["entities"][0]["features"]}
    bill = features["avg_bill_zmw"]
    assert bill["unit"] == "ZMW" and bill["status"] == "fresh" and bill["least"] <= bill["p05"] <= bill["p50"] <= bill["p95"] <= bill["most"]
    names = [name for (name,) in offline.rows("SELECT subscriber_id FROM gold_subscriber_features ORDER BY hash(subscriber_id) LIMIT 5")]
    found = post(api, "/api/v1/subscribers/lookup?fields=total_events", {"ids": [*names, "nobody"]})
    assert [row["subscriber_id"] for row in found["items"]] == names and found["missing"] == ["nobody"]
    one = api.get(f"/api/v1/subscribers/{names[0]}")
    assert one["typical"]["avg_bill_zmw"]["p50"] == bill["p50"]
    histogram = api.get("/api/v1/scores/histogram?bins=10")
    assert sum(b["entities"] for b in histogram["bins"]) == sum(b["entities"] for b in histogram["bands"]) == offline.value("SELECT count(*) FROM entity_scores")
    (model,) = api.get("/api/v1/models")["models"]
    report = api.get(f"/api/v1/models/{model['model_id']}")["report"]
    assert model["current"] and report == json.loads((offline.data / f"models/{model['model_id']}.report.json").read_text())


def test_what_is_typical_is_what_the_base_has(offline: Smelt) -> None:
    offline("run", "--from", produce(offline, "first.jsonl", 3000, 5, "2026-11-08", 20))
    api = serving(offline.start("serve", *FREE_PORT))
    (bill,) = [f for f in api.get("/api/v1/features?entity=subscriber")["entities"][0]["features"] if f["name"] == "avg_bill_zmw"]
    stored = offline.rows("SELECT count(avg_bill_zmw), min(avg_bill_zmw), median(avg_bill_zmw), max(avg_bill_zmw) FROM gold_subscriber_features")[0]
    assert (bill["known"], bill["least"], round(bill["p50"], 9), bill["most"]) == (stored[0], stored[1], round(stored[2], 9), stored[3])


def check_quality(smelt: Smelt, api: Api) -> None:
    answer = api.get("/api/v1/quality?from=-1d&step=1h")
    groups = {(g["layer"], g["rule"], g["field"]): g for g in answer["groups"]}
    counted = smelt.rows(
        "SELECT 'silver', rule, field, count(*) FROM silver_quarantine GROUP BY ALL UNION ALL SELECT 'bronze', reason, field, count(*) FROM bronze_rejects GROUP BY ALL"
    )
    assert {(*key, g["events"]) for key, g in groups.items()} == set(counted)
    for g in answer["groups"]:
        assert sum(n for _, n in g["hours"]) == sum(s["events"] for s in g["sources"]) == sum(t["events"] for t in g["event_types"]) == g["in_range"] == g["events"]


@SHARED
def test_quality_by_the_hour_and_the_events_themselves(offline: Smelt, of_two_generations: Api) -> None:
    api = of_two_generations
    check_quality(offline, api)
    held = pages(api, "/api/v1/quarantine?limit=20", "next_before", "before")
    stored = offline.rows("SELECT kafka_topic, kafka_offset, rule FROM silver_quarantine")
    assert sorted((e["topic"], e["offset"], e["rule"]) for e in held) == sorted(stored) and any(e["raw_payload"] for e in held)
    rule = held[0]["rule"]
    assert {e["rule"] for e in api.get(f"/api/v1/quarantine?rule={rule}&limit=500")["items"]} == {rule}
    place = urllib.parse.urlencode({k: held[0][k] for k in ("topic", "partition", "offset")})
    message = api.get(f"/api/v1/messages?{place}")
    assert (message["state"], message["rule"], message["raw_payload"]) == ("quarantine", rule, held[0]["raw_payload"])
    assert message["contract"]["file"].endswith(".odcs.yaml") and message["contract"]["line"] > 0
    rejects = api.get("/api/v1/rejects?limit=500")["items"]
    assert len(rejects) == offline.value("SELECT count(*) FROM bronze_rejects")
    bytes_of = urllib.parse.urlencode({k: rejects[0][k] for k in ("topic", "partition", "offset")})
    assert api.get(f"/api/v1/messages?{bytes_of}")["state"] == "rejected"
    api.get("/api/v1/messages?topic=t&partition=0&offset=1", 404)
    contracts = api.get("/api/v1/quality/contracts")["contracts"]
    assert {c["event_type"] for c in contracts} == {"BSS", "OSS", "IoT"} and all(f["line"] > 0 for c in contracts for f in c["fields"])
    offline("refine", "--full")
    offline("publish")
    eventually("generation 3", lambda: api.get("/api/v1/overview")["generation"] == 3)
    check_quality(offline, api)


@SHARED
def test_the_events_of_one_entity(offline: Smelt, of_two_generations: Api) -> None:
    api = of_two_generations
    for plural, key, name in (
        ("subscribers", "subscriber_id", offline.value("SELECT max_by(subscriber_id, total_events) FROM gold_subscriber_features")),
        ("towers", "oss_tower_id", offline.value("SELECT max_by(oss_tower_id, measurements) FROM gold_tower_features")),
    ):
        found = pages(api, f"/api/v1/{plural}/{name}/events?limit=4", "next_before", "before")
        stored = offline.rows(f"SELECT kafka_topic, kafka_offset FROM silver_clean_events WHERE {key} = ?", name)
        held = offline.rows("SELECT kafka_topic, kafka_offset FROM silver_quarantine WHERE subscriber_id = ?", name) if plural == "subscribers" else []
        assert sorted((e["topic"], e["offset"]) for e in found if e["state"] == "silver") == sorted(stored)
        assert sorted((e["topic"], e["offset"]) for e in found if e["state"] == "quarantine") == sorted(held)
        times = [e["event_timestamp"] for e in found]
        assert times == sorted(times, reverse=True)
    assert api.get("/api/v1/subscribers/nobody/events")["items"] == []
    api.get("/api/v1/subscribers/nobody/events?before=x", 400)


@SHARED
def test_what_belongs_to_a_row_is_found_by_its_id_in_small_letters_too(offline: Smelt, of_two_generations: Api) -> None:
    name = offline.value("SELECT max_by(subscriber_id, total_events) FROM gold_subscriber_features")
    for what in ("events?limit=3", "scores", "days?feature=avg_bill_zmw", "related", "notes"):
        found = of_two_generations.get(f"/api/v1/subscribers/{name.lower()}/{what}")
        assert found == of_two_generations.get(f"/api/v1/subscribers/{name}/{what}") and found["subscriber_id"] == name, what


@SHARED
def test_who_has_to_do_with_a_row(offline: Smelt, of_two_generations: Api) -> None:
    api = of_two_generations
    tower = offline.value("SELECT max_by(oss_tower_id, measurements) FROM gold_tower_features")
    found = api.get(f"/api/v1/towers/{tower}/related?limit=500")
    recent = "oss_tower_id = ? AND event_timestamp > (SELECT max(event_timestamp) FROM silver_clean_events WHERE oss_tower_id = ?) - INTERVAL 7 DAY"
    stored = dict(offline.rows(f"SELECT subscriber_id, count(*) FROM silver_clean_events WHERE {recent} GROUP BY ALL", tower, tower))
    gold = {row["subscriber_id"]: row for row in pages(api, "/api/v1/subscribers?limit=500")}
    assert found["total"] == len(stored) and (found["entity"], found["plural"], found["oss_tower_id"]) == ("subscriber", "subscribers", tower)
    assert {row["subscriber_id"]: row["together"]["events"] for row in found["items"]} == {id_: n for id_, n in stored.items() if id_ in gold}
    assert [row | {"together": 0} for row in found["items"]] == [gold[row["subscriber_id"]] | {"together": 0} for row in found["items"]], "what lists say of them"
    stakes = [row["value_at_risk"] for row in found["items"] if row["value_at_risk"] is not None]
    assert stakes == sorted(stakes, reverse=True) and abs(found["value_at_risk"] - sum(stakes)) < 1e-6
    assert found["high"] == len([row for row in found["items"] if row["risk_band"] == "high"]) and found["counted"] == len(found["items"])
    assert sum(hour["events"] for hour in found["hours"]) == sum(stored.values())
    few = api.get(f"/api/v1/towers/{tower}/related?limit=1")
    assert few["items"] == found["items"][:1] and few["value_at_risk"] == found["value_at_risk"]
    person = found["items"][0]["subscriber_id"]
    back = api.get(f"/api/v1/subscribers/{person}/related")
    assert back["entity"] == "tower" and back["value_at_risk"] is None and back["high"] is None
    assert api.get("/api/v1/towers/nowhere/related")["items"] == []
    api.get(f"/api/v1/towers/{tower}/related?entity=tower", 404)
    api.get(f"/api/v1/towers/{tower}/related?entity=nothing", 404)


@SHARED
def test_what_a_feature_was_on_each_day(offline: Smelt, of_two_generations: Api) -> None:
    api = of_two_generations
    tower = offline.value("SELECT max_by(oss_tower_id, measurements) FROM gold_tower_features")
    recent = "oss_tower_id = $1 AND event_timestamp > (SELECT max(event_timestamp) FROM silver_clean_events WHERE oss_tower_id = $1) - INTERVAL 35 DAY"
    for feature, sql in (("avg_packet_loss_pct", "avg(oss_packet_loss_pct)"), ("max_latency_ms", "max(oss_latency_ms)")):
        found = api.get(f"/api/v1/towers/{tower}/days?feature={feature}")
        stored = offline.rows(f"SELECT strftime(event_timestamp, '%Y-%m-%d'), count(*), ({sql})::DOUBLE FROM silver_clean_events WHERE {recent} GROUP BY 1 ORDER BY 1", tower)
        assert (found["feature"], found["oss_tower_id"]) == (feature, tower) and len(stored) > 4
        assert [(one["day"], one["events"], round(one["value"], 9)) for one in found["items"]] == [(day, n, round(value, 9)) for day, n, value in stored]
    assert api.get("/api/v1/towers/nowhere/days?feature=avg_packet_loss_pct")["items"] == []
    for none in ("measurements", "nothing", "avg_packet_loss_pct%22"):
        assert "have no feature" in api.get(f"/api/v1/towers/{tower}/days?feature={none}", 404)["detail"]
    api.get(f"/api/v1/towers/{tower}/days", 400)


def test_what_senders_wrote_needs_the_scope_raw(offline: Smelt) -> None:
    offline("run", "--from", produce(offline, "first.jsonl", 1500, 5, "2026-11-08", 20))
    tokens = {s: offline.run("token", "create", s.replace(",", "-"), "--scopes", s).summary["token"] for s in ("aggregate", "aggregate,entities", "aggregate,raw")}
    api = serving(offline.start("serve", *FREE_PORT))

    def held(scopes: str) -> list[Json]:
        request = urllib.request.Request(f"{api.url}/api/v1/quarantine?limit=500", headers={"Authorization": f"Bearer {tokens[scopes]}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["items"]

    seen = {scopes: {key for event in held(scopes) for key, value in event.items() if value is not None} for scopes in tokens}
    assert not seen["aggregate"] & (RAW | {"entity_id"})
    assert not seen["aggregate,entities"] & RAW and "entity_id" in seen["aggregate,entities"]
    assert {"raw_payload", "entity_id"} <= seen["aggregate,raw"]
    assert {event["topic"] for event in held("aggregate")} == {"(file)"}


def test_reading_is_proved_and_timed(new_smelt: Callable[..., Smelt], topic: Topic) -> None:
    """On the live lake of `up`: partitions with their lag, rows a second, latency, the audit, and what only the lake has."""
    smelt = new_smelt(topic)
    history(smelt, 1500)
    running = smelt.start("up", *FREE_PORT, "--set", "up.publish_interval=1s", "--set", "status.interval=1s")
    api = serving(running)
    eventually("the history is there", lambda: api.ask("/api/v1/overview")[0] == 200 and api.get("/api/v1/overview")["events"]["silver"] > 1000)
    (sent,) = topic.send([encode(billing(70_000, id="wrong", payload={"plan": 5}))])
    topic.send([encode(billing(80_000)), b"no event"])
    held = eventually("it is in quarantine", lambda: [e for e in api.get("/api/v1/quarantine?limit=500")["items"] if e["event_id"] == "wrong"])
    assert (held[0]["partition"], held[0]["offset"]) == (sent.partition, sent.offset)
    message = api.get(f"/api/v1/messages?topic={topic.name}&partition={sent.partition}&offset={sent.offset}")
    assert message["state"] == "quarantine" and message["raw_payload"] == {"plan": 5}
    eventually("the reject is there", lambda: [r for r in api.get("/api/v1/rejects")["items"] if r["text"] == "no event"])
    told = eventually("all of it is read", lambda: all(p["lag"] == 0 for p in api.get("/api/v1/partitions")["partitions"]) and api.get("/api/v1/partitions")["partitions"])
    assert len(told) == topic.partitions and all(p["end_offset"] == p["next_offset"] for p in told)
    balance = api.get("/api/v1/audit")["balance"]
    assert balance["difference"] == 0 and balance["offsets"] == sum(p["next_offset"] - p["start_offset"] for p in told)
    assert sum(p["landed"] for p in api.get("/api/v1/throughput?from=-1h")["points"]) == balance["landed"]
    eventually("a publish has timed them", lambda: (api.get("/api/v1/latency?from=-1h")["last"] or {}).get("publish_p95_s") is not None)
    assert smelt.audit()["offsets"] == balance["offsets"]
    assert api.get("/api/v1/audit")["last"]["ok"]
    runs = api.get("/api/v1/runs?limit=1&state=done")
    assert all(step["usual_s"] is not None for step in runs["runs"][0]["steps"] if step["state"] == "done")
    assert api.get(f"/api/v1/runs/{runs['runs'][0]['run_id']}")["run_id"] == runs["runs"][0]["run_id"]
    parts = {row["name"]: row for row in eventually("states were noted", lambda: api.get("/api/v1/status/history")["items"])}
    assert parts["kafka"]["by"] == "up" and all("since" in part for part in api.get("/api/v1/status")["components"])
    system = api.get("/api/v1/system")
    assert system["live"] and system["uptime_s"] >= 0 and {"kafka.bootstrap"} <= {row["key"] for row in system["settings"]}
    assert running.end(seconds=15).code == 0
