"""Metrics, alerts and dashboards: what Smelt says, what its table says that it says, and what deploy/observability makes of it, with a real Prometheus."""

from __future__ import annotations

import enum
import json
import os
import re
import subprocess
import typing
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog import encoder, plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from harness import FREE_PORT, ROOT, Api, Json, Smelt, Topic, eventually, events, free_port, history, serving

FOLDER = ROOT / "deploy/observability"
BOARDS = sorted(FOLDER.glob("grafana/*.json"))
SERVE = (*FREE_PORT, "--set", "status.interval=200ms")
EVERYWHERE = {"job", "instance", "namespace", "le"}  # labels that Prometheus adds, and the histogram's own


def promtool(*args: str | Path, text: str | None = None) -> None:
    done = subprocess.run([os.environ["PROMTOOL"], *args], input=text, cwd=FOLDER, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def rules() -> list[Json]:
    return [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]


def alerts() -> list[Json]:
    return [rule for rule in rules() if "alert" in rule]


def panels(board: Path) -> list[Json]:
    return [panel for panel in json.loads(board.read_text())["panels"] if panel["type"] != "row"]


def queries(board: Path) -> list[tuple[str, str]]:
    """Title of the panel and query, with the variables as Grafana would fill them in."""
    values = {"$job": "smelt", "$__rate_interval": "1m"}
    found = []
    for panel in panels(board):
        for target in panel["targets"]:
            query = target["expr"]
            for name, value in values.items():
                query = query.replace(name, value)
            assert "$" not in query, query
            found.append((panel["title"], query))
    return found


@pytest.fixture(scope="module")
def table(binary: Path) -> dict[str, Json]:
    """Every metric that the code knows, by name."""
    said = subprocess.run([binary, "serve", "--metrics", "--json"], capture_output=True, text=True, check=True).stdout
    return {metric["name"]: metric for metric in json.loads(said)["metrics"]}


# ---- the files ----


def test_the_page_is_what_the_table_says(binary: Path) -> None:
    said = subprocess.run([binary, "serve", "--metrics"], capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs/metrics.md").read_text() == said, "write it anew: smelt serve --metrics >docs/metrics.md"


def test_alerts_do_what_they_promise() -> None:
    promtool("check", "config", "prometheus.yaml")
    promtool("check", "rules", "alerts.yaml")
    promtool("test", "rules", "alerts_test.yaml")


def test_every_alert_is_shown_to_fire_and_to_be_silent() -> None:
    said: dict[str, set[bool]] = {alert["alert"]: set() for alert in alerts()}
    for test in yaml.safe_load((FOLDER / "alerts_test.yaml").read_text())["tests"]:
        for case in test["alert_rule_test"]:
            said[case["alertname"]].add(bool(case["exp_alerts"]))
            if test["name"] == "all is well":
                assert not case["exp_alerts"]
    assert {name for name, ways in said.items() if ways != {True, False}} == set()


def test_every_alert_has_its_row_in_the_runbook() -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    for alert in alerts():
        page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        assert (page, anchor) == ("docs/runbook.md", alert["alert"].lower())
        assert f'| <a id="{anchor}"></a>{alert["alert"]} |' in runbook, anchor
        assert alert["labels"]["severity"] in ("critical", "warning")
    named = set(re.findall(r'<a id="(smelt\w+)">', runbook))
    assert named == {alert["alert"].lower() for alert in alerts()}


def all_queries() -> list[str]:
    return [rule["expr"] for rule in rules()] + [query for board in BOARDS for _, query in queries(board)]


def base_name(name: str) -> str:
    return re.sub(r"(_duration_seconds)_(bucket|sum|count)$", r"\1", name)


def test_what_is_queried_exists_and_what_exists_is_queried(table: dict[str, Json]) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    seen = set()
    for query in all_queries():
        for name, _, selected in re.findall(r"\b((?:smelt|process)[_:][\w:]+)(\{([^}]*)\})?", query):
            if ":" in name:
                assert name in recorded, query
                continue
            assert base_name(name) in table, f"{name}: {query}"
            seen.add(base_name(name))
            known = EVERYWHERE | set(table[base_name(name)]["labels"].split(", "))
            assert set(re.findall(r'(\w+)\s*[=!]', selected)) <= known, query
    assert set(table) - seen == set()


# ---- dashboards against Grafana's own types ----


def assert_type(value: Any, kind: Any, where: str) -> None:
    """The SDK reads anything; what is not of the type that it declares is a fault all the same."""
    origin = typing.get_origin(kind)
    if kind is typing.Any or (value is None and origin is typing.Union):
        return
    if origin is typing.Union:
        assert any(fits(value, one, where) for one in typing.get_args(kind)), f"{where}: {value!r} is not {kind}"
    elif origin in (list, dict):
        assert isinstance(value, origin), f"{where}: {value!r} is not {kind}"
        inner = typing.get_args(kind)[-1]
        for at, item in value.items() if origin is dict else enumerate(value):
            assert_type(item, inner, f"{where}.{at}")
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        assert value in {member.value for member in kind} or isinstance(value, kind), f"{where}: {value!r} is not {kind}"
    elif origin is not typing.Literal and isinstance(kind, type):
        assert isinstance(value, (int, float) if kind is float else kind), f"{where}: {value!r} is not {kind}"
        assert_members(value, where)


def assert_members(value: Any, where: str) -> None:
    if not type(value).__module__.startswith("grafana_foundation_sdk"):
        return
    for name, kind in typing.get_type_hints(type(value)).items():
        assert_type(getattr(value, name), kind, f"{where}.{name}")


def fits(value: Any, kind: Any, where: str) -> bool:
    try:
        assert_type(value, kind, where)
    except AssertionError:
        return False
    return True


def assert_kept(before: Any, after: Any, where: str) -> None:
    """What Grafana's types do not know is gone after reading and writing."""
    if isinstance(before, dict):
        for key, value in before.items():
            assert key in after, f"{where}: Grafana knows no {key}"
            assert_kept(value, after[key], f"{where}.{key}")
    elif isinstance(before, list):
        assert len(before) == len(after), where
        for at, (one, other) in enumerate(zip(before, after, strict=True)):
            assert_kept(one, other, f"{where}[{at}]")
    else:
        assert before == after, f"{where}: {before!r} became {after!r}"


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.name)
def test_dashboards_are_what_grafana_knows(board: Path) -> None:
    plugins.register_default_plugins()
    document = json.loads(board.read_text())
    dashboard = Dashboard.from_json(document)
    assert_members(dashboard, board.name)
    assert_kept(document, json.loads(encoder.JSONEncoder().encode(dashboard)), board.name)


@pytest.mark.parametrize("change", [("title", 5), ("panels", 1, "kind", "stat"), ("panels", 1, "options", "textMod", "auto"), ("panels", 1, "gridPos", "w", "wide"),
                                    ("panels", 1, "options", "colorMode", "purple"), ("panels", 1, "targets", 0, "exp", "up")])  # fmt: skip
def test_a_dashboard_that_grafana_does_not_know_is_refused(change: tuple[Any, ...]) -> None:
    plugins.register_default_plugins()
    document = json.loads(BOARDS[0].read_text())
    place = document
    for key in change[:-2]:
        place = place[key]
    place[change[-2]] = change[-1]
    with pytest.raises((AssertionError, ValueError, AttributeError)):
        dashboard = Dashboard.from_json(document)
        assert_members(dashboard, "broken")
        assert_kept(document, json.loads(encoder.JSONEncoder().encode(dashboard)), "broken")


def test_panels_lie_side_by_side_and_are_named_once() -> None:
    uids = {board: json.loads(board.read_text())["uid"] for board in BOARDS}
    assert len(BOARDS) == len(set(uids.values())) == 2
    for board in BOARDS:
        everything = json.loads(board.read_text())["panels"]
        assert len({panel["id"] for panel in everything}) == len(everything)
        taken: set[tuple[int, int]] = set()
        for panel in everything:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
            taken |= cells


def test_compose_brings_grafana_what_it_provisions() -> None:
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    mounts = {target: FOLDER / source for source, target, *_ in (volume.split(":") for service in services.values() for volume in service["volumes"]) if source.startswith(".")}
    for source in mounts.values():
        assert source.exists(), source
    provider = yaml.safe_load((FOLDER / "grafana/provisioning/dashboards/smelt.yaml").read_text())["providers"][0]
    found = {source for target, source in mounts.items() if str(Path(target).parent) == provider["options"]["path"]}
    assert found == set(BOARDS)
    address = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"][0]["url"]
    assert address == "http://prometheus:9090"


# ---- what a real smelt says ----

Samples = dict[str, list[tuple[dict[str, str], float]]]


def scrape(api: Api) -> Samples:
    return parse(scrape_text(api))


def scrape_text(api: Api) -> str:
    code, kind, body = api.ask("/metrics")
    assert (code, kind) == (200, "text/plain")
    return body.decode()


def parse(text: str) -> Samples:
    found: Samples = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            assert match, line
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            found.setdefault(match[1], []).append((labels, float(match[3])))
    return found


def value(samples: Samples, name: str, **labels: str) -> float | None:
    for has, number in samples.get(name, []):
        if labels.items() <= has.items():
            return number
    return None


def until(api: Api, what: str, name: str, number: float, **labels: str) -> Samples:
    return eventually(what, lambda: (samples := scrape(api)) and value(samples, name, **labels) == number and samples)


def assert_as_documented(api: Api, table: dict[str, Json]) -> set[str]:
    """promtool is content, and each sample has a line in the table and exactly its labels. Returns the names."""
    text = scrape_text(api)
    promtool("check", "metrics", text=text)
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    for name, samples in parse(text).items():
        metric = table[base_name(name)]
        assert types[base_name(name)] == metric["type"]
        for labels, number in samples:
            assert set(labels) - {"le"} == set(filter(None, metric["labels"].split(", "))), name
            assert not name.endswith("_timestamp_seconds") or 1.6e9 < number < 4e9, (name, number)
    return set(types)


# of contracts with slaProperties, which those of the built-in pipeline do not have: test_quality.py
PROMISED = {f"smelt_contract_{what}_seconds" for what in ("freshness", "latency", "retention", "newest_event_timestamp", "oldest_event_timestamp")}


def test_a_server_says_what_the_table_says(new_smelt: Callable[..., Smelt], topic: Topic, tmp_path: Path, table: dict[str, Json]) -> None:
    smelt = new_smelt(topic, backup_dir=str(tmp_path / "backup"))
    history(smelt, 3000)
    smelt("run")
    topic.send(events(0, 7))
    smelt("ingest")
    topic.send(events(7, 5))
    smelt("publish")  # with 7 that wait to be refined
    running = smelt.start("serve", *SERVE)
    api = serving(running)
    samples = until(api, "the parts were looked at", "smelt_kafka_up", 1)
    assert value(samples, "smelt_snapshot_generation") == value(samples, "smelt_snapshot_newest_generation") == 2
    assert value(samples, "smelt_refine_pending_events") == 7
    assert sum(number for _, number in samples["smelt_partition_lag_events"]) == 5
    assert sum(number for _, number in samples["smelt_bronze_offsets_total"]) == 3007
    assert sum(number for _, number in samples["smelt_partition_end_offset"]) == 3012
    assert value(samples, "smelt_runs_total", state="done") == 1 and value(samples, "smelt_last_run_state", state="done") == 1
    assert {labels["step"] for labels, _ in samples["smelt_last_run_step_duration_seconds"]} == {"ingest", "refine", "train", "score", "publish"}
    said = assert_as_documented(api, table)
    holding = smelt.start("run", "--set", "kafka.bootstrap=127.0.0.1:1", "--set", "ingest.timeout=1h")
    until(api, "a run is at work", "smelt_run_running", 1)
    said |= assert_as_documented(api, table)
    assert set(table) - said == PROMISED, "never said"
    assert holding.end(seconds=10).code == 130
    samples = until(api, "the run was stopped", "smelt_runs_total", 1, state="stopped")
    assert value(samples, "smelt_run_running") == 0
    assert running.end().code == 0


def test_up_says_the_same_live(smelt: Smelt, table: dict[str, Json]) -> None:
    history(smelt, 1000)
    running = smelt.start("up", *SERVE, "--set", "up.publish_interval=1s")
    api = serving(running)
    eventually("everything landed", lambda: sum(number for _, number in scrape(api).get("smelt_bronze_offsets_total", [])) == 1000)
    until(api, "a publish was a run", "smelt_last_run_state", 1, state="done")
    eventually("trained", lambda: value(scrape(api), "smelt_model_auc") is not None)
    assert value(scrape(api), "smelt_snapshot_generation") == 0
    said = assert_as_documented(api, table)
    only_snapshots = {"smelt_snapshot_published_timestamp_seconds", "smelt_backup_timestamp_seconds"}
    waiting = {"smelt_refine_pending_since_timestamp_seconds", "smelt_run_started_timestamp_seconds"}
    assert set(table) - said - waiting == only_snapshots | PROMISED
    assert running.end(seconds=15).code == 0


def test_serve_sees_runs_that_published_nothing(smelt: Smelt, topic: Topic) -> None:
    history(smelt, 1000)
    smelt("run")
    running = smelt.start("serve", *SERVE)
    api = serving(running)
    until(api, "all is well", "smelt_last_run_state", 1, state="done")
    away = ("--set", "kafka.bootstrap=127.0.0.1:1", "--set", "run.attempts=1")
    smelt.run("run", *away, "--set", "ingest.timeout=500ms")
    samples = until(api, "a run failed", "smelt_runs_total", 1, state="failed")
    assert value(samples, "smelt_last_run_state", state="failed") == 1 and value(samples, "smelt_run_failures_total", step="ingest") == 1
    assert value(samples, "smelt_runs_total", state="done") == 1
    parts = {part["name"]: part for part in api.get("/api/v1/status")["components"]}
    assert parts["runs"]["state"] == "degraded" and "ended as failed" in parts["runs"]["detail"]

    killed = smelt.start("run", *away, "--set", "ingest.timeout=1h")
    until(api, "a run is at work", "smelt_run_running", 1)
    assert killed.kill()
    until(api, "it is missed", "smelt_last_run_state", 1, state="lost")

    good = smelt.lake.read_bytes()
    smelt.lake.write_bytes(b"not a database" * 1000)
    assert smelt.run("run").code == 74
    samples = until(api, "the lake could not be opened", "smelt_run_failures_total", 1, step="open")
    smelt.lake.write_bytes(good)
    assert running.end().code == 0


# ---- a real Prometheus ----


class Prometheus:
    """With our rules, scraping one address four times a second."""

    def __init__(self, folder: Path, target: str) -> None:
        config = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
        config["global"] |= {"scrape_interval": "250ms", "evaluation_interval": "250ms"}
        config["rule_files"] = [str(FOLDER / name) for name in config["rule_files"]]
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
        del config["scrape_configs"][1:]
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        address = f"127.0.0.1:{free_port()}"
        command = [os.environ["PROMETHEUS"], f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address={address}"]
        with (folder / "prometheus.log").open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.url = f"http://{address}"

    def get(self, path: str, **query: str) -> Any:
        answer = Api(self.url).get(f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
        assert answer["status"] == "success" and not answer.get("warnings"), answer
        return answer["data"]

    def query(self, promql: str) -> list[Json]:
        return self.get("query", query=promql)["result"]

    def is_ready(self) -> bool:
        try:
            return Api(self.url).ask("/-/ready")[0] == 200
        except OSError:
            return False


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Callable[[str], Prometheus]]:
    made: list[Prometheus] = []

    def make(target: str) -> Prometheus:
        made.append(Prometheus(tmp_path, target))
        eventually("Prometheus is ready", made[-1].is_ready)
        return made[-1]

    yield make
    for one in made:
        one.process.kill()  # nobody wants what it has stored
        one.process.wait(10)


# needs an hour of samples, or something to have gone wrong, or a process that is at work just now
EMPTY = {"Bad events, last hour", "Bad events", "Running for", "Age"}


def test_a_real_prometheus_answers_every_panel(smelt: Smelt, topic: Topic, prometheus: Callable[[str], Prometheus]) -> None:
    history(smelt, 3000)
    smelt("run")
    running = smelt.start("serve", *SERVE)
    api = serving(running)
    real = prometheus(api.url.removeprefix("http://"))
    until(api, "the parts were looked at", "smelt_kafka_up", 1)
    for path in ("/api/v1/overview", "/api/v1/subscribers?limit=5", "/readyz"):
        api.ask(path)
    eventually("some scrapes", lambda: real.query('count_over_time(up{job="smelt"}[1m]) > 4 and on() smelt_kafka_up'))
    eventually("rules were recorded", lambda: real.query("smelt:lag_events") and real.query("smelt:bad_events"))
    empty = set()
    for board in BOARDS:
        for title, query in queries(board):
            if not real.query(query):
                empty.add(title)
    assert empty <= EMPTY, empty - EMPTY
    for group in real.get("rules")["groups"]:
        for rule in group["rules"]:
            assert rule["health"] == "ok" and not rule.get("lastError"), rule
    (target,) = real.get("targets")["activeTargets"]
    assert target["health"] == "up" and not target["lastError"]
    assert firing(real) <= {"SmeltNoNewEvents"}, "all is well"

    smelt.run("run", "--set", "kafka.bootstrap=127.0.0.1:1", "--set", "run.attempts=1", "--set", "ingest.timeout=500ms")
    eventually("an alert fires", lambda: "SmeltRunFailed" in firing(real))
    assert running.end().code == 0
    eventually("the target is down", lambda: "SmeltDown" in firing(real, "pending"))


def firing(real: Prometheus, state: str = "firing") -> set[str]:
    return {alert["labels"]["alertname"] for alert in real.get("alerts")["alerts"] if alert["state"] == state}
