"""Stands between a client and one broker, and may answer that the cluster has no broker: so a broker answers that is the only one, and is about to end."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

METADATA = 3
FLEXIBLE = 9  # from this version on, lists and texts have lengths of variable size
Change = Callable[[bytes, dict[int, int]], bytes]  # of what is in a frame


def varint_at(data: bytes, at: int) -> tuple[int, int]:
    """The number, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def after_text(data: bytes, at: int) -> int:
    length, at = varint_at(data, at)
    return at + max(length - 1, 0)


class MetadataProxy:
    """Answers about brokers name this proxy instead of the broker: a client never talks to the broker itself."""

    def __init__(self, broker: str) -> None:
        host, _, port = broker.rpartition(":")
        self.broker = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.has_brokers = True
        self.advertised = self.port  # as that of every broker
        self.emptied = 0  # answers without brokers
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed
                return
            try:
                broker = socket.create_connection(self.broker)
            except OSError:
                client.close()
                continue
            asked: dict[int, int] = {}  # of requests for metadata that are under way: the version
            threading.Thread(target=self.pass_on, args=(client, broker, asked, self.note), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(broker, client, asked, self.rewrite), daemon=True).start()

    def pass_on(self, source: socket.socket, target: socket.socket, asked: dict[int, int], change: Change) -> None:
        with contextlib.suppress(ConnectionError), source, target, source.makefile("rb") as frames:
            while len(head := frames.read(4)) == 4:
                body = frames.read(struct.unpack(">i", head)[0])
                body = change(body, asked)
                try:
                    target.sendall(struct.pack(">i", len(body)) + body)
                except OSError:
                    return
            target.close()

    def note(self, body: bytes, asked: dict[int, int]) -> bytes:
        key, version, number = struct.unpack_from(">hhi", body)
        if key == METADATA:
            asked[number] = version
        return body

    def rewrite(self, body: bytes, asked: dict[int, int]) -> bytes:
        version = asked.pop(struct.unpack_from(">i", body)[0], None)
        if version is None:
            return body
        assert version >= FLEXIBLE, version
        _, begin = varint_at(body, 4)  # the header's own fields
        begin += 4  # the time for which it throttles
        count, at = varint_at(body, begin)
        brokers = b""
        for _ in range(count - 1):
            node = body[at : at + 4]
            at = after_text(body, after_text(body, at + 4) + 4)  # host, port, rack
            fields, at = varint_at(body, at)
            assert fields == 0
            brokers += node + bytes([len("127.0.0.1") + 1]) + b"127.0.0.1" + struct.pack(">i", self.advertised) + b"\0\0"
        if not self.has_brokers:
            self.emptied += 1
            count, brokers = 1, b""
        return body[:begin] + bytes([count]) + brokers + body[at:]

    def close(self) -> None:
        self.listener.close()
