"""Random schemas of every type, nested and recursive, and random values: what Smelt decodes is what fastavro decodes."""

from __future__ import annotations

import base64
import datetime
import io
import json
import math
import random
import struct
import subprocess
import uuid
from decimal import Context, Decimal
from typing import Any

import fastavro
from harness import BUILD, clean_environment

Json = dict[str, Any]
EPOCH = datetime.datetime(1970, 1, 1)
LOGICAL: dict[str, str] = {
    "date": "int",
    "time-millis": "int",
    "time-micros": "long",
    "timestamp-millis": "long",
    "timestamp-micros": "long",
    "local-timestamp-millis": "long",
    "local-timestamp-micros": "long",
}
PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]


class Chance(random.Random):
    """Schemas and values."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.names = 0
        self.records: list[Json] = []  # those that we are in: a type may contain itself

    def name(self) -> str:
        self.names += 1
        return self.choice(["a.b.", "c."]) + f"T{self.names}"

    def schema(self, depth: int) -> Any:
        kinds = ["primitive", "logical", "decimal", "fixed-decimal", "fixed", "enum", "uuid"]
        kind = self.choice(kinds + ["record", "array", "map", "union", "self"] * (depth > 0))
        if kind == "self" and self.records:
            return ["null", self.choice(self.records)["full"]]
        if kind in ("array", "map"):
            return {"type": kind, "items" if kind == "array" else "values": self.schema(depth - 1)}
        if kind == "union":
            return self.union(depth - 1)
        if kind == "record":
            return self.record(depth - 1)
        return self.leaf(kind)

    def leaf(self, kind: str) -> Any:
        if kind == "logical":
            logical = self.choice(list(LOGICAL))
            return {"type": LOGICAL[logical], "logicalType": logical}
        if kind in ("decimal", "fixed-decimal"):
            precision = self.randint(1, 30)
            more = {"logicalType": "decimal", "precision": precision, "scale": self.randint(0, precision)}
            return {"type": "bytes", **more} if kind == "decimal" else {"type": "fixed", "name": self.name(), "size": 16, **more}
        if kind == "fixed":
            return {"type": "fixed", "name": self.name(), "size": self.randint(0, 20)}
        if kind == "enum":
            return {"type": "enum", "name": self.name(), "symbols": [f"S{n}" for n in range(self.randint(1, 200))]}
        if kind == "time":
            return got == what or (isinstance(got, Number) and not 0 <= int(got) < 86_400_000)
        if kind == "uuid":
            return {"type": "string", "logicalType": "uuid"}
        return self.choice(PRIMITIVES)

    def union(self, depth: int) -> Any:
        """Of types that fastavro's writer can tell apart by (name, value)."""
        return ["null", *([self.record(depth)] if self.random() < 0.5 else []), self.choice(["string", "long", "boolean"])]

    def record(self, depth: int) -> Json:
        name, fields = self.name(), []
        self.records.append({"full": name})
        for number in range(self.randint(0, 6)):
            fields.append({"name": f"f{number}", "type": self.schema(depth)})
        self.records.pop()
        return {"type": "record", "name": name, "fields": fields}

    def text(self) -> str:
        return "".join(self.choice(["a", "é", "€", "😀", '"', "\\", "\n", "\0", "\x7f", "/"]) for _ in range(self.randint(0, 12)))

    def number(self, bits: int) -> int:
        edge = 2 ** (bits - 1)
        return self.choice([0, -1, 1, 63, 64, -64, -65, edge - 1, -edge, self.randint(-edge, edge - 1), self.randint(-999, 999)])

    def value(self, schema: Any, named: Json, depth: int = 0) -> Any:
        kind = schema if isinstance(schema, str) else "union" if isinstance(schema, list) else schema["type"]
        if isinstance(schema, dict) and "name" in schema:
            named[schema["name"]] = schema
        if kind in named:
            return self.value(named[kind], named, depth)
        if kind == "union":
            branch = schema[0] if depth > 8 else self.choice(schema)
            return None if branch == "null" else self.tagged(branch, named, depth)
        if kind == "record":
            return {f["name"]: self.value(f["type"], named, depth + 1) for f in schema["fields"]}
        if kind == "array":
            return [self.value(schema["items"], named, depth + 1) for _ in range(self.randint(0, 3 if depth < 8 else 0))]
        if kind == "map":
            return {self.text(): self.value(schema["values"], named, depth + 1) for _ in range(self.randint(0, 3 if depth < 8 else 0))}
        return self.single(schema, kind)

    def tagged(self, branch: Any, named: Json, depth: int) -> Any:
        """Values of records are given with the name of their type, so that it is clear which is meant."""
        value = self.value(branch, named, depth + 1)
        full = branch["name"] if isinstance(branch, dict) else branch
        return (full, value) if isinstance(value, dict) else value

    def single(self, schema: Any, kind: str) -> Any:
        logical = schema.get("logicalType") if isinstance(schema, dict) else None
        if logical == "decimal":
            digits = self.randint(1, schema["precision"])
            return Decimal(self.choice([1, -1]) * self.randrange(10**digits)).scaleb(-schema["scale"], Context(prec=60))
        if logical == "uuid":
            return uuid.UUID(int=self.getrandbits(128))
        if logical is not None:
            return self.moment(logical)
        plain = {"null": lambda: None, "boolean": lambda: self.random() < 0.5, "int": lambda: self.number(32), "long": lambda: self.number(64)}
        plain |= {"bytes": lambda: self.randbytes(self.randint(0, 9)), "string": self.text}
        if kind == "fixed":
            return self.randbytes(schema["size"])
        if kind == "enum":
            return self.choice(schema["symbols"])
        return plain[kind]() if kind in plain else self.real(kind)

    def real(self, kind: str) -> float:
        code = "<f" if kind == "float" else "<d"
        while True:
            value = struct.unpack(code, self.randbytes(struct.calcsize(code)))[0]
            if self.random() < 0.3:
                value = struct.unpack(code, struct.pack(code, self.choice([0.0, -0.0, 1.0, 1.11, 0.1, 1e20, 1e-7, 123456.789])))[0]
            if math.isfinite(value):
                return value

    def moment(self, logical: str) -> Any:
        step = 1000 if logical.endswith("millis") else 1
        when = datetime.datetime(1, 1, 2) + datetime.timedelta(microseconds=self.randrange(int(3.15e17)) // step * step)
        if logical == "date":
            return when.date()
        if logical.startswith("time-"):
            return when.time()
        return when if logical.startswith("local") else when.replace(tzinfo=datetime.timezone.utc)


def wanted(schema: Any, value: Any, named: Json) -> Any:
    """What fastavro has decoded, as Smelt writes it."""
    if isinstance(schema, dict) and "name" in schema:
        named[schema["name"]] = schema
    if isinstance(schema, str) and schema in named:
        schema = named[schema]
    if isinstance(schema, list):
        return wanted(branch_of(schema, value, named), value, named)
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind == "record":
        return {f["name"]: wanted(f["type"], value[f["name"]], named) for f in schema["fields"]}
    if kind == "array":
        return [wanted(schema["items"], one, named) for one in value]
    if kind == "map":
        return {key: wanted(schema["values"], one, named) for key, one in value.items()}
    return wanted_single(schema, kind, value)


def branch_of(union: list[Any], value: Any, named: Json) -> Any:
    if value is None:
        return "null"
    if isinstance(value, dict):
        return next(one for one in union if isinstance(one, dict) or one in named)
    return union[-1]


def wanted_single(schema: Any, kind: str, value: Any) -> Any:
    logical = schema.get("logicalType") if isinstance(schema, dict) else None
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    if isinstance(value, datetime.time):
        return ("time", value.isoformat(timespec="milliseconds" if logical == "time-millis" else "microseconds"))
    if isinstance(value, datetime.date):
        return str(value)
    if isinstance(value, uuid.UUID):
        return ("uuid", value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and kind == "float":
        return ("float", struct.pack("<f", value))
    if isinstance(value, float):
        return ("double", struct.pack("<d", value))
    if isinstance(value, Decimal):
        return ("decimal", (value.as_tuple(), schema["precision"]))
    return value


def matches(got: Any, expected: Any) -> bool:
    """Numbers are compared by their text: reals by what they read back as, decimals digit by digit."""
    if isinstance(expected, tuple):
        kind, what = expected
        if kind == "decimal":
            digits = Decimal(got).as_tuple()
            return digits == what[0] or len(digits.digits) > what[1]  # fastavro rounds what has more digits than its precision
        if kind == "time":
            return got == what or (isinstance(got, Number) and not 0 <= int(got) < 86_400_000)
        if kind == "uuid":
            return uuid.UUID(got) == what
        return struct.pack("<f" if kind == "float" else "<d", float(got)) == what
    if isinstance(expected, dict):
        return isinstance(got, dict) and list(got) == list(expected) and all(matches(got[key], one) for key, one in expected.items())
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(map(matches, got, expected))
    if isinstance(expected, int) and not isinstance(expected, bool):
        return isinstance(got, Number) and got == str(expected)
    return type(got) is type(expected) and got == expected


class Number(str):
    """A number of the JSON, as it is written."""


def read(text: str) -> Any:
    return json.loads(text, parse_int=Number, parse_float=Number)


def decoded(inputs: list[Json]) -> list[str]:
    lines = "".join(json.dumps(line) + "\n" for line in inputs)
    done = subprocess.run([BUILD / "tests/avro/avro_lines"], input=lines, capture_output=True, text=True, errors="surrogateescape", env=clean_environment(), timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[: len(inputs)]


def test_every_type_is_decoded_as_fastavro_does() -> None:
    chance = Chance(11)
    inputs: list[Json] = []
    expected: list[Any] = []
    for _ in range(400):
        schema = chance.record(4)
        inputs.append({"schema": json.dumps(schema)})
        expected.append(None)
        parsed = fastavro.parse_schema(json.loads(json.dumps(schema)))
        for _ in range(10):
            out = io.BytesIO()
            fastavro.schemaless_writer(out, parsed, chance.value(schema, {}), strict=True)
            value = fastavro.schemaless_reader(io.BytesIO(out.getvalue()), parsed, None)
            inputs.append({"bytes": out.getvalue().hex()})
            expected.append(wanted(schema, value, {}))
    seen = ""
    for given, answer, value in zip(inputs, decoded(inputs), expected, strict=True):
        seen = given.get("schema", seen)
        if "schema" in given:
            assert answer == "ok", (given, answer)
        else:
            assert not answer.startswith("reject"), (seen, given, answer)
            assert matches(read(answer), value), (seen, given, answer, value)


def fastavro_reads(parsed: Any, message: bytes) -> Any:
    stream = io.BytesIO(message)
    value = fastavro.schemaless_reader(stream, parsed, None)
    assert stream.tell() == len(message)
    return value


def test_what_is_accepted_of_damaged_messages_is_what_fastavro_reads() -> None:
    """One byte is another one, or the end is missing. fastavro reads more: other booleans than 0 and 1, times beyond the day."""
    chance = Chance(12)
    accepted = rejected = 0
    for _ in range(150):
        schema = chance.record(3)
        parsed = fastavro.parse_schema(json.loads(json.dumps(schema)))
        messages = []
        for _ in range(20):
            out = io.BytesIO()
            fastavro.schemaless_writer(out, parsed, chance.value(schema, {}), strict=True)
            message = bytearray(out.getvalue())
            if message:
                message[chance.randrange(len(message))] = chance.randrange(256)
            messages.append(bytes(message if chance.random() < 0.8 else message[: chance.randint(0, len(message))]))
        answers = decoded([{"schema": json.dumps(schema)}, *({"bytes": m.hex()} for m in messages)])
        for message, answer in zip(messages, answers[1:], strict=True):
            if answer.startswith("reject"):
                rejected += 1
                continue
            accepted += 1
            try:
                value = fastavro_reads(parsed, message)
            except (UnicodeDecodeError, OverflowError, ValueError):
                continue  # a text that is no UTF-8, a moment beyond Python's years, a uuid that is none: for others to judge
            assert matches(read(answer), wanted(schema, value, {})), (schema, message.hex(), answer, value)
    assert accepted > 500 and rejected > 500, (accepted, rejected)
