"""Messages that are no events: name, bytes, and the reason for which each is rejected."""

from __future__ import annotations

from harness import encode, event

POISON: dict[str, tuple[bytes | None, str]] = {
    "tombstone": (None, "tombstone"),
    "empty": (b"", "empty"),
    "blank": (b"   ", "not_json"),
    "not UTF-8": (b'{"id":"\xff\xfe","source":"x"}', "not_utf8"),
    "overlong UTF-8": (b'{"id":"\xc0\xaf","source":"x"}', "not_utf8"),
    "binary": (bytes(range(256)) * 40, "not_utf8"),
    "a NUL byte": (b"\x00", "not_json"),
    "NUL inside": (b'{"id":"a\x00b","source":"x"}', "not_json"),
    "cut off": (encode(event(1))[:-20], "not_json"),
    "two documents": (encode(event(1)) + encode(event(2)), "not_json"),
    "text": (b"hello", "not_json"),
    "array": (encode([event(1)]), "not_object"),
    "number": (b"42", "not_object"),
    "null": (b"null", "not_object"),
    "NaN": (b"NaN", "not_json"),
    "2^63": (b"9223372036854775808", "not_object"),
    "nesting 10,000": (b"[" * 10_000 + b"]" * 10_000, "not_object"),
    "nesting 10,000 and not closed": (b'{"a":' * 10_000, "not_json"),
    "nested id": (encode(event(1, id={"a": 1})), "bad_id"),
    "empty object": (b"{}", "bad_id"),
    "empty id": (encode(event(1, id="")), "bad_id"),
    "no source": (encode(event(1, source=...)), "bad_source"),
    "null source": (encode(event(1, source=None)), "bad_source"),
    "timestamp of words": (encode(event(1, timestamp="yesterday")), "bad_timestamp"),
    "timestamp without end": (encode(event(1, timestamp="infinity")), "bad_timestamp"),
    "offset of four days": (encode(event(1, timestamp="2026-11-24T10:00:00+99:99")), "bad_timestamp"),
    "the year 10000": (encode(event(1, timestamp="10000-01-01T00:00:00Z")), "bad_timestamp"),
    "month 13": (encode(event(1, timestamp="2026-13-01T00:00:00Z")), "bad_timestamp"),
    "quality NaN": (encode(event(1, quality_score=float("nan"))), "not_json"),
    "payload NaN": (encode(event(1, payload={"latency_ms": float("nan")})), "not_json"),
    "a field twice": (b'{"id":"a","source":"x","id":"b"}', "repeated_field"),
    "1 MB of rubbish": (b"x" * 1_000_000, "not_json"),
}
