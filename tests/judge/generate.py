"""Contracts with every type and rule, and events that keep or break them in every way that came to mind. The same seed gives the same."""

from __future__ import annotations

import json
import random
import string
import unicodedata
from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

from judge.oracle import Broken, check_rules, read_scalar, read_text, size_of

Spec = dict[str, Any]
DAY = 86_400_000_000
NOW = 1_795_521_600_000_000  # 2026-11-24T12:00:00Z
PATTERNS = ["^[a-z]+$", "[0-9]{2}", "^(a|bc)*$", r"^\w+@\w+[.]\w{2,3}$", "^.{2,5}$", r"\s", "^S", "x$", r"^\d{4}-\d{2}$", "é|ü", "^[^,]*$", r"\S+ \S+"]
FORMATTED = ["a@b.co", "a@b", "@b.co", "a.b+c@x-y.example", "a@-b.co", "a@b..co", "a" * 64 + "@b.co", "a" * 65 + "@b.co", "x.example", "a" * 63 + ".b", "a" * 64 + ".b", ".".join(["a"] * 127), ".".join(["a"] * 128),
             "1.2.3.4", "01.2.3.4", "1.2.3", "1.2.3.256", "1.2.3.4.", "255.255.255.255", "::", "::1", "1::2::3", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8::", "::ffff:1.2.3.4", "::1.2.3.04",
             "fe80::1%eth0", "12345::", "g::", ":1::", "1:2:3:4:5:6:1.2.3.4", "https://x.org/a?b=c%20d#e", "urn:a:b", "mailto:a@b", "x:", ":x", "1x:y", "http://x y", "http://x/%2", "http://é", "550e8400-e29b-41d4-a716-446655440000",
             "550E8400-E29B-41D4-A716-446655440000", "550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-44665544000g", "2026-11-24", "2026-02-30", "10:15", "25:00", "10:15:00.5", "2026-11-24T10:15:00Z", "2026-11-24T10:15:00+15:00", "a\x00@b"]
FORMATS = ["date", "time", "date-time", "email", "hostname", "ipv4", "ipv6", "uri", "url", "uuid"]
WORDS = ["a", "bc", "abc", "S1", "SUB-7", "in", "out", "x", "user@host.com", "2026-11", "hello world", "é", "12", "007", "", " ", "ab\ncd", "😀", "naïve", "abcabcbc", "x\n"]
TYPES: list[tuple[str, list[str | None]]] = [
    ("string", [None]),
    ("integer", ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", None]),
    ("number", ["DECIMAL"]),
    ("boolean", [None]),
    ("date", [None]),
    ("timestamp", [None]),
    ("time", [None]),
    ("object", [None]),
    ("array", [None]),
]


class Chance(random.Random):
    def often(self, share: float) -> bool:
        return self.random() < share


# ---- contracts ------------------------------------------------------------------------------------------------------------------------


def number_limit(chance: Chance, decimals: int) -> Any:
    """Such that it is written as it is read: an integer, or decimals without zeros at the end."""
    if decimals == 0 or chance.often(0.5):
        return chance.choice([0, 1, -1, 5, 100, -40, 99, 1000, chance.randint(-(10**6), 10**6)])
    return float(f"{chance.randint(-99, 99)}.{chance.randint(0, 99999)}{chance.choice('123456789')}")


def number_rules(chance: Chance, decimals: int) -> Spec:
    low = number_limit(chance, decimals)
    high = low + chance.choice([0, 1, 10, 1000])
    steps = {"multipleOf": chance.choice([1, 2, 3, 7, 10, 100, 0.5, 0.05, 0.125, 0.3, 0.001, 2.5])} if chance.often(0.15) else {}
    return steps | {
        key: value
        for key, value in ((chance.choice(["minimum", "exclusiveMinimum"]), low), (chance.choice(["maximum", "exclusiveMaximum"]), high))
        if chance.often(0.5) and float(str(value)) == value and len(str(value)) < 15
    }


def time_rules(chance: Chance) -> Spec:
    limits = {"minimum": ["2000-01-01T00:00:00Z", "2026-11-24"], "exclusiveMinimum": ["2020-02-29T12:00:00+02:00"], "maximum": ["2026-11-24T12:00:00Z"], "exclusiveMaximum": ["2100-01-01"]}
    return {key: chance.choice(values) for key, values in limits.items() if chance.often(0.25)}


def timestamp_rules(chance: Chance) -> Spec:
    zones = {"timezone": [True, False], "defaultTimezone": ["UTC", "+02:00", "-0330", "+14"]}
    return time_rules(chance) | {key: chance.choice(values) for key, values in zones.items() if chance.often(0.2)}


def clock_rules(chance: Chance) -> Spec:
    limits = {"minimum": ["06:00"], "exclusiveMinimum": ["00:00:00.000001"], "maximum": ["22:15:00"], "exclusiveMaximum": ["23:59:59.999999"]}
    return {key: chance.choice(values) for key, values in limits.items() if chance.often(0.25)}


def text_rules(chance: Chance) -> Spec:
    rules: Spec = {}
    if chance.often(0.3):
        rules["minLength"] = chance.randint(0, 3)
    if chance.often(0.3):
        rules["maxLength"] = chance.randint(2, 8)
    if chance.often(0.4):
        rules["pattern"] = chance.choice(PATTERNS)
    if chance.often(0.2):
        rules["format"] = chance.choice(FORMATS)
    return rules


def count_rules(chance: Chance, of: str) -> Spec:
    rules: Spec = {f"min{of}": chance.randint(0, 2)} if chance.often(0.1) else {}
    if chance.often(0.1):
        rules[f"max{of}"] = chance.randint(1, 4)
    return rules | ({"uniqueItems": chance.often(0.8)} if of == "Items" and chance.often(0.25) else {})


def quality_rules(chance: Chance, spec: Spec, decimals: int) -> list[Spec]:
    rules: list[Spec] = []
    kind = spec["logicalType"]
    if kind in ("string", "integer", "number") and chance.often(0.3):
        values = chance.sample([w for w in WORDS if w], 4) if kind == "string" else sorted({number_limit(chance, decimals) for _ in range(5)})
        named = {"name": chance.choice(["known_value", "listed"])} if chance.often(0.5) else {}
        rules.append({"type": "library", "metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": values}} | named)
    if kind == "timestamp" and chance.often(0.4):
        rules.append({"name": "from_the_future", "type": "custom", "engine": "smelt", "implementation": {"maximumAhead": chance.choice(["12h", "1d", "30d"])}})
    if kind in ("integer", "number") and chance.often(0.2):
        rules.append({"name": "too_low", "type": "custom", "engine": "smelt", "implementation": {"minimum": number_limit(chance, decimals)}})
    return rules


def physical_type(chance: Chance, kind: str, choices: list[str | None], column: bool) -> tuple[str | None, int]:
    chosen = chance.choice(choices)
    if kind != "number":
        return chosen, 0
    if not column and chance.often(0.5):
        return None, 9
    scale = chance.choice([0, 1, 2, 3, 6, 8, 9])
    return f"DECIMAL({chance.randint(max(1, scale), 18)},{scale})", scale


def new_property(chance: Chance, name: str, kind: str, choices: list[str | None], column: str | None, level: int) -> Spec:
    spec: Spec = {"name": name, "logicalType": kind, "required": chance.often(0.5)}
    if column:
        spec["physicalName"] = column
    physical, decimals = physical_type(chance, kind, choices, column is not None)
    if physical:
        spec["physicalType"] = physical
    options = {"string": text_rules, "date": time_rules, "timestamp": timestamp_rules, "time": clock_rules, "array": lambda c: count_rules(c, "Items"), "object": lambda c: count_rules(c, "Properties")}.get(kind, lambda _: {})(chance)
    if kind in ("integer", "number"):
        options = number_rules(chance, decimals)
    if options:
        spec["logicalTypeOptions"] = options
    quality = quality_rules(chance, spec, decimals)
    if quality:
        spec["quality"] = quality
    if kind == "object" and level < 3 and chance.often(0.7):
        spec["properties"] = [new_property(chance, n, *chance.choice(TYPES), None, level + 1) for n in chance.sample(NAMES, chance.randint(1, 4))]
    if kind == "object" and chance.often(0.2):
        spec["logicalTypeOptions"] = spec.get("logicalTypeOptions", {}) | {"required": chance.sample(NAMES, 2)}
    if kind == "array" and level < 3 and chance.often(0.7):
        spec["items"] = new_property(chance, "element", *chance.choice(TYPES), None, level + 1)
    return spec


NAMES = ["lat", "lon", "sku", "qty", "a.b", "tags", "note text", "Ünïcode", "*", "object", "value", "on", "deep", "x"]


def envelope_specs(chance: Chance) -> dict[str, Spec]:
    subscriber: Spec = {"name": "subscriber_id", "logicalType": "string", "physicalName": "subscriber_id", "logicalTypeOptions": chance.choice([{}, {"minLength": 1}, {"pattern": "^S"}])}
    timestamp: Spec = {"name": "timestamp", "logicalType": "timestamp", "physicalName": "event_timestamp"}
    if chance.often(0.5):
        timestamp["quality"] = [{"name": "implausible_time", "type": "custom", "engine": "smelt", "implementation": {"minimum": "2000-01-01T00:00:00Z", "maximumAhead": "1d"}}]
    quality: Spec = {"name": "quality_score", "logicalType": "integer", "physicalName": "quality_score", "logicalTypeOptions": chance.choice([{}, {"minimum": 0, "maximum": 100}])}
    if chance.often(0.5):
        quality["quality"] = [{"name": "low_quality", "type": "custom", "engine": "smelt", "implementation": {"minimum": 45}}]
    return {spec["name"]: spec for spec in (subscriber, timestamp, quality)}


def new_contract(chance: Chance, number: int) -> Spec:
    """Of every third of them each type is a property, of the others a few are."""
    wanted = TYPES if number % 3 == 0 else [chance.choice(TYPES) for _ in range(chance.randint(1, 4))]
    names = [f"{kind} {i}" if chance.often(0.1) else f"{kind}_{i}" for i, (kind, _) in enumerate(wanted)]
    properties = [new_property(chance, name, kind, choices, f"c{number}_{i}", 1) for i, (name, (kind, choices)) in enumerate(zip(names, wanted, strict=True))]
    chance.shuffle(properties)
    return {"envelope": envelope_specs(chance), "payload": properties}


def document(event_type: str, contract: Spec) -> Spec:
    fixed: list[Spec] = [{"name": n, "logicalType": "string", "physicalName": c, "required": True} for n, c in (("id", "event_id"), ("type", "event_type"), ("source", "source_system"))]
    envelope = [*fixed, *(spec | {"required": True} for spec in contract["envelope"].values())]
    payload = {"name": "payload", "logicalType": "object", "physicalName": "raw_payload", "required": True, "properties": contract["payload"]}
    schema = {"name": event_type, "properties": [*envelope, payload]}
    return {"apiVersion": "v3.1.0", "kind": "DataContract", "id": event_type, "version": "1.0.0", "status": "active", "schema": [schema]}


def write_pipeline(folder: Path, contracts: dict[str, Spec]) -> None:
    """JSON is YAML."""
    (folder / "contracts").mkdir(parents=True)
    for event_type, contract in contracts.items():
        (folder / "contracts" / f"{event_type.lower()}.odcs.yaml").write_text(json.dumps(document(event_type, contract), ensure_ascii=False))
    (folder / "features.yaml").write_text("version: 1\nminimum_events: 1\nfeatures:\n  - {name: events, aggregate: count}\n")


# ---- values ---------------------------------------------------------------------------------------------------------------------------

ODD_NUMBERS = """0 -0 0.0 -0.0 1 -1 1.0 1e2 1E+2 1e-2 100e-2 0e999999999 1.10 1.100000000000000000000000000000 0.1 0.10000000000000000555 1e400 -1e400 1e-400
    70368744177664.01 1234567890123456.78 100000000000000.129 1.00000000000000000001 9007199254740993 9007199254740993.01 9999999.999999999999 123456789.123456789
    9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551616 2147483647 2147483648 -2147483648 -2147483649 127 128
    -128 -129 32767 32768 99999999999999999999 999999999999999999 1000000000000000000 999999999999999999e0 0.000000001 0.0000000001 1e18 1e17 12.5 99.99 99.995
    0.00000001 5e-1 1e0 10e-1 120e-1 1.5e1 -0e-5 123456789012345678.9 1e19 -1e19 100000000000000000000e-2""".split()
ODD_TEXTS = ["12", "007", "+1", " 1", "1 ", "-0", "1e2", "12.30", "12.", ".5", "١", "1_000", "0x10", "NaN", "Infinity", "", "true", "null", "99999999999", "-12.345", "0.10", "1.10000000000000000001", "--1", "-"]
ODD_TIMES = """2026-11-24 2026-11-24T12:00:00Z 2026-11-24t12:00:00z 2026-11-24_12:00:00 2026-11-24T12:00 2026-11-24T12:00Z 2026-11-24T12 2026-11-24T12:00:00.5Z
    2026-11-24T12:00:00.123456789Z 2026-11-24T12:00:00.1234567890Z 2026-11-24T12:00:00.Z 2026-11-24T12:00:00+99:99 2026-11-24T12:00:00+14:00 2026-11-24T12:00:00-14:00
    2026-11-24T12:00:00+14:01 2026-11-24T12:00:00+02 2026-11-24T12:00:00+0200 2026-11-24T12:00:00+2 2026-11-24T12:00:00-05:60 2026-11-24T24:00:00Z 2026-11-24T23:59:60Z
    2026-02-29 2024-02-29 2100-02-29T00:00:00Z 2026-13-01 2026-00-10 2026-11-31 10000-01-01T00:00:00Z 0000-01-01 0001-01-01 0001-01-01T00:00:00+01:00 9999-12-31
    9999-12-31T23:59:59.999999999Z 9999-12-31T23:59:59-01:00 20261124 2026-2-3 24.11.2026 infinity now epoch 1970-01-01 1969-12-31T23:59:59.999999Z 2027-11-24
    1795521600 2026-11-24T12:00:00_UTC 2026-11-24T12:00:00Europe/Berlin 2026-11-24T12:00:00,5Z 2026-W48-2 5000-01-01T00:00:00Z 2000-01-01T00:00:00Z 2026-11-25T11:59:59Z""".split()


def quote(chance: Chance, text: str) -> str:
    """One of the ways to write a text in JSON."""
    if chance.often(0.8):
        return json.dumps(text, ensure_ascii=False)
    return json.dumps(text) if chance.often(0.5) else '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in text) + '"'


def odd_of_its_kind(chance: Chance, kind: str) -> str:
    if kind in ("date", "timestamp", "time"):
        odd = chance.choice(ODD_TIMES).replace("_", " ")
        return quote(chance, odd[11:] if kind == "time" else odd)
    if kind in ("integer", "number"):
        return chance.choice(ODD_NUMBERS) if chance.often(0.7) else quote(chance, chance.choice(ODD_TEXTS))
    return odd_value(chance)


def odd_value(chance: Chance) -> str:
    return chance.choice(
        [
            lambda: chance.choice(["null", "true", "false", "{}", "[]", '""', '"text"']),
            lambda: chance.choice(ODD_NUMBERS),
            lambda: quote(chance, chance.choice(ODD_TEXTS)),
            lambda: quote(chance, chance.choice(ODD_TIMES).replace("_", " ")),
            lambda: chance.choice(['{"a":1}', '{"k": [1, {"b": 1e3}], "x":12345678901234567.89 }', "[1,2]", "[ null ]", '{"a":1,"a":2}', '[{"x":{"y":0,"y":[1]}}]', '{"b":{"a":1},"\\u0062":2}']),
            lambda: quote(chance, "é" * chance.choice([3, 199, 200, 201, 300])),
        ]
    )()


def limits_of(spec: Spec) -> list[Any]:
    listed = [rule.get("arguments", {}).get("validValues", []) for rule in spec.get("quality", [])]
    named = [list(rule.get("implementation", {}).values()) for rule in spec.get("quality", [])]
    return [*spec.get("logicalTypeOptions", {}).values(), *(value for values in listed + named for value in values)]


def around(spec: Spec, limit: Any) -> list[Decimal]:
    """What the column has just below the limit, at it, and just above."""
    size = size_of(spec)
    unit = Decimal(1).scaleb(-(size[3] if size else 9))
    low, high = (Decimal(str(limit)).quantize(unit, rounding) for rounding in (ROUND_FLOOR, ROUND_CEILING))
    return [low - unit, low, high, high + unit]


def some_number(chance: Chance, spec: Spec) -> str:
    """Mostly near its limits."""
    limits = limits_of(spec)
    text = f"{chance.choice(around(spec, chance.choice(limits))):f}" if limits and chance.often(0.7) else str(chance.randint(-20, 120))
    if chance.often(0.15):
        text += chance.choice(["e0", "E+0", "e1", "e-1", "e-0"])
    elif chance.often(0.3):
        text += chance.choice(["0", "00", "1", "5", "00000000000000000001"]) if "." in text else "." + chance.choice(["0", "5", "25", "10", "00000000000000000001"])
    return quote(chance, text) if chance.often(0.1) else text


def some_time(chance: Chance, date: bool) -> str:
    day = f"{chance.choice([2026, 2026, 2026, 1999, 2020, 2099, 2100])}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    if date:
        return day
    return day + chance.choice("Tt ") + some_clock(chance) + chance.choice(["", "Z", "z", f"{chance.choice('+-')}{chance.randint(0, 14):02d}{chance.choice([':', ''])}00", "+05:30"])


def some_clock(chance: Chance) -> str:
    clock = f"{chance.randint(0, 23):02d}:{chance.randint(0, 59):02d}" + chance.choice(["", f":{chance.randint(0, 59):02d}"])
    if clock.count(":") == 2 and chance.often(0.5):
        clock += "." + "".join(chance.choice("0123456789") for _ in range(chance.randint(1, 9)))
    return clock


def some_scalar(chance: Chance, spec: Spec) -> str:
    kind = spec["logicalType"]
    if kind == "string":
        allowed = [v for rule in spec.get("quality", []) for v in rule.get("arguments", {}).get("validValues", [])]
        if "format" in spec.get("logicalTypeOptions", {}) and chance.often(0.7):
            return quote(chance, chance.choice(FORMATTED))
        return quote(chance, chance.choice(allowed or WORDS) if chance.often(0.7) else chance.choice(WORDS))
    if kind in ("integer", "number"):
        return some_number(chance, spec)
    if kind == "time":
        return quote(chance, some_clock(chance))
    return chance.choice(["true", "false"]) if kind == "boolean" else quote(chance, some_time(chance, kind == "date"))


def keeps(spec: Spec, text: str) -> bool:
    if text == "null":
        return not spec.get("required")
    try:
        check_rules(spec, read_scalar(spec, read_text(text)), NOW)
    except Broken:
        return False
    return True


class Writer:
    """Writes JSON for properties: with `good`, such that it keeps the rules, as far as a few tries show one."""

    def __init__(self, seed: float, blank: Callable[[], str], good: bool) -> None:
        self.chance, self.blank, self.good = Chance(seed), blank, good

    def value(self, spec: Spec) -> str:
        kind, chance = spec["logicalType"], self.chance
        if not self.good and chance.often(0.25):
            return odd_value(chance) if chance.often(0.4) else odd_of_its_kind(chance, kind)
        if kind == "object":
            return self.object(spec.get("properties", []))
        if kind == "array":
            return self.array(spec.get("items") or {"logicalType": chance.choice(["string", "integer", "object"])})
        text = some_scalar(chance, spec)
        for _ in range(8 if self.good else 0):
            if keeps(spec, text):
                break
            text = some_scalar(chance, spec) if chance.often(0.7) else odd_of_its_kind(chance, kind)
        return text

    def array(self, items: Spec) -> str:
        return f"[{self.blank()}{self.joined([self.value(items) for _ in range(self.chance.randint(0, 4))])}{self.blank()}]"

    def joined(self, parts: list[str]) -> str:
        return "".join(part if i == 0 else f"{self.blank()},{self.blank()}{part}" for i, part in enumerate(parts))

    def members(self, properties: list[Spec]) -> list[tuple[str, str]]:
        chance = self.chance
        wanted = [spec for spec in properties if (self.good and spec.get("required")) or not chance.often(0.06)]
        members = [(json.dumps(spec["name"], ensure_ascii=False), self.value(spec)) for spec in wanted]
        if chance.often(0.1):
            chance.shuffle(members)
        if chance.often(0.03):
            members.append((quote(chance, chance.choice(["new", "n" * 250, "", "a.b.c", "Ä"])), odd_value(chance)))
        if not self.good and chance.often(0.02) and members:
            members.insert(chance.randint(0, len(members)), (chance.choice(members)[0], odd_value(chance)))
        if not self.good and chance.often(0.02):
            members += [(json.dumps(chance.choice(string.ascii_letters)), odd_value(chance)) for _ in range(chance.randint(2, 30))]
        return members

    def object(self, properties: list[Spec], sibling: bool = False) -> str:
        return self.written(self.members(properties), sibling)

    def written(self, members: list[tuple[str, str]], sibling: bool) -> str:
        members = members + ([('"zz"', "1")] if sibling else [])
        return "{" + self.blank() + self.joined([f"{key}{self.blank()}:{self.blank()}{value}" for key, value in members]) + self.blank() + "}"


def spell(seed: float, blanks: Chance, write: Callable[[Writer, bool], str], good: bool) -> Iterator[str]:
    """The same payload compact, with blanks, and with a sibling that the contract does not know."""
    yield write(Writer(seed, lambda: "", good), False)
    spaced = write(Writer(seed, lambda: blanks.choice(["", " ", "  ", "\n", "\t", " \r\n "]), good), False)
    yield blanks.choice(["", " ", "\n"]) + spaced + blanks.choice(["", " "])
    yield write(Writer(seed, lambda: "", good), True)


def spellings(seed: float, properties: list[Spec]) -> Iterator[str]:
    return spell(seed, Chance(seed), lambda writer, sibling: writer.object(properties, sibling), Chance(seed).often(0.6))


# ---- events ---------------------------------------------------------------------------------------------------------------------------

IDS = ["1", "SUB-1", "sub-é1", "", "x" * 256, "x" * 257, "é" * 256, "é" * 257, "a\u0007b", "a\u001b[2J", "\u0000", "a\u007f", "a\u0085", "\u0080", "\u009f", "\u00a0", "x\u2028", "\u202eabc", "a\u200fb", "\u2066x", "a\u200db", "e\u0301",
       "é", "가", "{\"k\":1}", "[]", "[1", "true", "1E3", "{}", "12345", "S" + "\U0001f600", "\u061c", "\ufeff"]  # fmt: skip
TIMES = [NOW, NOW - 3600_000_000, NOW + DAY, NOW + DAY + 1, NOW + 366 * DAY, NOW + 366 * DAY + 1, NOW + 2 * 366 * DAY, 0, -1, 946684800000000, 946684799999999, 946684799500000, -62135596800000000, 253402300799999999]  # fmt: skip
EXTRAS = [
    '{"schema_version":2}',
    '{"trace":{"span":"0af"}, "region" : "Copperbelt" }',
    '{"x":null,"x":2}',
    '{"subscriber_id":{"k":1}}',
    '{"subscriber_id":true,"quality_score":87.5}',
    '{"subscriber_id":1e3}',
    '{"quality_score":90.0}',
    '{"quality_score":9e1,"z":1}',
    '{"quality_score":"high"}',
    '{"quality_score":"90"}',
    '{"quality_score":null}',
    '{"quality_score":[90]}',
    '{"quality_score":-0}',
    '{"quality_score":1e99}',
]


def envelope_of(chance: Chance) -> dict[str, Any]:
    line: dict[str, Any] = {"id": "1", "source": "s", "subscriber": "SUB-1", "time_us": NOW, "quality": 90, "message_us": NOW, "ingested_us": NOW + 1000}
    changes: list[Callable[[], dict[str, Any]]] = [
        lambda: {"id": chance.choice([*IDS, None])},
        lambda: {"source": chance.choice([*IDS, None])},
        lambda: {"subscriber": chance.choice([*IDS, None])},
        lambda: {"time_us": chance.choice([*TIMES, None])},
        lambda: {"time_us": chance.choice(TIMES), "message_us": chance.choice(TIMES), "ingested_us": chance.choice(TIMES)},
        lambda: {"quality": chance.choice([None, 0, 100, 101, -1, 44, 45, 2**31 - 1, -(2**31)])},
        lambda: {"extra": chance.choice(EXTRAS), "subscriber": chance.choice([None, "S"]), "quality": chance.choice([None, 50])},
        lambda: {"type": chance.choice(["CDR", "t1", "", None])},
    ]
    if chance.often(0.25):
        line |= chance.choice(changes)()
    return line


def events(chance: Chance, contracts: dict[str, Spec], count: int) -> Iterator[dict[str, Any]]:
    """`count` payloads, each in three spellings. What is not text in UTF-8 never comes this far."""
    names = list(contracts)
    for _ in range(count):
        name = chance.choice(names)
        line = {"type": name} | envelope_of(chance)
        line["not_nfc"] = line.get("subscriber") is not None and unicodedata.normalize("NFC", line["subscriber"]) != line["subscriber"]
        for payload in spellings(chance.random(), contracts[name]["payload"]):
            yield {**line, "payload": payload}


# ---- each value of each type ----------------------------------------------------------------------------------------------------------


MISSING: list[tuple[str, list[Any]]] = [
    ("integer", [0, "-1", 7]), ("number", [0, 1.5]), ("string", ["", "true", "2026-11-24"]), ("boolean", [False]), ("date", ["2026-11-24", "1970-01-01"]),
    ("timestamp", ["2026-11-24T10:15:00Z", "1970-01-01T00:00:00Z"]), ("time", ["10:15:00", "00:00:00"]), ("object", [{}]), ("array", [[]]),
]  # fmt: skip


def missing(values: list[Any]) -> Spec:
    return {"type": "library", "metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": values}}


def lone_properties() -> list[Spec]:
    """Each type alone, as required and as optional, some with limits between two values of the column."""
    kinds: list[Spec] = [{"logicalType": "integer", "physicalType": physical} for physical in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")]
    kinds += [{"logicalType": "number", "physicalType": physical} for physical in ("DECIMAL(18,2)", "DECIMAL(18,8)", "DECIMAL(18,0)", "DECIMAL(4,1)", "DECIMAL(9,9)")]
    kinds += [{"logicalType": kind} for kind in ("string", "boolean", "date", "timestamp", "time", "object", "array")]
    kinds += [
        {"logicalType": "number", "physicalType": "DECIMAL(9,2)", "logicalTypeOptions": {"minimum": 0.005, "exclusiveMaximum": 0.995}},
        {"logicalType": "number", "physicalType": "DECIMAL(9,1)", "logicalTypeOptions": {"exclusiveMinimum": -0.25, "maximum": 99.95}},
        {"logicalType": "number", "physicalType": "DECIMAL(9,1)", "logicalTypeOptions": {"exclusiveMinimum": -2.5, "exclusiveMaximum": 2}},
        {"logicalType": "number", "physicalType": "DECIMAL(6,2)", "quality": [{"type": "library", "metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": [1.5, 2, 0.125]}}]},
        {"logicalType": "integer", "physicalType": "INTEGER", "logicalTypeOptions": {"minimum": -1.5, "exclusiveMaximum": 100}},
        {"logicalType": "string", "logicalTypeOptions": {"minLength": 2, "maxLength": 200, "pattern": "^[^\\d]"}},
        {"logicalType": "array", "items": {"logicalType": "number", "required": True}},
        *({"logicalType": "string", "logicalTypeOptions": {"format": name}} for name in FORMATS),
        {"logicalType": "integer", "physicalType": "BIGINT", "logicalTypeOptions": {"multipleOf": 4}},
        {"logicalType": "number", "physicalType": "DECIMAL(18,2)", "logicalTypeOptions": {"multipleOf": 0.05}},
        {"logicalType": "number", "physicalType": "DECIMAL(18,1)", "logicalTypeOptions": {"multipleOf": 0.125}},
        {"logicalType": "array", "items": {"logicalType": "number", "logicalTypeOptions": {"multipleOf": 0.5}}},
        {"logicalType": "array", "logicalTypeOptions": {"uniqueItems": True, "minItems": 1, "maxItems": 2}},
        {"logicalType": "object", "logicalTypeOptions": {"minProperties": 1, "maxProperties": 2}},
        {"logicalType": "object", "properties": [{"name": "a", "logicalType": "integer"}, {"name": "b", "logicalType": "object"}]},
        *({"logicalType": "timestamp", "logicalTypeOptions": options} for options in ({"timezone": True}, {"timezone": False, "defaultTimezone": "-03:30"}, {"defaultTimezone": "+14:00"})),
        {"logicalType": "object", "logicalTypeOptions": {"required": ["a", "b"]}, "properties": [{"name": "a", "logicalType": "integer"}]},
        {"logicalType": "timestamp", "logicalTypeOptions": {"minimum": "2000-01-01", "exclusiveMaximum": "2026-11-24T12:00:00.5Z"}},
        {"logicalType": "time", "logicalTypeOptions": {"minimum": "06:00", "exclusiveMaximum": "22:15:00.5"}},
        {"logicalType": "date", "logicalTypeOptions": {"exclusiveMinimum": "2026-11-24T23:59:59Z"}},
    ]
    widths = {"integer": {"physicalType": "INTEGER"}, "number": {"physicalType": "DECIMAL(9,2)"}}
    kinds += [{"logicalType": kind, "quality": [missing(values)]} | widths.get(kind, {}) for kind, values in MISSING]
    return [kind | {"name": "v", "required": required} for kind in kinds for required in (True, False)]


def all_values(spec: Spec) -> list[str]:
    formatted = FORMATTED if "format" in spec.get("logicalTypeOptions", {}) else FORMATTED[::8]
    texts = [*ODD_TEXTS, *formatted, *(time.replace("_", " ") for time in ODD_TIMES), *WORDS, "é" * 199, "é" * 200, "é" * 201, "\\", '"', "a\\", "\u0000"]
    others = ["null", "true", "false", "{}", "[]", "[1,2]", "[null]", '{"a":1,"b":{"a":1}}', '{"a":"7","c":0}', '{"a":1,"a":2}', '[{"x":1,"y":0,"y":[1]}]', "[1.5,null,true]", "[1,1.0]", "[1,10e-1]", "[0,-0.0]", '["a","\\u0061"]', '["1",1]', "[null,null]", "[true,false]", "[[1,2],[2,1]]", "[[],[]]", '[{"a":1,"b":[2]},{"b":[2.0],"a":1e0}]', '[{"a":1,"b":2},{"a":1}]', "[1e400,1e401]", "[0.1,0.10000000000000000000001]", '{"a":1.5,"b":[]}', '{"b":{"c":1,"d":2,"c":3}}']
    near = [f"{value:f}" for limit in limits_of(spec) if spec["logicalType"] in ("integer", "number") for value in around(spec, limit)]
    plain = [json.dumps(text, ensure_ascii=False) for text in texts]
    return [*ODD_NUMBERS, *near, *(json.dumps(number) for number in ODD_NUMBERS[::3]), *plain, *(json.dumps(text) for text in texts[::5]), *others]


def all_events(chance: Chance, contracts: dict[str, Spec]) -> Iterator[dict[str, Any]]:
    for event_type, contract in contracts.items():
        for value in all_values(contract["payload"][0]):
            write: Callable[[Writer, bool], str] = lambda w, sibling, v=value: w.written([('"v"', v)], sibling)  # type: ignore[misc]
            for payload in spell(0, chance, write, True):
                yield {"type": event_type, "id": "1", "source": "s", "subscriber": "S", "time_us": NOW, "quality": 90, "message_us": NOW, "ingested_us": NOW, "payload": payload}


def lone_contracts() -> dict[str, Spec]:
    envelope = {name: spec | {"logicalTypeOptions": {}, "quality": []} for name, spec in envelope_specs(Chance(0)).items()}
    return {f"L{i}": {"envelope": envelope, "payload": [spec | {"physicalName": f"v{i}"}]} for i, spec in enumerate(lone_properties())}
