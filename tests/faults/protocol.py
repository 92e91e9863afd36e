"""Row 13: what a broker may answer instead of an answer, by librdkafka's mock broker (tests/faults/mock)."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from confluent_kafka import Producer
from faults import oracle
from faults.bench import Bench, Outcome
from harness import BUILD, Result, Sent, Smelt, Topic, encode, event

PROGRAM = BUILD / "tests/faults/mock/mock_broker"
REQUESTS = {"fetch": 1, "list offsets": 2, "metadata": 3}
QUICK_RETRIES = ("--set", "kafka.retry.backoff.ms=10", "--set", "kafka.retry.backoff.max.ms=50", "--set", "kafka.fetch.error.backoff.ms=10",
                 "--set", "kafka.topic.metadata.refresh.fast.interval.ms=20")  # fmt: skip
LANES = 6
DOCUMENTED = (0, 65, 69, 78)


class Mock:
    """Stands in for the Broker of a Topic."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.codes: dict[int, str] = {}
        self.address = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "ready":
                break
            if words[0] == "bootstrap":
                self.address = words[1]
            else:
                self.codes[int(words[1])] = words[2]
        self.producer = Producer(self.client_options() | {"linger.ms": 0})

    def client_options(self) -> dict[str, Any]:
        return {"bootstrap.servers": self.address, "log_level": 0}

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer == "ok", f"{command}: {answer}"

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)


@contextmanager
def mock_broker() -> Iterator[Mock]:
    mock = Mock()
    try:
        yield mock
    finally:
        mock.end()


class Answer(NamedTuple):
    code: int
    requests: tuple[str, ...]  # the next ones of each kind are answered with the code,
    times: int  # so often


def all_answers(codes: Iterable[int], quick: bool) -> list[Answer]:
    """In the quick run each code meets all kinds of requests in one run of smelt."""
    if quick:
        return [Answer(code, tuple(REQUESTS), 1) for code in codes]
    return [Answer(code, (request,), times) for request in REQUESTS for code in codes for times in (1, 4)]


@dataclass
class Lane:
    """A mock broker and a lake. Several at the same time: they wait more than they work."""

    mock: Mock
    topic: Topic
    smelt: Smelt
    sent: list[Sent] = field(default_factory=list)
    ends: Counter[int] = field(default_factory=Counter)

    def ingest(self) -> Result:
        return self.smelt.run("ingest", "--timeout", "3s", *QUICK_RETRIES)

    def one(self, case: Answer) -> None:
        self.sent += self.topic.send([encode(event(len(self.sent)))])
        for request in case.requests:
            self.mock.tell(f"errors {REQUESTS[request]} {case.code} {case.times}")
        result = self.ingest()
        assert result.code in DOCUMENTED, f"{case} {self.mock.codes[case.code]}: exit {result.code}: {result.stderr}"
        for request in case.requests:
            self.mock.tell(f"clear {REQUESTS[request]}")
        self.ends[result.code] += 1

    def all(self, cases: Sequence[Answer]) -> oracle.Balance:
        self.sent += self.topic.send([encode(event(0))])
        assert self.ingest().code == 0
        for case in cases:
            self.one(case)
        assert self.ingest().code == 0
        return oracle.check(self.smelt, self.sent)


def new_lane(bench: Bench, mock: Mock, number: int) -> Lane:
    topic = Topic(mock, "answers", 1)  # type: ignore[arg-type]
    mock.tell("topic answers 1")
    binary = bench.sanitized if number == 0 else bench.binary  # which codes it meets changes from run to run
    return Lane(mock, topic, bench.smelt(topic, f"lane-{number}", binary))


def injected_answers(bench: Bench, most: int) -> Outcome:
    """Each code: the run copes, or ends with a documented exit code; the next run goes on, and nothing is lost."""
    outcome, ends = Outcome(), Counter[int]()
    with ExitStack() as stack, ThreadPoolExecutor(LANES) as pool:
        lanes = [new_lane(bench, stack.enter_context(mock_broker()), number) for number in range(LANES)]
        cases = bench.pick(all_answers(lanes[0].mock.codes, bench.before < 0), most, outcome)
        for found in pool.map(lambda number: lanes[number].all(cases[number::LANES]), range(LANES)):
            outcome.count(found)
        for lane in lanes:
            ends += lane.ends
    outcome.injected = len(cases)
    outcome.note(f"exit codes {dict(ends)}")
    return outcome
