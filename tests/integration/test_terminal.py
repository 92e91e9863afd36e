"""Anybody who can send to the topic writes texts that an operator reads later: no command lets a terminal interpret them."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from harness import Smelt, billing, encode

NASTY = "\x1b[2J\x07\r\x7f\x9b31m\u202eLIVE\u2066\u2028x\n0 events in quarantine"
INTERPRETED = [chr(c) for c in (*range(0x00, 0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))]


@pytest.fixture
def attacked(offline: Smelt) -> Smelt:
    """Every text of the events is nasty."""
    file = offline.folder / "events.jsonl"
    nasty = [billing(n, payload={"plan": 5, NASTY: NASTY, "payment_status": NASTY}, source=NASTY, subscriber_id=NASTY) for n in range(5)]
    unknown = [billing(n, type=NASTY) for n in range(5, 10)]
    ids = [billing(n, subscriber_id=f"SUB{n % 3}" + NASTY) for n in range(10, 40)]
    file.write_bytes(b"\n".join(encode(one) for one in nasty + unknown + ids) + b'\n{"id":"\x1b[2J'.ljust(20, b"\x9b"))
    offline("ingest", "--from", file)
    offline("refine")
    offline("publish")
    return offline


COMMANDS = (
    ("quarantine", "list"),
    ("quarantine", "show"),
    ("audit",),
    ("status",),
    ("sql", "SELECT * FROM gold_subscriber_features"),
    ("sql", "SELECT * FROM serving_quarantine"),
    ("sql", "SELECT * FROM silver_drift"),
    ("sql", f"SELECT error('{NASTY}')"),
    ("sql", f"SELECT '{NASTY}'::INTEGER"),
    ("refine",),
)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_that_a_terminal_interprets_is_printed(attacked: Smelt, log_format: str) -> None:
    for command in COMMANDS:
        for json_summary in (False, True):
            result = attacked.run(*command, json_summary=json_summary, SMELT_LOG_FORMAT=log_format)
            for name, text in (("stdout", result.stdout), ("stderr", result.stderr)):
                found = sorted({hex(ord(c)) for c in text if c in INTERPRETED and not (c == "\t")})
                assert not found, (command, name, found, text)


def test_a_value_does_not_look_like_a_line_of_ours(attacked: Smelt) -> None:
    lines = attacked.run("quarantine", "list", json_summary=False).stdout.splitlines()
    assert [line for line in lines if line.endswith("events in quarantine")] == ["41 events in quarantine"]  # 40, and what is no event


def test_escaped_json_has_the_same_values(attacked: Smelt) -> None:
    lines = attacked.run("quarantine", "show", "--field", "subscriber_id", json_summary=False).stdout.splitlines()
    shown = [json.loads(line)["value"] for line in lines]
    assert shown and all("\x1b[2J" in value and "\x9b" in value and "\u202e" in value for value in shown), shown


@pytest.mark.parametrize("value", ['a "b" \\ c', "x: y # z", "tab\there", "\x1b[2J\u202e", "é🙂", "{a: [b]}", "%s%n", "- !tag &a *b"])
def test_init_writes_settings_that_it_reads_again(offline: Smelt, value: str) -> None:
    offline("init", "--set", f"kafka.client_id={value}", "--set", f"backup.dir={value}")
    text = (offline.folder / "smelt.yaml").read_text()
    assert yaml.safe_load(text)["backup.dir"] == value
    found = offline("config")
    assert found["backup.dir"]["value"] == value


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("SELECT 'nan'::DOUBLE AS x", {"x": None}),
        ("SELECT ['-inf'::DOUBLE, 'inf'::FLOAT, 1.5] AS x", {"x": [None, None, 1.5]}),
        ("SELECT 'NaN, \"Infinity\"' AS x", {"x": 'NaN, "Infinity"'}),
        ("SELECT 170141183460469231731687303715884105727 AS x", {"x": 170141183460469231731687303715884105727}),
        ("SELECT -9223372036854775808 AS x", {"x": -9223372036854775808}),
        ("SELECT 9223372036854775807 AS x", {"x": 9223372036854775807}),
        ("SELECT 1e300::DOUBLE AS x", {"x": 1e300}),
        ("SELECT 18446744073709551615::UBIGINT AS x", {"x": 18446744073709551615}),
        ("SELECT chr(0) || 'a' AS x", {"x": "\0a"}),
    ],
)
def test_every_row_of_sql_is_json(attacked: Smelt, query: str, row: dict) -> None:
    printed = subprocess.run([attacked.binary, "sql", query], env=attacked.env, cwd=attacked.folder, capture_output=True, text=True, timeout=60)
    assert json.loads(printed.stdout, parse_constant=pytest.fail) == row
    (found,) = attacked("sql", query)["rows"]
    large = isinstance(row["x"], int) and not -(2**63) <= row["x"] < 2**63
    assert found == ({"x": str(row["x"])} if large else row)
