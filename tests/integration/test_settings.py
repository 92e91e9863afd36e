"""Settings: flags over the environment over the file over the defaults, and the names that existing deployments use."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
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


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SMELT_DATA_DIRR", "did you mean 'SMELT_DATA_DIR'?"),
        ("SMELT_DISK_RESRVE", "did you mean 'SMELT_DISK_RESERVE'?"),
        ("SMELT_INGEST_BATCHROWS", "did you mean 'SMELT_INGEST_BATCH_ROWS'?"),
        ("SMELT_KAFK_TOPIC", "did you mean 'SMELT_KAFKA_TOPIC'?"),
        ("SMELT_HTTP_PORT", "there is no setting"),  # a number: no service of Kubernetes
        ("SMELT_LOG_DESTINATION", "there is no setting"),
    ],
)
def test_a_variable_that_is_no_setting_is_named(offline: Smelt, name: str, says: str) -> None:
    result = offline.run("config", **{name: "8080"})
    assert result.code == 78 and name in result.error and says in result.error, result


def test_other_variables_stop_nothing(offline: Smelt) -> None:
    """Those that Kubernetes makes of a service, whatever it is called, and those of tools."""
    injected = {}
    for service in ("SMELT", "SMELT_HTTP", "SMELT_DATA", "SMELT_KAFKA", "SMELT_KAFKA_BOOTSTRAP", "SMELT_LOG"):
        injected |= {f"{service}_SERVICE_HOST": "10.0.0.1", f"{service}_SERVICE_PORT": "8080", f"{service}_SERVICE_PORT_HTTP": "8080"}
        injected |= {f"{service}_PORT": "tcp://10.0.0.1:8080", f"{service}_PORT_8080_TCP": "tcp://10.0.0.1:8080", f"{service}_PORT_8080_TCP_PROTO": "tcp"}
        injected |= {f"{service}_PORT_8080_TCP_PORT": "8080", f"{service}_PORT_8080_TCP_ADDR": "10.0.0.1"}
    others = {"SMELT_IMAGE": "x", "SMELT_VERSION": "0.1.0", "SMELT_DEPS": "/x", "SMELT_FLOW_DIR": "/x", "SMELT_DATA_DIRR": ""}
    assert offline("config", **injected, **others)["kafka.topic"]["source"] == "default"


def test_a_setting_that_a_file_has_twice_is_named_with_both_lines(offline: Smelt) -> None:
    for text in ("kafka:\n  topic: a\nkafka.topic: b\n", "kafka.topic: b\nlog.level: warn\nkafka: {topic: a}\n", "kafka:\n  client:\n    id: a\nkafka.client.id: a\n"):
        (offline.folder / "smelt.yaml").write_text(text)
        result = offline.run("config")
        lines = [n for n, line in enumerate(text.splitlines(), 1) if "topic" in line or "id" in line]
        assert result.code == 78 and f"smelt.yaml:{lines[1]}" in result.error and f"smelt.yaml:{lines[0]}" in result.error, result


def test_what_is_no_file_is_refused_and_not_waited_for(offline: Smelt) -> None:
    """A pipe that nobody writes would be waited for; each is named."""
    os.mkfifo(offline.folder / "pipe")
    shutil.copytree(ROOT / "pipeline", offline.folder / "pipeline")
    offline("token", "create", "x", "--scopes", "status")
    places = {
        offline.folder / "smelt.yaml": ("config",),
        offline.folder / "pipeline/features.yaml": ("contract", "check"),
        next((offline.folder / "pipeline/contracts").glob("*.yaml")): ("contract", "check"),
        offline.data / "tokens.json": ("token", "list"),
        offline.data / "smelt.lock": ("ingest", "--from", "events.jsonl"),
        offline.data / "lake.mark": ("ingest", "--from", "events.jsonl"),
        offline.data / "lake.duckdb": ("ingest", "--from", "events.jsonl"),
    }
    offline("produce", "-n", "5", "--out", "events.jsonl")
    for path, command in places.items():
        kept = path.read_bytes() if path.exists() else None
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        result = offline.run(*command, "--set", "pipeline.dir=pipeline", seconds=20)
        assert result.code in (74, 78) and path.name in result.stdout and "a named pipe" in result.stdout, (path, result)
        offline.run("status", "--set", "pipeline.dir=pipeline" if path.name != "smelt.yaml" else "log.level=info", seconds=30)
        path.unlink()
        if kept is not None:
            path.write_bytes(kept)
    for given, says in (("pipe", "a named pipe"), ("/dev/zero", "a device"), (".", "a folder")):
        result = offline.run("config", "-c", given, seconds=20)
        assert result.code == 78 and given in result.error and says in result.error, result
    script = f"exec {offline.binary} config --json -c <(sleep 0.2; echo 'kafka.topic: given')"  # what the shell hands over is read
    done = subprocess.run(["bash", "-c", script], env=offline.env, cwd=offline.folder, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["kafka.topic"]["value"] == "given", done


@pytest.mark.parametrize("args", [["--no-such-option"], ["ingest", "--timeout"], ["no-such-command"], []])
def test_wrong_usage_ends_with_64(offline: Smelt, args: list[str]) -> None:
    result = offline.run(*args, json_summary=False)
    assert result.code == 64 and result.stdout == "" and result.stderr


@pytest.mark.parametrize("command", ["init", "produce", "ingest", "refine", "train", "score", "publish", "run", "up", "serve", "status", "audit", "quarantine", "sql", "config"])
def test_every_command_explains_itself(offline: Smelt, command: str) -> None:
    result = offline.run(command, "--help", json_summary=False)
    assert result.code == 0 and "Examples:" in result.stdout
