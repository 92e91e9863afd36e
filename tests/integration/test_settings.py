"""Settings: flags over the environment over the file over the defaults, and the names that existing deployments use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness import ROOT, Json, Smelt


def setting(smelt: Smelt, key: str, *args: str, **env: str) -> tuple[str, str]:
    found: Json = smelt("config", *args, **env)[key]
    return found["value"], found["source"]


def test_each_source_wins_over_the_one_before(offline: Smelt) -> None:
    key = "ingest.batch_rows"
    assert setting(offline, key) == ("196608", "default")
    (offline.folder / "smelt.yaml").write_text("ingest:\n  batch_rows: 1000\n")
    assert setting(offline, key) == ("1000", "smelt.yaml")
    assert setting(offline, key, SMELT_INGEST_BATCH_ROWS="2000") == ("2000", "SMELT_INGEST_BATCH_ROWS")
    assert setting(offline, key, "--set", f"{key}=3000", SMELT_INGEST_BATCH_ROWS="2000") == ("3000", "--set")
    assert setting(offline, key, "--set", f"{key}=3000", "--set", f"{key}=4000") == ("4000", "--set")


def test_another_file_instead_of_smelt_yaml(offline: Smelt) -> None:
    (offline.folder / "smelt.yaml").write_text("kafka.topic: from-the-usual-file\n")
    (offline.folder / "other.yaml").write_text("kafka.topic: from-the-other\n")
    assert setting(offline, "kafka.topic", "-c", "other.yaml") == ("from-the-other", "other.yaml")
    assert offline.run("config", "-c", "missing.yaml").code == 78


def test_names_that_existing_deployments_use(offline: Smelt) -> None:
    del offline.env["SMELT_KAFKA_BOOTSTRAP"]
    assert setting(offline, "kafka.bootstrap") == ("localhost:9092", "default")
    assert setting(offline, "kafka.bootstrap", KAFKA_BOOTSTRAP="old:9092") == ("old:9092", "KAFKA_BOOTSTRAP")
    assert setting(offline, "kafka.bootstrap", KAFKA_BOOTSTRAP="old:9092", SMELT_KAFKA_BOOTSTRAP="new:9092")[0] == "new:9092"


def test_num_events_and_producer_mode(offline: Smelt) -> None:
    assert offline("produce", "--out", "a.jsonl", NUM_EVENTS="123")["events"] == 123
    assert offline("produce", "--out", "b.jsonl", "--events", "7", NUM_EVENTS="123")["events"] == 7
    assert offline("produce", "--out", "c.jsonl")["events"] == 500
    running = offline.start("produce", "--out", "d.jsonl", "--min-wait", "50ms", "--max-wait", "60ms", PRODUCER_MODE="stream")
    running.wait_for_log("batch of")
    assert running.end().code == 0


def test_kafka_properties_pass_through(offline: Smelt) -> None:
    assert setting(offline, "kafka.client.id", SMELT_KAFKA_CLIENT_ID="me") == ("me", "SMELT_KAFKA_CLIENT_ID")
    result = offline.run("ingest", "--set", "kafka.no.such.property=1")
    assert result.code == 78 and "kafka.no.such.property" in result.error


@pytest.mark.parametrize("key", ["kafka.sasl.password", "kafka.ssl.key.pem", "kafka.sasl.oauthbearer.config", "kafka.no.such.property"])
def test_secrets_are_not_printed(offline: Smelt, key: str) -> None:
    result = offline.run("config", **{"SMELT_" + key.upper().replace(".", "_"): "canary-5e1f"})
    assert result.code == 0 and key in result.stdout and "canary" not in result.stdout + result.stderr


def test_the_page_is_what_the_table_says(offline: Smelt) -> None:
    said = offline.run("config", "--markdown", json_summary=False).stdout
    assert (ROOT / "docs/settings.md").read_text() == said, "write it anew: smelt config --markdown >docs/settings.md"


def keys_read(folder: Path) -> set[str]:
    """Every key for which C code asks."""
    texts = [path.read_text() for path in folder.rglob("*.c")]
    return {key for text in texts for key in re.findall(r'settings_(?:text|int|choice|bool)\([^"]*?"([\w.]+)"', text)}


def test_every_key_is_used_and_known(offline: Smelt) -> None:
    """A key that is not in the table ends the process only where it is read; one that nothing reads does nothing."""
    assert keys_read(ROOT / "src") == set(offline("config"))


@pytest.mark.parametrize(
    ("args", "names"),
    [
        (["--set", "kafka.topc=x", "--set", "no.such=1"], "no.such"),
        (["--set", "ingest.batch_rows=many"], "ingest.batch_rows"),
        (["--set", "ingest.commit_interval=1 fortnight"], "ingest.commit_interval"),
        (["--set", "nonsense"], "nonsense"),
        (["--set", "ingest.batchrows=1"], "did you mean 'ingest.batch_rows'?"),
        (["--set", "log.level=loud"], "--set: log.level is 'loud', expected debug, info, warn or error"),
    ],
)
def test_a_wrong_setting_is_named(offline: Smelt, args: list[str], names: str) -> None:
    result = offline.run("config", *args)
    assert result.code == 78 and names in result.error


def test_a_wrong_setting_of_a_file_is_named_with_its_line(offline: Smelt) -> None:
    (offline.folder / "smelt.yaml").write_text("log:\n  format: text\n  level: loud\n")
    result = offline.run("config")
    assert result.code == 78 and "smelt.yaml:3: log.level is 'loud'" in result.error


@pytest.mark.parametrize("args", [["--no-such-option"], ["ingest", "--timeout"], ["no-such-command"], []])
def test_wrong_usage_ends_with_64(offline: Smelt, args: list[str]) -> None:
    result = offline.run(*args, json_summary=False)
    assert result.code == 64 and result.stdout == "" and result.stderr


@pytest.mark.parametrize("command", ["init", "produce", "ingest", "refine", "train", "score", "publish", "run", "up", "serve", "status", "audit", "quarantine", "sql", "config"])
def test_every_command_explains_itself(offline: Smelt, command: str) -> None:
    result = offline.run(command, "--help", json_summary=False)
    assert result.code == 0 and "Examples:" in result.stdout
