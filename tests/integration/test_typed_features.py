"""Rows whose features are dates, times, texts and flags, and whose ids are numbers: electricity meters and the districts they are in."""

from __future__ import annotations

import csv
import io
import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Callable

import pytest
from harness import FREE_PORT, Api, Json, Smelt, serving
from meters import METERS, OFFLINE, fill, reading


@pytest.fixture
def api(new_smelt: Callable[..., Smelt]) -> Api:
    smelt = new_smelt(**OFFLINE)
    fill(smelt)
    return serving(smelt.start("serve", *FREE_PORT))


def all_pages(api: Api, path: str) -> list[Json]:
    items: list[Json] = []
    page = api.get(path)
    while True:
        items += page["items"]
        assert page["total"] == api.get(path)["total"]
        if page["next_cursor"] is None:
            return items
        page = api.get(f"{path}&cursor={page['next_cursor']}")


def lines(api: Api, path: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(urllib.request.Request(api.url + path, headers={"Accept": "text/csv"}), timeout=30) as answer:
        return list(csv.DictReader(io.StringIO(answer.read().decode())))


def post(api: Api, path: str, content: Json) -> Json:
    request = urllib.request.Request(api.url + path, method="POST", data=json.dumps(content).encode(), headers={"Content-Type": "application/json", "Smelt-Request": "yes"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: Json = json.load(answer)
        return found


def test_an_id_that_is_a_number_is_written_in_one_way(api: Api) -> None:
    assert api.get("/api/v1/districts/-4")["features"]["readings"] == 3
    for other in ("1.5", "1.0", "01", "%2B1", "0x1", "1e0", "%201", "1%0A", "3_0", "0b1"):
        api.get(f"/api/v1/districts/{other}", 404)
        api.get(f"/api/v1/district?id={other}", 400 if "%0A" in other else 404)
        api.get(f"/api/v1/districts/{other}/notes", 404)
        assert api.get(f"/api/v1/districts/{other}/events")["items"] == []
        assert api.get(f"/api/v1/districts/{other}/days?feature=kwh")["items"] == []
        assert api.get(f"/api/v1/districts/{other}/related?entity=meter")["total"] == 0
    found = post(api, "/api/v1/districts/lookup", {"ids": ["1.5", "01", "+1", "30", "-4", "x"]})
    assert [row["district"] for row in found["items"]] == ["30", "-4"] and found["missing"] == ["1.5", "01", "+1", "x"]


def test_a_mean_has_the_decimals_of_its_column(new_smelt: Callable[..., Smelt]) -> None:
    """Without `round` it had two, so that a mean of 0.002727 was 0.0; what is written counts."""
    pipeline = new_smelt().folder / "pipeline"
    shutil.copytree(OFFLINE["pipeline_dir"], pipeline)
    features = pipeline / "features.yaml"
    contract = pipeline / "contracts/meters.odcs.yaml"
    contract.write_text(contract.read_text().replace('"DECIMAL(12,6)"', '"DECIMAL(12,6)", logicalTypeOptions: {minimum: -1, maximum: 1}'))
    means = "".join(f"      - {{name: {name}, aggregate: avg, column: loss{more}}}\n" for name, more in (("mean_loss", ""), ("short", ", round: 2"), ("long", ", round: 9")))
    features.write_text(features.read_text().replace("      - {name: kwh, aggregate: sum, column: kwh}\n", "      - {name: kwh, aggregate: sum, column: kwh}\n" + means))
    smelt = new_smelt(**{**OFFLINE, "pipeline_dir": str(pipeline)})
    fill(smelt)
    found = dict((district, rest) for district, *rest in smelt.rows("SELECT district, mean_loss, short, long FROM gold_district_features"))
    assert found == {-4: [0.004, 0.0, 0.004], 1: [-0.005, -0.01, -0.005], 2: [0.006, 0.01, 0.006], 30: [-0.005, -0.01, -0.005]}, found


def test_a_flag_has_two_values_and_a_text_any(new_smelt: Callable[..., Smelt]) -> None:
    """What cannot be is refused: an empty list would say that there are none. A semicolon ends a condition, but not one of a value."""
    smelt = new_smelt(**OFFLINE)
    tariffs = ["day;night", "a\\", "a\\;b", "a\\\\b", ";", "day"]
    rows = [reading(n) | {"tariff": tariff, "open": n % 2 == 0} for n, tariff in enumerate(tariffs)]
    (smelt.folder / "readings.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for step in (("ingest", "--from", "readings.jsonl"), ("refine",), ("publish",)):
        smelt(*step)
    api = serving(smelt.start("serve", *FREE_PORT))
    for n, tariff in enumerate(tariffs):
        escaped = tariff.replace("\\", "\\\\").replace(";", "\\;")
        where = urllib.parse.quote(f"open={'true' if n % 2 == 0 else 'false'};tariff={escaped};kwh>=-100")
        assert [row["number"] for row in api.get(f"/api/v1/meters?where={where}")["items"]] == [METERS[n]], tariff
    for value in ("True", "1", "yes", "", "t", "false "):
        api.get(f"/api/v1/meters?where=open={urllib.parse.quote(value)}", 400)
    api.get("/api/v1/meters?where=open%3E=true", 400)


def test_an_id_is_no_measure(api: Api) -> None:
    assert set(api.get("/api/v1/districts/30")["typical"]) == {"readings", "kwh"}


@pytest.mark.parametrize("column", ["seen", "built", "open", "tariff", "kwh"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_list_is_sorted_by_columns_of_any_type(api: Api, column: str, sign: str) -> None:
    rows = all_pages(api, f"/api/v1/meters?limit=2&sort={sign}{column}&fields={column}")
    assert sorted(row["number"] for row in rows) == sorted(METERS)
    values = [row[column] for row in rows]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=sign == "-") and values[len(known) :] == [None] * (len(values) - len(known))
    for one in set(known):  # by the id where they are the same
        same = [row["number"] for row in rows if row[column] == one]
        assert same == sorted(same)


def test_a_list_is_sorted_by_id_from_either_end(api: Api) -> None:
    up = [row["number"] for row in all_pages(api, "/api/v1/meters?limit=3&sort=id")]
    assert up == sorted(METERS) and [row["number"] for row in all_pages(api, "/api/v1/meters?limit=3&sort=-id")] == up[::-1]
    assert [row["number"] for row in all_pages(api, "/api/v1/meters?limit=3&sort=-number&fields=number,kwh&where=open=true")] == sorted((m for n, m in enumerate(METERS) if n % 2 == 0), reverse=True)
    assert "'nothing'" in api.get("/api/v1/meters?sort=nothing", 400)["detail"]


def test_conditions_on_times_take_them_as_they_are_shown(api: Api) -> None:
    def found(condition: str) -> list[str]:
        return sorted(row["number"] for row in api.get(f"/api/v1/meters?where={urllib.parse.quote(condition)}")["items"])

    shown = {row["number"]: (row["seen"], row["built"]) for row in api.get("/api/v1/meters?fields=seen,built")["items"] if row["seen"]}
    for seen, built in set(shown.values()):
        assert found(f"seen={seen}") == sorted(m for m, (at, _) in shown.items() if at == seen)
        for operator, holds in {">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "=": lambda a, b: a == b}.items():
            assert found(f"seen{operator}{seen}") == sorted(m for m, (at, _) in shown.items() if holds(at, seen))
            assert found(f"built{operator}{built}") == sorted(m for m, (_, day) in shown.items() if holds(day, built))
    assert found("seen<2024-02-29") == sorted(m for m, (at, _) in shown.items() if at < "2024-02-29")
    assert found("seen>=2024-02-29T02:00:00+01:00;tariff=night") == sorted(m for m, (at, _) in shown.items() if at >= "2024-02-29T01" and reading(METERS.index(m))["tariff"] == "night")
    for wrong in ("seen>yesterday", "seen=", "built>2024-02-30", "tariff>a"):
        assert wrong in api.get(f"/api/v1/meters?where={urllib.parse.quote(wrong)}", 400)["detail"]


def test_conditions_on_whole_numbers_are_exact(api: Api) -> None:
    """Also where doubles are not."""
    for n in range(len(METERS)):
        totals = {op: api.get(f"/api/v1/meters?where={urllib.parse.quote(f'serial{op}{2**53 + n}')}")["total"] for op in ("=", "<", "<=", ">", ">=")}
        assert totals == {"=": 1, "<": n, "<=": n + 1, ">": len(METERS) - n - 1, ">=": len(METERS) - n}
    assert api.get("/api/v1/meters?where=readings%3E0.5;readings%3C1e3")["total"] == len(METERS)
    for wrong in ("serial=5-3", "serial=", "serial>x", "serial= 5"):
        api.get(f"/api/v1/meters?where={urllib.parse.quote(wrong)}", 400)


def test_numbers_in_csv_are_as_in_json(api: Api) -> None:
    """A text that begins like a formula is marked as a text, unless it is a number: an id of another table would not be found by it any more."""
    assert [row["number"] for row in lines(api, "/api/v1/meters?sort=id")] == ["'=1+1" if m == "=1+1" else m for m in sorted(METERS)]
    assert {row["district"] for row in lines(api, "/api/v1/districts")} == {"-4", "1", "2", "30"}


LARGEST = "1234567890123456.78"


def payers(smelt: Smelt, sent: dict[str, str]) -> Api:
    """A server of what these payers paid; LARGEST is the most and, below zero, the least that the contract allows."""
    contracts = smelt.folder / "pipeline/contracts"
    contracts.mkdir(parents=True)
    (contracts / "t.odcs.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: t\nversion: 1.0.0\nstatus: active\nschema:\n  - name: paid\n    properties:\n"
        "      - {name: who, logicalType: string, customProperties: [{property: entity, value: payer}]}\n"
        f'      - {{name: amount, logicalType: number, physicalType: "DECIMAL(18,2)", logicalTypeOptions: {{minimum: -{LARGEST}, maximum: {LARGEST}}}}}\n'
    )
    (smelt.folder / "pipeline/features.yaml").write_text(
        "version: 1\nminimum_events: 1\nfeatures:\n  - {name: most, aggregate: max, column: amount}\n"
        f"  - {{name: nearly, aggregate: count, where: {{amount: {{less_than: {LARGEST}, greater_than: 1234567890123456.76}}}}}}\n"
    )
    (smelt.folder / "in.jsonl").write_text("".join(f'{{"who":"{who}","amount":{amount}}}\n' for who, amount in sent.items()))
    smelt.env["SMELT_PIPELINE_DIR"] = str(smelt.folder / "pipeline")
    for step in (("ingest", "--from", "in.jsonl"), ("refine",), ("publish",)):
        smelt(*step)
    return serving(smelt.start("serve", *FREE_PORT))


def test_an_empty_id_is_an_id(new_smelt: Callable[..., Smelt]) -> None:
    """It is listed, and no address ends with it: it is read by the parameter."""
    api = payers(new_smelt(kafka_bootstrap="127.0.0.1:1"), {"": "2.50", "a": "1"})
    assert [row["who"] for row in api.get("/api/v1/payers")["items"]] == ["", "a"]
    for more in ("", "&as_of=1"):
        assert api.get(f"/api/v1/payer?id={more}")["features"]["most"] == 2.5
    api.get("/api/v1/payer", 400)


def test_numbers_have_all_their_digits_everywhere(new_smelt: Callable[..., Smelt]) -> None:
    """No double has those of a DECIMAL of 18 digits. Rules and conditions of features have theirs too."""
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1")
    sent = {"a": LARGEST, "b": f"-{LARGEST}", "c": "70368744177664.01", "d": "1234567890123456.77", "e": "0.10", "f": "1234567890123456.79", "g": "-1234567890123456.79"}
    api = payers(smelt, sent)
    assert smelt.rows("SELECT value, rule FROM silver_quarantine ORDER BY value") == [(sent["g"], "range"), (sent["f"], "range")]
    kept = {who: amount.replace("0.10", "0.1") for who, amount in sent.items() if who < "f"}
    assert {row["who"]: (row["most"], row["nearly"]) for row in lines(api, "/api/v1/payers")} == {who: (amount, str(int(who == "d"))) for who, amount in kept.items()}

    def body(path: str) -> str:
        with urllib.request.urlopen(api.url + path, timeout=30) as answer:
            return str(answer.read().decode())

    for who, amount in kept.items():
        for path in (f"/api/v1/payers/{who}", f"/api/v1/payers?search={who}", f"/api/v1/payers?search={who}&sort=most"):
            assert f'"most":{amount}' in body(path), path
    query = ("sql", "SELECT who, most FROM gold_payer_features ORDER BY who")
    printed = smelt.run(*query).stdout, smelt.run(*query, json_summary=False).stdout
    assert all(f'"most":{amount}' in text or f'"most": {amount}' in text for text in printed for who, amount in kept.items() if who != "e"), printed
