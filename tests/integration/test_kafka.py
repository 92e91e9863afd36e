"""What a Kafka cluster may refuse or ask of its clients, and what Smelt says then."""

from __future__ import annotations

import http.server
import socket
import socketserver
import threading
import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AclOperation, ResourceType
from harness import FREE_PORT, Smelt, Topic, events, eventually
from rights import Allowed, Denied


def test_no_rights_on_a_group_are_needed_to_read(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100))
    with Denied(topic.broker, ResourceType.GROUP, topic.name, AclOperation.READ):
        result = smelt.run("ingest")
        assert result.code == 0 and result.summary["landed"] == 100, result
        running = smelt.start("ingest", "--follow")
        topic.send(events(100, 50))
        eventually("landed", lambda: smelt.peek("SELECT count(*) FROM bronze_raw_events") == 150)
        topic.send(events(150, 50))
        eventually("landed", lambda: smelt.peek("SELECT count(*) FROM bronze_raw_events") == 200)
        ended = running.end()
    assert ended.code == 0 and ended.stderr.count("the right READ on the group") <= 1
    assert (result.stderr + ended.stderr).count("no right READ on the group") >= 1
    assert smelt("ingest")["landed"] == 0


@pytest.mark.parametrize("right", ["READ", "DESCRIBE"])
def test_a_right_that_is_missing_is_named(smelt: Smelt, topic: Topic, right: str) -> None:
    topic.send(events(0, 10))
    with Denied(topic.broker, ResourceType.TOPIC, topic.name, AclOperation[right]):
        result = smelt.run("ingest", "--timeout", "20s")
    assert result.code == 78 and f"{right} " in result.error and "Topic authorization failed" in result.error, result


def test_a_right_that_is_missing_to_send_is_named(smelt: Smelt, topic: Topic) -> None:
    """librdkafka calls it a fatal error of an idempotent producer, and says of what only when it is asked."""
    with Allowed(topic.broker, ResourceType.TOPIC, topic.name, AclOperation.READ):  # which is to describe it too
        result = smelt.run("produce", "--events", "50000")
    assert result.code == 78 and "Topic authorization failed" in result.error, result
    assert f"{topic.name}" in result.error and "WRITE" in result.error and "User:ANONYMOUS" in result.error, result
    assert smelt("produce", "--events", "3")["acknowledged"] == 3


def test_whose_right_is_missing_is_said(smelt: Smelt, topic: Topic) -> None:
    with Denied(topic.broker, ResourceType.TOPIC, topic.name, AclOperation.READ):
        result = smelt.run("ingest", "--timeout", "20s")
    assert result.code == 78 and "User:ANONYMOUS" in result.error, result


def test_a_refusal_is_logged_once_until_it_is_mended(smelt: Smelt, topic: Topic) -> None:
    """The topic can be described meanwhile, and reading it begins."""
    topic.send(events(0, 10))
    with Allowed(topic.broker, ResourceType.TOPIC, topic.name, AclOperation.DESCRIBE):
        running = smelt.start("up", *FREE_PORT, "--set", "log.level=debug")
        running.wait_for_log("it is tried again")
        running.wait_for_log("still: ")
        assert running.stderr.count("it is tried again") == 1 and "can be read again" not in running.stderr, running.stderr
    running.wait_for_log("can be read again")
    assert running.end().code == 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("isolation.level", "read_uncommitted"),
        ("enable.auto.commit", "true"),
        ("auto.commit.enable", "true"),
        ("enable.auto.offset.store", "true"),
        ("auto.offset.reset", "latest"),
        ("enable.partition.eof", "false"),
        ("offset.store.method", "file"),
        ("test.mock.num.brokers", "1"),
        ("group.id", ""),
        ("bootstrap.servers", "localhost:1"),
    ],
)
def test_settings_that_change_a_guarantee_are_refused(smelt: Smelt, topic: Topic, setting: str, value: str) -> None:
    result = smelt.run("ingest", "--set", f"kafka.{setting}={value}", "--timeout", "10s")
    assert result.code == 78 and f"kafka.{setting}" in result.error, result
    assert smelt("ingest")["landed"] == 0


def test_tls_at_a_port_without_it_is_told(smelt: Smelt, topic: Topic) -> None:
    result = smelt.run("ingest", "--timeout", "5s", "--set", "kafka.security.protocol=ssl")
    assert result.code == 69 and "does this port expect TLS? kafka.security.protocol is ssl" in result.error, result


@pytest.mark.parametrize(("answer", "hint"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP"), (b"SSH-2.0-x\r\n", "a broker of Kafka")])
def test_a_port_of_another_protocol_is_told(offline: Smelt, answer: bytes, hint: str) -> None:
    """librdkafka takes the letters for the length of an answer, and advises to allow longer ones."""

    class Stranger(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(100)
            self.request.sendall(answer)
            self.request.recv(1000)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stranger) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        result = offline.run("ingest", "--timeout", "1s", "--set", f"kafka.bootstrap=127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    assert result.code == 69 and hint in result.error and "receive.message.max.bytes" not in result.error, result


def test_a_port_that_answers_nothing_is_told(offline: Smelt) -> None:
    """As of a broker that is frozen: librdkafka guesses that it is older than ten years."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"kafka.bootstrap=127.0.0.1:{silent.getsockname()[1]}"
        result = offline.run("ingest", "--timeout", "3s", "--set", address, "--set", "kafka.socket.timeout.ms=1000")
    assert result.code == 69 and "answers nothing" in result.error and "version < 0.10" not in result.error, result


def test_tokens_that_do_not_come(offline: Smelt) -> None:
    """Who gives them out may be away for a while, which is no mistake in the settings; who refuses is one."""

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = b'{"error": "invalid_client"}'
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    def ingest(url: str) -> tuple[int, str]:
        oidc = {"method": "oidc", "client.id": "a", "client.secret": "secret-canary", "token.endpoint.url": url}
        settings = {"security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER"} | {f"sasl.oauthbearer.{k}": v for k, v in oidc.items()}
        result = offline.run("ingest", "--timeout", "2s", *(word for k, v in settings.items() for word in ("--set", f"kafka.{k}={v}")))
        assert "canary" not in result.stdout + result.stderr
        return result.code, result.error

    code, error = ingest("http://127.0.0.1:1/token")
    assert code == 69 and "kafka.sasl.oauthbearer.token.endpoint.url" in error, error
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, error = ingest(f"http://127.0.0.1:{server.server_address[1]}/token")
        server.shutdown()
    assert code == 78 and "invalid_client" in error and ".client.secret" in error, error


def test_what_waits_behind_an_open_transaction_is_seen(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 20))
    producer = Producer(topic.broker.client_options() | {"transactional.id": topic.name})
    producer.init_transactions(20)
    producer.begin_transaction()
    topic.send(events(20, 1), partition=0, producer=producer)
    topic.send(events(30, 100), partition=0)
    assert smelt("ingest")["landed"] == 20
    (kafka,) = [part for part in smelt.run("status").summary["components"] if part["name"] == "kafka"]
    assert kafka["behind_transactions"] == 101 and "101 messages wait behind an open transaction" in kafka["detail"], kafka
    producer.commit_transaction(20)
    assert smelt("ingest")["landed"] == 101
    (kafka,) = [part for part in smelt.run("status").summary["components"] if part["name"] == "kafka"]
    assert kafka["behind_transactions"] == 0


def test_what_is_being_sent_waits_behind_no_transaction(smelt: Smelt, topic: Topic) -> None:
    """The ends of all that was written and of all that can be read are asked for one after the other, and messages come in between."""
    topic.send(events(0, 20))
    smelt("ingest")
    stopped = threading.Event()

    def go_on_sending() -> None:
        producer = Producer(topic.broker.client_options() | {"linger.ms": 0})
        while not stopped.is_set():
            producer.produce(topic.name, b"x")
            producer.poll(0)
            time.sleep(0.0002)
        producer.flush(20)

    sender = threading.Thread(target=go_on_sending)
    sender.start()
    try:
        for _ in range(12):
            (kafka,) = [part for part in smelt.run("status").summary["components"] if part["name"] == "kafka"]
            assert kafka["behind_transactions"] == 0 and "transaction" not in kafka["detail"], kafka
    finally:
        stopped.set()
        sender.join()


@pytest.mark.parametrize(
    ("prefix", "hint"),
    [
        (b"\x00\x00\x00\x00\x07\x02", "Schema Registry"),  # Avro behind it: JSON would land
        (b"\x1f\x8b\x08\x00\x00", "gzip"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"\xef\xbb\xbf", "byte order mark"),
        (b'"', "serialized it twice"),
    ],
)
def test_messages_that_are_no_events_are_seen(smelt: Smelt, topic: Topic, prefix: bytes, hint: str) -> None:
    topic.send(prefix + value for value in events(0, 30))
    smelt("run")
    (bronze,) = [part for part in smelt.run("status").summary["components"] if part["name"] == "bronze"]
    assert bronze["state"] == "degraded" and "30 messages were no events (100.0%)" in bronze["detail"] and hint in bronze["detail"], bronze
    found = smelt("quarantine", "list")
    assert found["events"] == 30 and hint in found["rules"][0]["reason"], found
    (row,) = smelt("sql", "SELECT * FROM serving_quarantine")["rows"]
    assert (row["layer"], row["events"]) == ("bronze", 30) and hint in row["example"]
