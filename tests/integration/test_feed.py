"""What every kind of feed promises, held against a topic of the real broker. The cases are those of the unit test."""

from __future__ import annotations

import re
import subprocess

from harness import BUILD, Broker, clean_environment


def test_a_topic_keeps_the_contract_of_feeds(broker: Broker) -> None:
    environment = clean_environment() | {"SMELT_TEST_BOOTSTRAP": broker.address}
    done = subprocess.run([BUILD / "tests/unit/test_ingest_feed"], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) test\(s\) run", done.stdout + done.stderr)[0]) >= 11
