"""The quality library of the standard: rules about each event, severities, and rules about many events, which each refine measures."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence

import duckdb
import pytest
from harness import FREE_PORT, Json, Smelt, eventually, serving
from test_declarations import contract, send, write

Rule = dict[str, object]


def text(*rules: Rule, **more: object) -> Json:
    return {"name": "v", "logicalType": "string", "physicalName": "v", "quality": list(rules), **more}


def invalid(values: Sequence[object] = ("a", "b"), **more: object) -> Rule:
    return {"metric": "invalidValues", "arguments": {"validValues": list(values)}, **more}


def history(smelt: Smelt) -> list[tuple[object, ...]]:
    return smelt.rows('SELECT rule, metric, events, failed, "value", holds, severity FROM quality_history ORDER BY upto_batch, rule')


# ---- rules about each event ----

ROW_RULES: Sequence[tuple[Json, list[object], list[object]]] = (  # a field, values that pass, values that do not
    (text({"metric": "nullValues", "mustBe": 0}), ["x", ""], [None]),
    (text({"metric": "nullValues", "mustBeLessOrEqualTo": 0, "unit": "percent"}), ["x"], [None]),
    (text({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None, "", "n/a", 7]}}), ["x"], [None, "", "n/a"]),
    (text({"metric": "missingValues", "mustBeLessThan": 1, "arguments": {"missingValues": ["", "-"]}}), ["x", None], ["", "-"]),
    ({**text({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [-1, "-"]}}), "logicalType": "integer"}, [0, 1, None], [-1]),
    ({**text({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [9.9]}}), "logicalType": "number"}, [9, 9.8], [9.9]),
    (text(invalid(mustBe=0)), ["a", "b", None], ["c"]),
    (text(invalid(["a", None], mustBe=0)), ["a", None], ["b"]),
    (text(invalid(mustBe=0, severity="error")), ["a"], ["c"]),
    (text({"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "^[a-z]$"}}), ["a"], ["A"]),
)


def missing(values: Sequence[object], **more: object) -> Json:
    return {**text({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": list(values)}}), **more}


ROW_RULES = (
    *ROW_RULES,
    (missing(["-1"], logicalType="integer"), [0, "1"], [-1, "-1"]),
    (missing([False], logicalType="boolean"), [True, None], [False]),
    (missing(["1970-01-01"], logicalType="date"), ["1970-01-02", None], ["1970-01-01"]),
    (missing(["1970-01-01T00:00:00Z"], logicalType="timestamp"), ["1970-01-01T00:00:01Z"], ["1970-01-01T00:00:00Z", "1970-01-01T01:00:00+01:00"]),
    (missing([0, "1970-01-02"], logicalType="timestamp", transformLogic="epoch_s"), [1], [0, 86400]),
    (missing(["00:00"], logicalType="time"), ["00:01"], ["00:00", "00:00:00"]),
    (missing([{}], logicalType="object"), [{"a": 1}, None], [{}]),
    (missing([[]], logicalType="array"), [[1]], [[]]),
)


@pytest.mark.parametrize("number", range(len(ROW_RULES)))
def test_a_rule_that_no_event_may_break_decides_about_each(offline: Smelt, number: int) -> None:
    field, good, bad = ROW_RULES[number]
    write(offline, contract([field]))
    send(offline, *({"v": value} for value in [*good, *bad]))
    done = offline("refine")
    assert (done["silver"], done["quarantined"]) == (len(good), len(bad)) and history(offline) == [] and done["unenforced"] == []


def test_arguments_for_other_tools_are_named(offline: Smelt) -> None:
    known = {"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["a"], "format": "x"}}
    write(offline, contract([text(known, {"metric": "invalidValues", "mustBe": 0, "arguments": {"format": "email"}})]))
    places = [one["path"].removeprefix("schema[0].properties[6].properties[0].") for one in offline("contract", "check")["unenforced"]]
    assert places == ["quality[0].arguments.format", "quality[1]"]


def test_missing_values_that_are_not_compared_are_named(offline: Smelt) -> None:
    """And those that the field cannot have, which its type refuses."""
    fields = [missing([{"a": 1}, {}], logicalType="object"), missing([-1, "n/a"], name="n", physicalName="n", logicalType="integer")]
    write(offline, contract([*fields, missing(["", "N/A"], name="t", physicalName="t")]))
    found = offline("contract", "check")
    assert [one["path"].split(".", 2)[2] for one in found["unenforced"]] == ["properties[0].quality[0].arguments.missingValues[0]"], found
    assert [note["text"] for note in found["notes"]] == ["this is no integer: events with it are in quarantine by the rule type"]
    send(offline, {"n": "n/a"}, {"n": -1}, {"t": "N/A"})
    offline("refine")
    rows = sorted(offline.rows("SELECT rule, field, reason FROM silver_quarantine"))
    assert rows[:2] == [("missing_values", "n", "must be none of -1"), ("missing_values", "t", 'must be none of "", "N/A"')] and rows[2][:2] == ("type", "n")


def test_an_id_that_is_no_text_is_named(offline: Smelt) -> None:
    one = contract([text()])
    one["schema"][0]["properties"][3]["logicalType"] = "integer"
    write(offline, one)
    assert [part["path"] for part in offline("contract", "check")["unenforced"]] == ["schema[0].properties[3].logicalType"]


def test_a_rule_of_nulls_keeps_its_name(offline: Smelt) -> None:
    write(offline, contract([text({"metric": "nullValues", "mustBe": 0, "name": "must_exist"}), {**text(), "name": "w", "physicalName": "w", "required": True}]))
    send(offline, {"w": "x"}, {"v": "x"})
    offline("refine")
    assert sorted(offline.rows("SELECT rule, field FROM silver_quarantine")) == [("must_exist", "v"), ("required", "w")]


WHY: Sequence[tuple[Rule, str]] = (
    ({"metric": "nullValue", "mustBe": 0}, "a property has no metric nullValue; expected nullValues, missingValues, invalidValues or duplicateValues"),
    ({"metric": "nullValues"}, "it has no operator, like mustBe: 0"),
    ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValuez": ["a"]}}, "its arguments have none of minimum, maximum,"),
    ({"type": "custom", "engine": "soda", "implementation": "x"}, "it is for the engine soda"),
    ({"type": "sql", "query": "SELECT 1", "mustBe": 0}, "rules of the type sql are for other tools"),
)


def test_what_is_not_enforced_says_why(offline: Smelt) -> None:
    one = contract([text(*(rule for rule, _ in WHY))])
    one["schema"][0]["quality"] = [{"metric": "rowCounts", "mustBe": 1}]
    write(offline, one)
    found = [part["text"] for part in offline("contract", "check")["unenforced"]]
    expected = [*(words for _, words in WHY), "an event type has no metric rowCounts; expected rowCount or duplicateValues"]
    assert len(found) == len(expected)
    for text_found, words in zip(found, expected, strict=True):
        assert text_found.startswith(f"is not enforced: {words}"), found
    assert "quality[0] is not enforced: a property has no metric nullValue" in offline.run("contract", "check", json_summary=False).stdout


# ---- severity ----


def test_a_rule_of_another_severity_is_counted_and_the_event_kept(offline: Smelt) -> None:
    low: Rule = {"name": "low", "type": "custom", "engine": "smelt", "implementation": {"minimum": 10}, "severity": "warning"}
    fields = [text(invalid(mustBe=0, severity="warning")), {"name": "n", "logicalType": "integer", "physicalName": "n", "required": True, "quality": [low]}]
    write(offline, contract(fields))
    send(offline, {"v": "a", "n": 10}, {"v": "c", "n": 1}, {"v": "d", "n": 11}, {"v": "e"})
    first = offline.run("refine")
    assert (first.summary["silver"], first.summary["quarantined"]) == (3, 1)
    assert history(offline) == [("allowed_values", "invalidValues", 3, 2, 2, False, "warning"), ("low", "invalidValues", 3, 1, 1, False, "warning")]
    assert "invalidValues of v must be 0, and is 2" in first.stderr
    assert "low: must be at least 10 (counted)" in offline.run("sql", "--show", "silver/judge", json_summary=False).stdout


# ---- rules about many events ----

MEASURES: Sequence[tuple[Rule, float, bool]] = (  # of the values a, b, b, c, null, "": the value that is measured, and whether the rule holds
    (invalid(mustBeLessThan=50, unit="percent"), 100 * 2 / 6, True),
    (invalid(mustBeLessOrEqualTo=1), 2, False),
    (invalid(mustBeBetween=[2, 3]), 2, True),
    (invalid(mustNotBeBetween=[2, 3]), 2, False),
    ({"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent"}, 100 / 6, False),
    ({"metric": "nullValues", "mustBe": 1}, 1, True),
    ({"metric": "nullValues", "mustNotBe": 1}, 1, False),
    ({"metric": "missingValues", "arguments": {"missingValues": [None, ""]}, "mustBeGreaterThan": 1}, 2, True),
    ({"metric": "missingValues", "arguments": {"missingValues": [None, ""]}, "mustBeGreaterOrEqualTo": 3}, 2, False),
    ({"metric": "duplicateValues", "mustBeLessThan": 1}, 1, False),
    ({"metric": "duplicateValues", "mustBe": 0, "severity": "warning"}, 1, False),
)


@pytest.mark.parametrize("number", range(len(MEASURES)))
def test_a_rule_with_a_tolerance_is_measured(offline: Smelt, number: int) -> None:
    rule, value, holds = MEASURES[number]
    write(offline, contract([text(rule)]))
    send(offline, *({"v": one} for one in ("a", "b", "b", "c", None, "")))
    done = offline("refine")
    assert (done["silver"], done["quarantined"]) == (6, 0)
    ((_, metric, events, _, measured, held, severity),) = history(offline)
    assert (metric, events, measured, held, severity) == (rule["metric"], 6, pytest.approx(value), holds, rule.get("severity", "error"))


def test_two_rules_of_one_metric_are_two(offline: Smelt) -> None:
    narrow, wide = {"metric": "nullValues", "mustBeLessThan": 10, "unit": "percent"}, {"metric": "nullValues", "mustBeLessThan": 100}
    write(offline, contract([text(narrow, wide, {"metric": "duplicateValues", "mustBeLessThan": 3})]))
    send(offline, {}, {})
    offline("refine")
    state = "SELECT rule, must, holds FROM quality_state WHERE metric = 'nullValues' ORDER BY rule"
    assert offline.rows(state) == [("null_values", "nullValues of v must be below 10 percent", False), ("null_values_2", "nullValues of v must be below 100", True)]
    page = offline.run("contract", "docs", json_summary=False).stdout
    assert "must be there (null_values, counted: nullValues of v must be below 10 percent); must be there (null_values_2, counted: nullValues of v must be below 100)" in page
    assert "\n- duplicate_values, counted: duplicateValues of v must be below 3\n" in page


BOUNDS: Sequence[tuple[Rule, str]] = (
    ({"mustBe": 0, "mustBeLessThan": 5}, "mustBeLessThan is 5: the rule has mustBe already; expected one of them, or two rules"),
    ({"mustBeBetween": [5, 1]}, "mustBeBetween is a list: expected the lower number first"),
    ({"mustBeLessThan": 150, "unit": "percent"}, "mustBeLessThan is 150: expected a percentage from 0 to 100"),
    ({"mustBeGreaterThan": 100, "unit": "percent"}, "mustBeGreaterThan is 100: no percentage can be that, so the rule never holds"),
    ({"mustBeLessThan": 0}, "mustBeLessThan is 0: no count can be that, so the rule never holds"),
    ({"mustBe": -1}, "mustBe is -1: no count can be that, so the rule never holds"),
    ({"mustBe": 1.5}, "mustBe is 1.5: no count can be that, so the rule never holds"),
    ({"mustBeBetween": [-2, -1]}, "mustBeBetween is a list: no count can be that, so the rule never holds"),
)


def test_a_bound_that_means_nothing_is_a_mistake(offline: Smelt) -> None:
    for rule, words in BOUNDS:
        write(offline, contract([text({"metric": "nullValues", **rule})]))
        (mistake,) = offline("contract", "check", code=78)["mistakes"]
        assert words in mistake["message"] and mistake["line"] > 0, mistake


def test_what_is_measured_is_the_new_events(offline: Smelt) -> None:
    rows: Rule = {"metric": "rowCount", "mustBeBetween": [1, 4], "name": "Some rows"}
    together: Rule = {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["v", "w"]}}
    both = contract([text({"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent", "name": "few"}), {"name": "w", "logicalType": "integer"}], name="T")
    both["schema"][0]["quality"] = [rows, together, {"type": "text", "description": "good"}]
    write(offline, both)
    send(offline, {"v": "a", "w": 1}, {"v": "a", "w": 1}, {"v": "a", "w": 2})
    assert [one["path"] for one in offline("refine")["unenforced"]] == ["schema[0].quality[2]"]
    send(offline, {"v": "a", "w": 1}, {"w": 1})
    offline("refine")
    offline("refine")
    measured = [(rule, events, failed, holds) for rule, _, events, failed, _, holds, _ in history(offline)]
    assert measured == [
        ("duplicate_values", 3, 1, False), ("few", 3, 0, True), ("some_rows", 3, 3, True),
        ("duplicate_values", 2, 0, True), ("few", 2, 1, False), ("some_rows", 2, 5, False),
    ]  # fmt: skip
    assert offline.rows("SELECT rule, failed FROM quality_state ORDER BY ALL") == [("duplicate_values", 0), ("few", 1), ("some_rows", 5)]
    offline("refine", "--full")
    assert len(history(offline)) == 6
    send(offline, {"v": "a", "w": 9})
    offline("refine")
    assert ("some_rows", "rowCount", 1, 6, 6, False, "error") in history(offline)


def test_the_history_has_a_bound(offline: Smelt) -> None:
    """100,000 rows; then the newest of each rule are kept, also of one that was measured seldom."""
    write(offline, contract([text({"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent", "name": "often"})]))
    send(offline, {"v": "a"})
    offline("refine")
    more = "INSERT INTO quality_history (measured_at, after_batch, upto_batch, event_type, rule, field, metric, events, failed, value, must, holds, severity) "
    row = "SELECT now(), {n} - 1, {n}, 'T', {rule}, {field}, 'nullValues', 1, 0, 0, 'm', true, 'error' FROM range({count}) AS r(i)"
    with duckdb.connect(str(offline.lake)) as conn:
        conn.execute(more + row.format(n="i - 200000", rule="'often'", field="'v'", count=99_996))
        conn.execute(more + row.format(n="i - 300000", rule="'seldom'", field="'w'", count=3))
    send(offline, {"v": "b"})
    offline("refine")
    assert offline.value("SELECT count(*) FROM quality_history") == 25_003
    assert offline.value("SELECT count(*) FROM quality_history WHERE rule = 'seldom'") == 3
    assert offline.value("SELECT count(*) FROM quality_history WHERE rule = 'often' AND upto_batch > 0") == 2


def test_an_event_is_counted_once_and_only_if_it_goes_to_silver(offline: Smelt) -> None:
    items = {"name": "v", "logicalType": "array", "items": {"logicalType": "string", "quality": [invalid(mustBeLessThan=1, unit="percent"), {"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent"}]}}
    write(offline, contract([items, {"name": "n", "logicalType": "integer", "required": True}]))
    send(offline, {"v": ["x", "y", None, None], "n": 1}, {"v": ["x", None]}, {"v": ["a"], "n": 1})
    offline("refine")
    assert [(rule, events, failed) for rule, _, events, failed, *_ in history(offline)] == [("allowed_values", 2, 1), ("null_values", 2, 1)]
    assert offline.value("SELECT DISTINCT field FROM quality_history") == "v[]"


# ---- status ----


def silver(smelt: Smelt) -> Json:
    smelt("publish")
    return next(part for part in smelt.run("status").summary["components"] if part["name"] == "silver")


def test_status_names_the_rules_that_do_not_hold(offline: Smelt) -> None:
    tolerant = invalid(mustBeLessThan=10, unit="percent", name="known")
    write(offline, contract([text(tolerant)]))
    send(offline, {"v": "a"}, {"v": "x"})
    offline("refine")
    bad = silver(offline)
    assert bad["state"] == "degraded" and "T: invalidValues of v must be below 10 percent, and is 50." in bad["detail"]
    assert [(rule["rule"], rule["value"], rule["severity"]) for rule in bad["quality"]] == [("known", 50, "error")]
    write(offline, contract([text(tolerant | {"severity": "warning"})]))
    offline("refine")
    send(offline, {"v": "x"})
    offline("refine")
    warned = silver(offline)
    assert warned["state"] == "ok" and warned["quality"][0]["severity"] == "warning"
    send(offline, {"v": "a"})
    offline("refine")
    good = silver(offline)
    assert good["state"] == "ok" and "quality" not in good
    never = {key: value for key, value in tolerant.items() if key != "mustBeLessThan"} | {"mustBeGreaterThan": 50}
    write(offline, contract([text(never)]))
    send(offline, {"v": "a"})
    offline("refine")
    assert silver(offline)["state"] == "degraded"
    write(offline, contract([text()]))
    offline("refine")
    assert silver(offline)["state"] == "ok"


# ---- who answers for it ----


def test_quarantine_names_the_owner(offline: Smelt) -> None:
    write(offline, contract([text(invalid(mustBe=0))], team={"name": "Rides"}, support=[{"channel": "#rides", "url": "https://example.org/rides"}]))
    send(offline, {"v": "a"}, {"v": "x"})
    offline("refine")
    (row,) = offline("quarantine", "list")["rules"]
    assert (row["types"], row["owners"]) == (["T"], {"Rides": "https://example.org/rides"})
    assert "owner: Rides, https://example.org/rides" in offline.run("quarantine", "list", json_summary=False).stdout


# ---- what a contract promises in time ----

PROMISES = [
    {"property": "freshness", "value": 1, "unit": "hours", "element": "T.timestamp"},
    {"property": "freshness", "value": "3d"},
    {"property": "latency", "value": 250, "unit": "ms"},
    {"property": "latency", "value": 1, "unit": "s"},
    {"property": "retention", "value": 1, "unit": "mo", "element": "T"},
    {"property": "retention", "value": 1, "unit": "d", "element": "U.x"},
    {"property": "availability", "value": 99.9, "unit": "percent"},
]


def put(smelt: Smelt, *hours: float) -> None:
    """Events of so many hours ago."""
    first = len(list(smelt.folder.glob("at-*.jsonl"))) * 1000
    file = smelt.folder / f"at-{first}.jsonl"
    now = datetime.datetime.now(datetime.timezone.utc)
    events = [
        {"id": f"at{first + n}", "type": "T", "source": "s", "subscriber_id": "a", "timestamp": (now - datetime.timedelta(hours=ago)).isoformat(), "quality_score": 90, "payload": {"v": "a"}}
        for n, ago in enumerate(hours)
    ]
    file.write_text("\n".join(map(json.dumps, events)))
    assert smelt("ingest", "--from", file)["landed"] == len(hours)


def test_what_a_contract_promises_is_a_threshold(offline: Smelt) -> None:
    team = {"team": {"name": "Rides"}, "support": [{"channel": "#rides"}]}
    write(offline, contract([text()], slaProperties=PROMISES, **team))
    put(offline, 2, 3, 24 * 29)
    assert [one["path"] for one in offline("refine")["unenforced"]] == ["slaProperties[2]", "slaProperties[5]", "slaProperties[6]"]
    old = silver(offline)
    assert old["state"] == "degraded" and "The newest event of T is 2 hours old, and its contract allows 1 hour (freshness; owner: Rides)." in old["detail"], old
    ((promise),) = old["promises"]
    assert (promise["event_type"], promise["owner"], promise["property"], promise["allowed_seconds"], promise["seconds"] // 60) == ("T", "Rides", "freshness", 3600, 120)
    put(offline, 0.1, 24 * 31)
    offline("refine")
    kept = silver(offline)
    assert [one["property"] for one in kept["promises"]] == ["retention"] and "The oldest event of T is 31 days old" in kept["detail"]
    offline("refine", "--full")
    assert [one["property"] for one in silver(offline)["promises"]] == ["retention"]
    write(offline, contract([text()], slaProperties=[], **team))
    offline("refine")
    assert "promises" not in silver(offline) and offline.value("SELECT count(*) FROM silver_event_times") == 0
    write(offline, contract([text()], slaProperties=PROMISES[:1], **team))  # what Silver has already counts
    offline("refine")
    assert "promises" not in silver(offline) and offline.value("SELECT count(*) FROM silver_event_times") == 1


def test_an_event_may_wait_as_long_as_its_contract_says(offline: Smelt) -> None:
    write(offline, contract([text()], slaProperties=[{"property": "latency", "value": 1, "unit": "s"}]))
    send(offline, {"v": "a"})
    offline("refine")
    send(offline, {"v": "a"})
    eventually("the second event has waited too long", lambda: silver(offline)["state"] == "degraded")
    waiting = silver(offline)
    assert "1 event waits, longer than the latency in the contract of T allows." in waiting["detail"]


def test_the_owner_is_in_the_api_and_in_the_metrics(offline: Smelt) -> None:
    write(offline, contract([text(invalid(mustBe=0))], team={"name": "Rides"}, slaProperties=[{"property": "freshness", "value": 2, "unit": "days"}]))
    send(offline, {"v": "a"}, {"v": "x"})
    offline("refine")
    offline("publish")
    api = serving(offline.start("serve", *FREE_PORT))
    (row,) = api.get("/api/v1/overview")["quarantine"]
    assert row["owners"] == ["Rides"]
    lines = api.ask("/metrics")[2].decode().splitlines()
    labels = '{event_type="T",owner="Rides"}'
    assert f"smelt_contract_quarantined_events{labels} 1" in lines and f"smelt_contract_freshness_seconds{labels} 172800" in lines
    assert any(line.startswith(f"smelt_contract_newest_event_timestamp_seconds{labels} 1795168800") for line in lines)
    assert not any(line.startswith("smelt_contract_latency_seconds") for line in lines)
