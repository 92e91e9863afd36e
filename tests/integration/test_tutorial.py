"""docs/your-topic.md, command by command, as a reader would type them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from harness import ROOT, Api, Broker, Smelt, Topic, serving

PAGE = (ROOT / "docs/your-topic.md").read_text()
LISTEN = "http.listen=127.0.0.1:8080"


MESSAGES = subprocess.run([sys.executable, ROOT / "examples/bike-sharing/generate.py", "300"], capture_output=True, check=True).stdout.splitlines()
BIKES = {json.loads(message)["bike_id"] for message in MESSAGES}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def bikes(broker: Broker) -> Iterator[Topic]:
    topic = broker.topic("bikes")
    topic.send(MESSAGES)
    yield topic
    topic.delete()


class Reader:
    def __init__(self, smelt: Smelt) -> None:
        self.smelt, self.api = smelt, Api("")
        self.said: list[str] = []

    def type(self, line: str) -> None:
        program, *words = shlex.split(line)
        if program == "curl":
            self.api.get(words[-1].removeprefix("http://127.0.0.1:8080"))
        elif words[0] == "up":
            self.api = serving(self.smelt.start(*(word.replace(LISTEN, "http.listen=127.0.0.1:0") for word in words)))
        else:
            result = self.smelt.run(*words, json_summary=False)
            assert result.code == 0, (line, result)
            self.said.append(result.stdout)


def test_every_command_of_the_tutorial_works(new_smelt: Callable[..., Smelt], bikes: Topic) -> None:
    reader = Reader(new_smelt(kafka_bootstrap=bikes.broker.address))
    features = reader.smelt.folder / "my/features.yaml"
    (wanted,) = blocks("yaml")
    for block in blocks("sh"):
        if "refine" in block and "publish" in block:
            features.write_text(wanted)
        for line in block.splitlines():
            reader.type(line)
    assert "600 offsets = 600 landed" in "".join(reader.said)
    assert f"600 events into Silver, 0 into quarantine, {len(BIKES)} bikes" in "".join(reader.said)
    page = reader.api.get("/api/v1/bikes?limit=2")
    assert page["total"] == len(BIKES) and {"bike_id", "rides", "highest_fee", "last_station"} <= set(page["items"][0])
    assert reader.api.get("/api/v1/stations")["total"] == 5


def test_the_tutorial_has_the_keys_that_it_speaks_of(new_smelt: Callable[..., Smelt], bikes: Topic) -> None:
    """With a primaryKey, as the page advises, a message that is sent again is a duplicate."""
    smelt = new_smelt(kafka_bootstrap=bikes.broker.address, pipeline_dir="my")
    assert smelt.run("contract", "infer", "--topic", "bikes", "--pipeline", "my", json_summary=False).code == 0
    contract = smelt.folder / "my/contracts/bikes.odcs.yaml"
    text = contract.read_text()
    for name in ("bike_id", "kind", "ts"):
        text, marked = re.subn(rf"(\n +)- name: {name}\n", rf"\g<0>\g<1>  primaryKey: true\n", text)
        assert marked == 2, name
    contract.write_text(text.replace("\n\n", "\n"))
    assert smelt("ingest")["landed"] == 600
    bikes.send(MESSAGES[:20])
    again = smelt("ingest")
    assert (again["landed"], again["duplicates"]) == (0, 20), again
