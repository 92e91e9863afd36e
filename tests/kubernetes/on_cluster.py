"""Smelt on a real cluster (KUBECONFIG), by tools/test-kubernetes. The order is that of an installation's life; the namespace is the tests' own.

Needs a default storage class, NetworkPolicies that are enforced, and leave to cordon a node for half a minute.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cluster import DEPLOY, IMAGES, TOOLS, Json, Shell, Space, kubectl, overlay, pods
from harness import eventually

pytestmark = pytest.mark.timeout(420)
API = "app.kubernetes.io/name=smelt-api"
REFRESH = "app.kubernetes.io/name=pipeline-refresh"


def say(*words: object) -> None:
    print("   ", *words, flush=True)


@pytest.fixture(scope="session")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """The base with the restart of the prototype."""
    made = Space("base")
    try:
        made.apply(overlay(tmp_path_factory.mktemp("base"), made.name, ("rollout-restart",)))
        yield made
    finally:
        made.delete()


@pytest.fixture(scope="session")
def client(space: Space) -> Iterator[Shell]:
    with space.shell("client", smelt_api_client="true") as shell:
        yield shell


def gold(shell: Shell) -> Json:
    """What the API says of itself."""
    found = shell.get("/api/v1/overview")
    return {"generation": found["generation"], "subscribers": found["subscribers"]["total"], "silver": found["events"]["silver"]}


def run_once(space: Space) -> None:
    space.done(space.job("smelt-run"))


def api_pods(space: Space, running: bool = True) -> set[str]:
    pods = space.get("pods", "-l", API)["items"]
    return {pod["metadata"]["name"] for pod in pods if not running or pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]}


@pytest.fixture(scope="session")
def restricted() -> Iterator[Space]:
    """An empty namespace with the labels of the base's."""
    made = Space("empty")
    try:
        (namespace,) = [thing for thing in yaml.safe_load_all((DEPLOY / "base/namespace.yaml").read_text())]
        namespace["metadata"]["name"] = made.name
        kubectl("apply", "-f", "-", given=json.dumps(namespace))
        eventually("its default account", lambda: made("get", "serviceaccounts", "-o", "name"), 30)
        yield made
    finally:
        made.delete()


def bare_pod(name: str, template: Json) -> Json:
    """As its workload would make it, but for the account and the volume of a claim, which are not here."""
    spec = template["spec"] | {"serviceAccountName": "default", "restartPolicy": "Never"}
    if "data" not in {volume["name"] for volume in spec.get("volumes", [])}:
        spec["volumes"] = [*spec.get("volumes", []), {"name": "data", "emptyDir": {}}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize("name", sorted(path.name for path in DEPLOY.glob("overlays/*")))
def test_every_overlay_is_admitted(name: str, restricted: Space, tmp_path: Path, crds: None) -> None:
    """By the API server; its pods too, by themselves, since Pod Security only warns of a workload and refuses its pods. Nothing is kept."""
    manifests = overlay(tmp_path, restricted.name, base=f"overlays/{name}")
    done = kubectl("apply", "--dry-run=server", "-f", "-", given=manifests)
    assert "Warning" not in done.stderr, done.stderr
    bare = [bare_pod(word, template) for word, template in pods(manifests)]
    kubectl("-n", restricted.name, "create", "--dry-run=server", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": bare}))
    say(name, f"admitted: {len(done.stdout.splitlines())} objects, and the pods of {len(bare)} workloads by Pod Security")


@pytest.fixture(scope="session")
def crds() -> Iterator[None]:
    """The kinds of the Prometheus operator, unless they are there."""
    folder = TOOLS / "crds"
    there = kubectl("get", "crd", "servicemonitors.monitoring.coreos.com", check=False).returncode == 0
    if not there:
        kubectl("apply", "--server-side", "-f", str(folder))
        kubectl("wait", "--for=condition=Established", "-f", str(folder), "--timeout=60s")
    yield
    if not there:
        kubectl("delete", "-f", str(folder), "--timeout=60s")


def test_pod_security_refuses_what_is_not_restricted(restricted: Space) -> None:
    refused = kubectl("-n", restricted.name, "run", "root", f"--image={IMAGES['smelt']}", "--dry-run=server", check=False)
    assert refused.returncode != 0 and 'violates PodSecurity "restricted' in refused.stderr
    say(refused.stderr.strip()[:160])


def test_kafka_and_the_producer_come_up(space: Space) -> None:
    space.ready("statefulset/kafka")
    space.ready("deployment/smelt-producer")


def test_events_of_the_stream_arrive_in_gold(space: Space, client: Shell) -> None:
    run_once(space)
    space.ready("deployment/smelt-api")
    before = gold(client)
    assert before["subscribers"] > 0
    eventually("more events in Gold", lambda: (run_once(space), gold(client)["silver"] > before["silver"])[1], 60)
    say(before, "->", gold(client))


def test_kafka_keeps_its_data_when_its_pod_is_deleted(space: Space) -> None:
    """Somebody else reads the whole topic before and after, into a lake that goes with its pod."""
    space("scale", "deployment/smelt-producer", "--replicas=0")
    space("wait", "--for=delete", "pod", "-l", "app.kubernetes.io/name=smelt-producer", "--timeout=60s")
    read = ("--set", "data.dir=/tmp/lake", "ingest")
    before = space.smelt(*read, data=False)
    old = space.get("pod", "kafka-0")["metadata"]["uid"]
    space("delete", "pod", "kafka-0")
    eventually("another kafka-0", lambda: space.get("pod", "kafka-0")["metadata"]["uid"] != old, 60)
    space.ready("statefulset/kafka")
    after = space.smelt(*read, data=False)
    assert before["landed"] == after["landed"] > 0 and before["partitions"] == after["partitions"]
    say(f"{before['landed']} events before, {after['landed']} after; next offsets", [p["next_offset"] for p in after["partitions"]])
    run_once(space)  # the lake finds the topic that it knows
    audit = space.smelt("audit")
    assert audit["ok"] and audit["landed"] >= after["landed"]
    space("scale", "deployment/smelt-producer", "--replicas=1")


def test_network_policies_let_through_what_is_named(space: Space) -> None:
    """(host, port) -> who gets there: everybody has DNS, and a label is needed for the rest."""
    goals = {("kafka", 9092): {"kafka_client"}, ("smelt-api", 80): {"smelt_api_client"}, ("kubernetes.default", 443): set()}
    for label in ("stranger", "kafka_client", "smelt_api_client"):
        with space.shell(label.replace("_", "-"), **{label: "true"}) as shell:
            assert shell("getent hosts kafka", check=False).returncode == 0, "DNS is for everybody"
            for (host, port), who in goals.items():
                assert shell.reaches(host, port) == (label in who), f"{label} to {host}:{port}"
            say(label, "reaches", [host for (host, _), who in goals.items() if label in who] or "nothing but DNS")
    other = Space("other")
    try:
        kubectl("create", "namespace", other.name)
        with other.shell("stranger", kafka_client="true", smelt_api_client="true") as shell:
            api, kafka = f"smelt-api.{space.name}", f"kafka.{space.name}"
            assert shell("getent hosts " + api, check=False).returncode == 0
            assert not shell.reaches(api, 80) and not shell.reaches(kafka, 9092), "labels of pods count in their own namespace only"
            kubectl("label", "namespace", other.name, "smelt-api-client=true")
            eventually("a labelled namespace", lambda: shell.reaches(api, 80), 30)
            assert not shell.reaches(kafka, 9092)
            say("another namespace reaches nothing; labelled smelt-api-client=true, the API alone")
    finally:
        other.delete()


def test_no_request_fails_while_a_generation_is_published(space: Space, client: Shell) -> None:
    before = gold(client)["generation"]
    with client.probing() as count:
        run_once(space)
        eventually("the new generation", lambda: gold(client)["generation"] > before, 30)
    say(f"generation {before} -> {gold(client)['generation']}: {count['ok']} requests, {count['failed']} failed")


def test_no_request_fails_while_the_api_is_restarted_by_its_account(space: Space, client: Shell) -> None:
    old = api_pods(space)
    with client.probing() as count:
        job = space.job("pipeline-refresh")
        space.done(job, 240)
        eventually("the old pods gone", lambda: not old & api_pods(space, running=False), 90)
    say(space("logs", f"job/{job}", "--all-containers").splitlines()[-1])
    assert len(api_pods(space)) == 2
    say(f"{sorted(old)} -> {sorted(api_pods(space))}: {count['ok']} requests, {count['failed']} failed")


def rules_of(space: Space, account: str) -> set[tuple[tuple[str, ...], ...]]:
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": space.name}}
    answer = kubectl("create", "--validate=false", "-f", "-", "-o", "json", f"--as={account}", given=json.dumps(review)).stdout
    keys = ("verbs", "apiGroups", "resources", "resourceNames")
    return {tuple(tuple(sorted(rule.get(key, []))) for key in keys) for rule in json.loads(answer)["status"]["resourceRules"]}


def test_rbac_denies_everything_else(space: Space) -> None:
    account = f"system:serviceaccount:{space.name}:pipeline-refresh"
    everybody = rules_of(space, f"system:serviceaccount:{space.name}:default")
    own = rules_of(space, account) - everybody
    assert own == {(("get", "list", "patch", "watch"), ("apps",), ("deployments",), ("smelt-api",))}
    denied = ("delete deployment/smelt-api", "patch deployment/smelt-producer", "patch statefulset/kafka", "update deployment/smelt-api", "create deployments",
              "patch deployment/smelt-api --subresource=scale", "get secrets", "list pods", "create pods", "create pods --subresource=exec", "get configmaps",
              "create jobs.batch", "patch cronjob/smelt-run", "get nodes", "list namespaces", "patch deployment/smelt-api -n default")  # fmt: skip
    for words in denied:
        answer = kubectl("auth", "can-i", *words.split(), *([] if " -n " in words else ["-n", space.name]), f"--as={account}", check=False)
        assert answer.stdout.strip() == "no", f"{words}: {answer.stdout}"
    say("beside what every account may, pipeline-refresh may", own, "-", len(denied), "other things: no")
    for name in ("kafka", "smelt-api", "smelt-producer", "smelt-run"):
        answer = kubectl("auth", "can-i", "get", "deployment/smelt-api", "-n", space.name, f"--as=system:serviceaccount:{space.name}:{name}", check=False)
        assert answer.stdout.strip() == "no", name


def test_no_request_fails_while_a_drain_is_held_by_the_budget(space: Space, client: Shell) -> None:
    node = space.get("pods", "-l", API)["items"][0]["spec"]["nodeName"]
    try:
        with client.probing() as count:
            drain = kubectl("drain", node, f"--pod-selector={API}", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=25s", check=False)
            assert drain.returncode != 0 and "violate the pod's disruption budget" in drain.stderr, drain.stderr
            assert len(api_pods(space)) >= 1
    finally:
        kubectl("uncordon", node)
    say(next(line for line in drain.stderr.splitlines() if "disruption budget" in line)[:140])
    say(f"{count['ok']} requests, {count['failed']} failed")
    space.ready("deployment/smelt-api")


def test_the_schedule_runs_one_job_at_a_time_and_waits_for_the_lake(space: Space) -> None:
    """While somebody else holds the lake, the Job of the schedule waits with exit code 75, does not fail, and keeps the next one from beginning."""
    space.pod("holder", IMAGES["smelt"], None, ["ingest", "--follow"], {"kafka-client": "true"}, data=True)
    space("wait", "--for=condition=Ready", "pod/holder", "--timeout=60s")
    eventually("the lake is held", lambda: "smelt ingest" in space("exec", "deployment/smelt-api", "--", "smelt", "status", check=False), 30)
    space("patch", "cronjob/smelt-run", "-p", '{"spec": {"schedule": "* * * * *"}}')
    try:
        (job,) = eventually("a job of the schedule", lambda: space.jobs_of_the_schedule("smelt-run"), 90)
        name = job["metadata"]["name"]
        eventually("exit code 75", lambda: 75 in exit_codes(space, name), 60)
        eventually("a second one forbidden", lambda: "JobAlreadyActive" in space("get", "events", "-o", "jsonpath={..reason}"), 90)
        assert [j["metadata"]["name"] for j in space.jobs_of_the_schedule("smelt-run")] == [name]
        assert space.condition(name) == ""
        say(name, "waits, exit codes", exit_codes(space, name), "- and the next one: JobAlreadyActive")
        space("patch", "cronjob/smelt-run", "-p", '{"spec": {"suspend": true}}')
        space("delete", "pod", "holder")
        space.done(name, 150)
        say(name, "is done, exit codes", exit_codes(space, name))
    finally:
        space("patch", "cronjob/smelt-run", "-p", '{"spec": {"schedule": "*/30 * * * *", "suspend": false}}')
        space("delete", "pod", "holder", "--ignore-not-found", "--wait=false")
    assert space.smelt("audit")["ok"]


def exit_codes(space: Space, job: str) -> list[int]:
    pods = space.get("pods", "-l", f"batch.kubernetes.io/job-name={job}")["items"]
    ends = [status["state"]["terminated"] for pod in pods for status in pod["status"].get("containerStatuses", []) if "terminated" in status["state"]]
    return [end["exitCode"] for end in sorted(ends, key=lambda end: end["finishedAt"])]


def test_what_cannot_pass_fails_at_once(space: Space) -> None:
    """A wrong setting (78) is not tried again."""
    job = space.get("cronjob", "smelt-run")["spec"]["jobTemplate"]
    job["spec"]["template"]["spec"]["containers"][0]["args"] = ["run", "--set", "lake.threads=many"]
    space("create", "-f", "-", given=json.dumps({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "wrong", "labels": job["metadata"]["labels"]}, "spec": job["spec"]}))
    assert eventually("the end", lambda: space.condition("wrong"), 60) == "Failed"
    assert exit_codes(space, "wrong") == [78]
    say("one pod, exit code 78:", space.get("job", "wrong")["status"]["conditions"][0]["reason"])


def test_streaming(tmp_path: Path) -> None:
    """One `smelt up`: what the producer sends is served without a run."""
    space = Space("streaming")
    try:
        space.apply(overlay(tmp_path, space.name, ("streaming",)))
        space.ready("deployment/smelt-api")
        assert space("get", "cronjobs,pdb", "-o", "name") == ""
        with space.shell("client", smelt_api_client="true") as client:
            first = eventually("events in Gold", lambda: gold(client)["subscribers"] > 0 and gold(client), 90)
            then = eventually("more of them", lambda: gold(client)["silver"] > first["silver"] and gold(client), 30)
        say(first, "->", then)
    finally:
        space.delete()


def test_kafka_on_three_nodes(tmp_path: Path) -> None:
    """Three controllers and three brokers on a pool of nodes; with a broker gone everything is still acknowledged, and nothing is lost."""
    space = Space("ha")
    node = kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}").stdout
    try:
        kubectl("label", "node", node, "agentpool=smelt", "--overwrite")
        space.apply(overlay(tmp_path, space.name, ("kafka-ha", "node-placement"), replicas=[{"name": "smelt-producer", "count": 0}]))
        space.ready("statefulset/kafka-controller")
        space.ready("statefulset/kafka")
        bootstrap = ("--set", "kafka.bootstrap=kafka-0.kafka-nodes:9092,kafka-1.kafka-nodes:9092,kafka-2.kafka-nodes:9092")
        assert space.smelt(*bootstrap, "produce", "--events", "2000", data=False)["acknowledged"] == 2000
        space("delete", "pod", "kafka-1", "--wait=false")
        assert space.smelt(*bootstrap, "produce", "--events", "2000", data=False)["acknowledged"] == 2000
        run_once(space)
        audit = space.smelt("audit")
        assert audit["ok"] and audit["offsets"] == 4000
        space.ready("statefulset/kafka")
        say("six nodes; 4000 events acknowledged, half of them with a broker gone;", {key: audit[key] for key in ("offsets", "landed", "missing", "repeated")})
    finally:
        kubectl("label", "node", node, "agentpool-", check=False)
        space.delete()
