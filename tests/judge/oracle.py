"""Judges events as src/judge/judge.h says they are judged, by the means of Python alone: json, decimal, datetime, re, unicodedata.

It shares nothing with the judge in C but the contracts, which are plain dicts here, as in their YAML.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

Spec = dict[str, Any]  # a property of a contract
FINDINGS = 1000
LEVELS, KEYS, VALUES, BYTES, ID_CHARACTERS = 100, 10_000, 1_000_000, 16 << 20, 256
YEAR_AHEAD = 366 * 86_400 * 1_000_000
INTEGERS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}
EPOCH = datetime.datetime(1970, 1, 1)
DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
TIME = re.compile(DATE.pattern + r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?")
CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?")
PLAIN = {"integer": re.compile(r"-?(0|[1-9][0-9]*)"), "number": re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")}
JSON_WORDS = {"string": "a text", "boolean": "true or false", "object": "an object", "array": "a list", "number": "a number"}
TYPE_WORDS = {"string": "a text", "integer": "an integer", "number": "a number", "boolean": "a boolean", "date": "a date", "timestamp": "a timestamp", "time": "a time", "object": "an object", "array": "a list"}


class Violation(NamedTuple):
    rule: str
    field: str
    value: str | None
    reason: str


class Drift(NamedTuple):
    kind: str
    field: str
    value: str


class Broken(Exception):
    """A value breaks a rule."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(rule, reason)
        self.rule, self.reason = rule, reason


# ---- JSON with its text ---------------------------------------------------------------------------------------------------------------


class Digits(str):
    """A number, as it was written."""


class Value(NamedTuple):
    """A value, and the text that it had."""

    kind: str
    value: Any
    raw: str

    @property
    def shown(self) -> str:
        return self.value if self.kind == "string" else self.raw

    @property
    def members(self) -> list[tuple[str, Value]]:
        return members_of(self.raw)

    @property
    def elements(self) -> list[Value]:
        return elements_of(self.raw)


DECODER = json.JSONDecoder(parse_int=Digits, parse_float=Digits)
BLANK = re.compile(r"[ \t\n\r]*")


def kind_of(value: Any) -> str:
    if isinstance(value, Digits):
        return "number"
    return {str: "string", bool: "boolean", dict: "object", list: "array", type(None): "null"}[type(value)]


def read_value(text: str, at: int) -> tuple[Value, int]:
    value, end = DECODER.raw_decode(text, at)
    return Value(kind_of(value), value, text[at:end]), end


def skip(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    assert found
    return found.end()


def members_of(raw: str) -> list[tuple[str, Value]]:
    found = []
    at = skip(raw, 1)
    while raw[at] != "}":
        key, at = DECODER.raw_decode(raw, at)
        at = skip(raw, skip(raw, at) + 1)
        value, at = read_value(raw, at)
        found.append((key, value))
        at = skip(raw, at)
        if raw[at] == ",":
            at = skip(raw, at + 1)
    return found


def elements_of(raw: str) -> list[Value]:
    found = []
    at = skip(raw, 1)
    while raw[at] != "]":
        value, at = read_value(raw, at)
        found.append(value)
        at = skip(raw, at)
        if raw[at] == ",":
            at = skip(raw, at + 1)
    return found


def read_text(text: str) -> Value:
    at = skip(text, 0)
    return read_value(text, at)[0]


# ---- limits ---------------------------------------------------------------------------------------------------------------------------


class TooDeep(Exception):
    pass


class TooWide(Exception):
    pass


def walk(text: str) -> tuple[int, int, int]:
    """Levels, keys of the widest object, and keys and values in all: by the characters alone, for texts that are JSON."""
    levels = depth = values = widest = 0
    open_objects: list[list[int]] = []  # one for each container: keys so far, or -1 in an array
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}\[\]:]|[^\s{}\[\]:,"]+', text):
        c = token.group()[0]
        if c in "{[":
            depth, values = depth + 1, values + 1
            open_objects.append([0 if c == "{" else -1])
            levels = max(levels, depth)
        elif c in "}]":
            depth -= 1
            widest = max(widest, open_objects.pop()[0])
        elif c == ":":
            open_objects[-1][0] += 1
        else:
            values += 1
    return levels, widest, values


def broken_limit(text: str, length: int) -> tuple[str, str] | None:
    if length > BYTES:
        return "too_large", f"must have at most {BYTES} bytes"
    if len(text) < 2 * LEVELS:
        return None
    levels, widest, values = walk(text)
    if values > VALUES:
        return "too_many_values", f"must have at most {VALUES} keys and values"
    if levels > LEVELS and widest > KEYS:
        raise AssertionError("which comes first is not said")
    if levels > LEVELS:
        return "too_deep", f"must have at most {LEVELS} levels of objects and lists"
    if widest > KEYS:
        return "too_many_keys", f"must have at most {KEYS} keys in an object"
    return None


# ---- scalars --------------------------------------------------------------------------------------------------------------------------


def digits_of(spec: Spec, value: Value) -> str:
    kind = spec["logicalType"]
    if value.kind == "number":
        return value.raw
    if value.kind == "string" and PLAIN[kind].fullmatch(value.value):
        return value.value
    raise Broken("type", f"must be {TYPE_WORDS[kind]}, not {JSON_WORDS[value.kind]}")


def decimals_of(number: Decimal) -> int:
    """Digits behind the point, without zeros at the end."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    while len(digits) > 1 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    return 0 if number == 0 else max(0, -exponent)


def size_of(spec: Spec) -> tuple[str, Decimal, Decimal, int] | None:
    """Its column's type, the least and the most that it holds, and its decimals; None: any number."""
    physical = spec.get("physicalType")
    if spec["logicalType"] == "integer":
        physical = physical or ("INTEGER" if "physicalName" in spec else "BIGINT")
        half = 2 ** (INTEGERS[physical] - 1)
        return physical, Decimal(-half), Decimal(half - 1), 0
    if physical is None:
        return None
    found = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", physical)
    assert found
    precision, scale = int(found[1]), int(found[2])
    most = Decimal((0, (9,) * precision, -scale))
    return physical, -most, most, scale


def read_number(spec: Spec, value: Value) -> Decimal:
    number = Decimal(digits_of(spec, value))
    size = size_of(spec)
    if size is None:
        return number
    physical, least, most, scale = size
    if decimals_of(number) > scale and spec["logicalType"] == "integer":
        raise Broken("type", "must be an integer, not a number with decimals")
    if decimals_of(number) > scale:
        raise Broken("scale", f"must have at most {scale} decimal{'' if scale == 1 else 's'}")
    if not least <= number <= most:
        raise Broken("range", f"does not fit {physical}")
    return number


def days_of(year: str, month: str, day: str) -> int:
    if year == "0000":
        raise Broken("impossible_time", "must be in the years 0001 to 9999")
    try:
        return (datetime.datetime(int(year), int(month), int(day)) - EPOCH).days
    except ValueError:
        raise Broken("impossible_time", "is a day that there is not") from None


def read_date(text: str) -> int:
    found = DATE.fullmatch(text)
    if not found:
        raise Broken("type", "must be a date as 2026-11-24")
    return days_of(*found.groups())


def has_zone(text: str) -> bool:
    return text[10:] != "" and re.search(r"[Zz]$|[+-][0-9:]+$", text[10:]) is not None


def default_zone(spec: Spec) -> int:
    """Minutes east of UTC."""
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", spec.get("logicalTypeOptions", {}).get("defaultTimezone", "UTC"))
    return (int(found[2]) * 60 + int(found[3] or 0)) * (-1 if found[1] == "-" else 1) if found else 0


def read_time(text: str, default: int = 0) -> int:
    found = TIME.fullmatch(text)
    if not found:
        raise Broken("type", "must be a timestamp as 2026-11-24T10:15:00Z")
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = found.groups()
    days = days_of(year, month, day)
    h, m, s, zh, zm = (int(part or 0) for part in (hour, minute, second, zone_hours, zone_minutes))
    if h > 23 or m > 59 or s > 59:
        raise Broken("impossible_time", "is a time of day that there is not")
    if zm > 59 or zh * 60 + zm > 14 * 60:
        raise Broken("impossible_time", "must be at most 14 hours from UTC")
    zone = (zh * 60 + zm) * (-1 if sign == "-" else 1) if has_zone(text) else default
    us = ((days * 24 + h) * 60 + m - zone) * 60_000_000 + s * 1_000_000 + int(((fraction or "") + "000000")[:6])
    if not min_us() <= us <= max_us():
        raise Broken("impossible_time", "must be in the years 0001 to 9999")
    return us


def read_clock(text: str) -> int:
    found = CLOCK.fullmatch(text)
    if not found:
        raise Broken("type", "must be a time as 10:15:00")
    h, m, s = (int(part or 0) for part in found.groups()[:3])
    if h > 23 or m > 59 or s > 59:
        raise Broken("impossible_time", "is a time of day that there is not")
    return (h * 3600 + m * 60 + s) * 1_000_000 + int(((found[4] or "") + "000000")[:6])


def min_us() -> int:
    return (datetime.datetime.min - EPOCH) // datetime.timedelta(microseconds=1)


def max_us() -> int:
    return (datetime.datetime.max - EPOCH) // datetime.timedelta(microseconds=1)


def read_scalar(spec: Spec, value: Value) -> Any:
    kind = spec["logicalType"]
    if kind in ("integer", "number"):
        return read_number(spec, value)
    if value.kind != ("boolean" if kind == "boolean" else "string"):
        raise Broken("type", f"must be {TYPE_WORDS[kind]}, not {JSON_WORDS[value.kind]}")
    if kind == "date":
        return read_date(value.value)
    if kind == "time":
        return read_clock(value.value)
    if kind != "timestamp":
        return value.value
    us, wanted = read_time(value.value, default_zone(spec)), spec.get("logicalTypeOptions", {}).get("timezone")
    if wanted is not None and wanted != has_zone(value.value):
        raise Broken("timezone", "must have an offset from UTC, or Z" if wanted else "must have no offset from UTC")
    return us


# ---- rules ----------------------------------------------------------------------------------------------------------------------------


def limit_value(spec: Spec, limit: Any) -> Any:
    kind = spec["logicalType"]
    if kind == "timestamp":
        return read_time(limit)
    if kind == "time":
        return read_clock(limit)
    return read_time(limit) // 86_400_000_000 if kind == "date" else Decimal(str(limit))


def plural(n: int) -> str:
    return f"{n} character{'' if n == 1 else 's'}"


def python_pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("$", r"\Z"), re.ASCII)


HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*", re.ASCII)
LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", re.ASCII)
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*", re.ASCII)
UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
FORMATS = {"date": "a date as 2026-11-24", "time": "a time as 10:15:00", "date-time": "a timestamp as 2026-11-24T10:15:00Z", "email": "an e-mail address", "hostname": "a host name",
           "ipv4": "an IPv4 address", "ipv6": "an IPv6 address", "uri": "a URI with its scheme", "url": "a URI with its scheme", "uuid": "a UUID"}  # fmt: skip


def is_host(text: str) -> bool:
    return len(text) <= 253 and HOST.fullmatch(text) is not None


def is_address(kind: Any, text: str) -> bool:
    try:
        return "%" not in text and kind(text) is not None
    except ValueError:
        return False


def has_format(name: str, text: str) -> bool:
    try:
        {"date": read_date, "time": read_clock, "date-time": read_time}.get(name, len)(text)
    except Broken:
        return False
    local, at, host = text.partition("@")
    return {
        "email": lambda: bool(at) and LOCAL.fullmatch(local) is not None and is_host(host),
        "hostname": lambda: is_host(text),
        "ipv4": lambda: is_address(ipaddress.IPv4Address, text),
        "ipv6": lambda: is_address(ipaddress.IPv6Address, text),
        "uri": lambda: URI.fullmatch(text) is not None,
        "url": lambda: URI.fullmatch(text) is not None,
        "uuid": lambda: UUID.fullmatch(text) is not None,
    }.get(name, lambda: True)()


def simplest(number: Decimal) -> tuple[int, int]:
    """Digits without zeros at the end, and their exponent."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0")
    return (int(text) * (-1 if sign else 1), exponent + len(digits) - len(text)) if text else (0, 0)


def is_multiple(number: Decimal, step: Decimal) -> bool:
    (digits, exponent), (unit, finest) = simplest(number), simplest(step)
    return digits == 0 or (exponent >= finest and digits * pow(10, exponent - finest, unit) % unit == 0)


def same_form(value: Value) -> str:
    """Equal values, and only they, have the same."""
    if value.kind == "number":
        return repr(simplest(Decimal(value.raw)))
    if value.kind == "array":
        return f"[{','.join(map(same_form, value.elements))}]"
    if value.kind == "object":
        return f"{{{','.join(sorted(repr(key) + same_form(inside) for key, inside in value.members))}}}"
    return repr(value.value)


def broken_count(key: str, limit: Any, value: Value) -> str | None:
    if key == "uniqueItems":
        forms = [same_form(element) for element in value.elements] if limit else []
        return "must not have an element twice" if len(set(forms)) < len(forms) else None
    count = len(value.elements if "Items" in key else value.members)
    if limit <= count if key.startswith("min") else count <= limit:
        return None
    return f"must have at {'least' if key.startswith('min') else 'most'} {limit} {'element' if 'Items' in key else 'member'}{'' if limit == 1 else 's'}"


def broken_missing(spec: Spec, listed: list[Any], value: Any) -> str | None:
    if spec["logicalType"] == "string":
        return "must be none of " + ", ".join(f'"{text}"' for text in listed) if value in listed else None
    if spec["logicalType"] == "boolean":
        return "must be none of " + ", ".join(str(one).lower() for one in listed) if value in listed else None
    return "must be none of " + ", ".join(map(str, listed)) if value in [limit_value(spec, one) for one in listed] else None


def broken_rule(spec: Spec, key: str, limit: Any, value: Any, message_us: int) -> str | None:
    """What is to say of a value that does not keep one rule."""
    if key == "member":
        there = any(name == limit and inside.kind != "null" for name, inside in value.members)
        return None if there else f"must have the member {limit}"
    if isinstance(value, Value):
        return broken_count("minItems" if value.kind == "array" else "minProperties", 1, value) if key == "missingValues" else broken_count(key, limit, value)
    if key == "missingValues":
        return broken_missing(spec, limit, value)
    if key == "format":
        return None if has_format(limit, value) else f"must be {FORMATS[limit]}"
    if key == "multipleOf":
        return None if is_multiple(value, Decimal(str(limit))) else f"must be a multiple of {limit}"
    if key in ("minLength", "maxLength"):
        end = "least" if key == "minLength" else "most"
        kept = len(value) >= limit if key == "minLength" else len(value) <= limit
        return None if kept else f"must have at {end} {plural(limit)}"
    if key == "pattern":
        return None if python_pattern(limit).search(value) else f"must match {limit}"
    if key == "validValues":
        allowed = limit if spec["logicalType"] == "string" else [Decimal(str(v)) for v in limit]
        return None if value in allowed else "must be one of " + ", ".join(str(v) for v in limit)
    if key == "maximumAhead":
        hours = int(limit[:-1]) * {"h": 1, "d": 24}[limit[-1]]
        return None if value <= message_us + hours * 3_600_000_000 else f"must be at most {hours} hours after the message"
    bound = limit_value(spec, limit)
    kept, words = {
        "minimum": (value >= bound, "at least"),
        "maximum": (value <= bound, "at most"),
        "exclusiveMinimum": (value > bound, "above"),
        "exclusiveMaximum": (value < bound, "below"),
    }[key]
    return None if kept else f"must be {words} {limit}"


RULE_NAMES = {"minLength": "length", "maxLength": "length", "pattern": "pattern", "format": "format", "multipleOf": "multiple", "minItems": "items", "maxItems": "items",
              "minProperties": "properties", "maxProperties": "properties", "uniqueItems": "unique_items"}  # fmt: skip


def rules_of(spec: Spec) -> list[tuple[str, str, Any]]:
    rules = [(RULE_NAMES.get(key, "range"), key, limit) for key, limit in spec.get("logicalTypeOptions", {}).items() if key not in ("timezone", "defaultTimezone", "required")]
    known = {inside["name"] for inside in spec.get("properties", [])}
    for rule in spec.get("quality", []):
        if rule.get("metric") == "missingValues":
            rules.append((rule.get("name", "missing_values"), "missingValues", rule["arguments"]["missingValues"]))
        elif rule["type"] == "library":
            rules.append((rule.get("name", "allowed_values"), "validValues", rule["arguments"]["validValues"]))
        else:
            rules += [(rule["name"], key, limit) for key, limit in rule["implementation"].items()]
    return rules + [("required", "member", name) for name in spec.get("logicalTypeOptions", {}).get("required", []) if name not in known]


def check_rules(spec: Spec, value: Any, message_us: int) -> None:
    for rule, key, limit in rules_of(spec):
        reason = broken_rule(spec, key, limit, value, message_us)
        if reason:
            raise Broken(rule, reason)


# ---- an event -------------------------------------------------------------------------------------------------------------------------


def shown(text: str | None) -> str | None:
    return None if text is None else text[:200]


@dataclass
class Verdict:
    violations: list[Violation] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    quality: int | None = None
    judged: int = 0  # values of the payload that were looked at


@dataclass
class Oracle:
    contracts: dict[str, Spec]  # by event type: "envelope" and "payload", each a list of properties
    verdict: Verdict = field(default_factory=Verdict)
    message_us: int = 0

    def violate(self, rule: str, name: str, value: str | None, reason: str) -> None:
        if len(self.verdict.violations) < FINDINGS:
            self.verdict.violations.append(Violation(rule, name, shown(value), reason))

    def drifted(self, kind: str, name: str, value: str) -> None:
        if len(self.verdict.drift) < FINDINGS:
            self.verdict.drift.append(Drift(kind, name, value[:200]))

    # -- values

    def judge_value(self, spec: Spec, value: Value, path: str, columns: dict[str, Any]) -> None:
        kind = spec["logicalType"]
        self.verdict.judged += 1
        try:
            if kind in ("object", "array"):
                columns[spec.get("physicalName", "")] = self.judge_container(spec, value, path)
                return
            read = read_scalar(spec, value)
            if value.kind == "string" and kind in ("integer", "number"):
                self.drifted("number_as_text", re.sub(r"\[\d+\]", "[]", path), value.value)
            check_rules(spec, read, self.message_us)
        except Broken as e:
            self.violate(e.rule, path, value.shown, e.reason)
            return
        if kind in ("integer", "number") and "physicalName" in spec:
            size = size_of(spec)
            assert size
            read = int(read.scaleb(size[3]))
        columns[spec.get("physicalName", "")] = read

    def judge_container(self, spec: Spec, value: Value, path: str) -> str:
        kind = spec["logicalType"]
        if value.kind != kind:
            raise Broken("type", f"must be {TYPE_WORDS[kind]}, not {JSON_WORDS[value.kind]}")
        try:
            check_rules(spec, value, self.message_us)
        except Broken as e:
            self.violate(e.rule, path, value.shown, e.reason)
        if spec.get("properties"):
            wanted = spec.get("logicalTypeOptions", {}).get("required", [])
            self.judge_members([inside | {"required": True} if inside["name"] in wanted else inside for inside in spec["properties"]], value, path + ".", {})
        elif "items" in spec:
            for i, element in enumerate(value.elements):
                self.judge_present(spec["items"], element, f"{path}[{i}]", {})
        else:
            self.find_repeated(value, path + ".")
        return value.raw

    def judge_present(self, spec: Spec, value: Value | None, path: str, columns: dict[str, Any]) -> None:
        if value is not None and value.kind != "null":
            self.judge_value(spec, value, path, columns)
        elif spec.get("required"):
            self.violate("required", path, None, "is missing")

    def judge_members(self, properties: list[Spec], whole: Value, prefix: str, columns: dict[str, Any]) -> None:
        members, names = whole.members, {spec["name"] for spec in properties}
        again: set[str] = set()
        found: dict[str, Value] = {}
        repeated: tuple[str, Value] | None = None
        for key, value in members:
            if key in found:
                again.add(key)
                if key not in names and repeated is None:
                    repeated = key, value
            if key not in names:
                self.drifted("unknown_field", re.sub(r"\[\d+\]", "[]", prefix) + key[:200], value.raw)
            found[key] = value
        for spec in properties:
            path = prefix + spec["name"]
            if spec["name"] in again:
                self.violate("repeated_field", path, found[spec["name"]].shown, "is there more than once")
            else:
                self.judge_present(spec, found.get(spec["name"]), path, columns)
        if repeated:
            self.violate("repeated_field", prefix + repeated[0][:200], repeated[1].shown, "is there more than once")

    def find_repeated(self, value: Value, prefix: str) -> bool:
        """The first key that is again in its object, in the order of the text."""
        if value.kind == "array":
            return any(self.find_repeated(element, f"{prefix[:-1]}[{i}].") for i, element in enumerate(value.elements))
        if value.kind != "object":
            return False
        seen: set[str] = set()
        second = next((i for i, (key, _) in enumerate(value.members) if key in seen or seen.add(key)), None)  # type: ignore[func-returns-value]
        for i, (key, inside) in enumerate(value.members):
            if i == second:
                self.violate("repeated_field", prefix + key[:200], inside.shown, "is there more than once")
                return True
            if self.find_repeated(inside, f"{prefix}{key[:200]}."):
                return True
        return False

    # -- the envelope

    def judge_id(self, name: str, text: str) -> None:
        if len(text) > ID_CHARACTERS:
            raise Broken("length", f"must have at most {ID_CHARACTERS} characters")
        for c in text:
            if unicodedata.category(c) in ("Cc", "Zl", "Zp"):
                raise Broken("characters", f"must not have control characters (U+{ord(c):04X})")
            if c in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
                raise Broken("characters", f"must not have characters that change the direction of text (U+{ord(c):04X})")

    def judge_subscriber(self, spec: Spec, text: str) -> None:
        for first, last, words in (("{", "}", "an object"), ("[", "]", "a list")):
            if len(text) > 1 and text[0] == first and text[-1] == last:
                raise Broken("type", f"must be a text, not {words}")
        check_rules(spec, text, self.message_us)
        self.judge_id("subscriber_id", text)
        if unicodedata.normalize("NFC", text) != text:
            raise Broken("characters", "must be in Unicode's form NFC")

    def judge_time(self, spec: Spec, us: int, latest: int) -> None:
        check_rules(spec, us, self.message_us)
        if not min_us() <= us <= max_us():
            raise Broken("impossible_time", "must be in the years 0001 to 9999")
        if us > latest + YEAR_AHEAD:
            raise Broken("impossible_time", "must be at most 366 days after the message")

    def judge_column(self, name: str, value: Any, text: str, judge: Any, *args: Any) -> None:
        try:
            judge(*args, value)
        except Broken as e:
            self.violate(e.rule, name, text, e.reason)

    def judge_instead(self, spec: Spec, extra: dict[str, Value]) -> Any:
        columns: dict[str, Any] = {}
        self.judge_present(spec | {"required": True}, extra.get(spec["name"]), spec["name"], columns)
        return columns.get(spec["physicalName"])

    def judge_envelope(self, specs: dict[str, Spec], line: dict[str, Any]) -> None:
        extra, members, broken = {}, [], None
        if line.get("extra") is not None:
            broken = broken_limit(line["extra"], len(line["extra"].encode()))
            members = [] if broken else read_text(line["extra"]).members
        for key, value in members:
            if key == "subscriber_id" and line.get("subscriber") is None or key == "quality_score" and line.get("quality") is None:
                extra[key] = value
            else:
                self.drifted("unknown_envelope_field", key[:200], value.raw)
        for name in ("id", "source"):
            if line.get(name) is None:
                self.violate("required", name, None, "is missing")
            else:
                self.judge_column(name, line[name], line[name], self.judge_id, name)
        if line.get("subscriber") is not None:
            self.judge_column("subscriber_id", line["subscriber"], line["subscriber"], self.judge_subscriber, specs["subscriber_id"])
        elif self.judge_instead(specs["subscriber_id"], extra) is not None:
            self.violate("required", "subscriber_id", None, "is missing")
        if line.get("time_us") is None:
            self.violate("required", "timestamp", None, "is missing")
        else:
            us, latest = line["time_us"], max(line["message_us"], line["ingested_us"])
            self.judge_column("timestamp", us, time_text(us), lambda t: self.judge_time(specs["timestamp"], t, latest))
        self.verdict.quality = line.get("quality")
        if self.verdict.quality is None:
            self.verdict.quality = self.judge_instead(specs["quality_score"], extra)
        else:
            self.judge_column("quality_score", line["quality"], str(line["quality"]), lambda q: check_rules(specs["quality_score"], Decimal(q), 0))
        if broken:
            self.violate(broken[0], "extra_fields", line["extra"], broken[1])
        seen: set[str] = set()
        for key, value in members:
            if key in seen:
                self.violate("repeated_field", key[:200], value.shown, "is there more than once")
                break
            seen.add(key)

    def judge_payload(self, properties: list[Spec], line: dict[str, Any]) -> None:
        text = line.get("payload")
        if text is None:
            self.violate("required", "payload", None, "is missing")
            return
        broken = broken_limit(text, line.get("payload_bytes", len(text.encode())))
        if broken:
            self.violate(broken[0], "payload", text, broken[1])
            return
        value = read_text(text)
        if value.kind == "object":
            self.judge_members(properties, value, "", self.verdict.values)
        else:
            self.violate("type", "payload", text, "must be a JSON object")

    def judge(self, line: dict[str, Any]) -> Verdict:
        self.verdict, self.message_us = Verdict(quality=line.get("quality")), line["message_us"]
        contract = self.contracts.get(line.get("type", ""))
        if contract is None:
            self.violate("unknown_type", "type", line.get("type"), "no contract has this event type")
        else:
            self.judge_envelope(contract["envelope"], line)
            self.judge_payload(contract["payload"], line)
        if self.verdict.violations:
            self.verdict.values = {}
        return self.verdict


def time_text(us: int) -> str:
    """As DuckDB writes it; the years of datetime are enough for a test."""
    if not min_us() <= us <= max_us():
        return "outside"
    at = EPOCH + datetime.timedelta(microseconds=us)
    text = f"{at.year:04d}-{at.month:02d}-{at.day:02d} {at:%H:%M:%S}"
    return text + f".{at.microsecond:06d}".rstrip("0") if at.microsecond else text
