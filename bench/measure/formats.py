"""Ingest of messages in Avro, compared with the same events as JSON."""

import contextlib
import http.server
import json
import threading

from measure.report import at_least, info, median, say
from measure.rounds import log_run, rate, rounds


class Answer(http.server.BaseHTTPRequestHandler):
    """A schema registry that has one schema: it is asked once."""

    def do_GET(self):
        body = json.dumps({"schema": self.server.schema} if "/ids/" in self.path else ["AVRO"]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def registry(schema):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.schema = schema
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def fill_topics(bench, events):
    """The same events twice. Returns the schema."""
    say(f"filling two topics with {events:,} events, as JSON and as Avro")
    bench.produce(events, "none", "--days", "30", "--out", bench.path("formats.jsonl"))
    for topic in ("as-json", "as-avro"):
        bench.smelt("produce", "--events", "1", topic=topic)  # creates the topic
    bench.python("avro_events.py", bench.bootstrap, "as-json", "as-avro", bench.path("formats.jsonl"), bench.path("event.avsc"))
    with open(bench.path("event.avsc"), encoding="utf-8") as file:
        schema = file.read()
    bench.forget("formats.jsonl", "event.avsc")
    return schema


def formats(bench):
    events = bench.options.events
    ratios, speeds = [], []
    with registry(fill_topics(bench, events)) as url:
        for number in rounds(bench):
            say(f"ingest of {events:,} events in two formats, round {number} of {bench.options.rounds}")
            bench.forget("lake-json", "lake-avro")
            plain = log_run("smelt ingest, JSON", events, bench.smelt("ingest", lake="lake-json", topic="as-json"))
            avro = bench.smelt("ingest", lake="lake-avro", topic="as-avro", settings=("kafka.format=avro", f"registry.url={url}"))
            log_run("smelt ingest, Avro", events, avro)
            ratios.append(rate(events, avro) / rate(events, plain))
            speeds.append((rate(events, avro), avro.json()["rejected"]))
    yield at_least("formats", "ingest of Avro / of JSON", median(ratios), 0.6, "", f"{median(s for s, _ in speeds):,.0f} events/s, with the bytes kept")
    yield info("formats", "Avro that was rejected", speeds[0][1], "messages", "one of JSON, that made the topic")
    bench.forget("lake-json", "lake-avro")
    for topic in ("as-json", "as-avro"):
        bench.delete_topic(topic)
