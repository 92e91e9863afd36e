"""The Kubernetes manifests without a cluster: every overlay, and the base with each set of components that go together, is built by Kustomize,
checked by kubeconform against the schemas of Kubernetes and of the Prometheus operator, judged by kube-score, and asked what schemas do not know.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import DEPLOY, ROOT, TOOLS, Json, objects, pods

pytestmark = pytest.mark.xdist_group("manifests")  # built once for all of them
OVERLAYS = sorted(path.parent.name for path in DEPLOY.glob("overlays/*/kustomization.yaml"))
COMPONENTS = sorted(path.parent.name for path in DEPLOY.glob("components/*/kustomization.yaml"))
# `streaming` takes away what `prefect` suspends
APART = {frozenset({"streaming", "prefect"})}
SETS = [()] + [(name,) for name in COMPONENTS] + [pair for pair in itertools.combinations(COMPONENTS, 2) if frozenset(pair) not in APART]

# What kube-score says and we do on purpose.
ON_PURPOSE = {
    "container-image-pull-policy": "tags are of one version each, and an image that was loaded by hand must do",
    "deployment-has-host-podantiaffinity": "those who share a ReadWriteOnce volume must be on one node",
    "container-security-context-user-group-id": "apache/kafka's own user is 1000",
    "pod-probes-identical": "Kafka speaks its own protocol: a connection is all that a probe can ask",
    "networkpolicy-targets-pod": "clients of the API are yours, and come later",
    "deployment-strategy": "one writer of a lake, one server of a database file: replaced, not doubled",
    "deployment-replicas": "the same",
}


def run(*command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], input=given, capture_output=True, text=True, timeout=60)


def build(folder: Path) -> str:
    done = run(TOOLS / "bin/kustomize", "build", folder)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def composed(folder: Path, components: tuple[str, ...] = (), **more: Any) -> str:
    """An overlay of our own in a new folder."""
    way = Path(os.path.relpath(DEPLOY, folder))
    text = {"resources": [str(way / "base")], "components": [str(way / "components" / name) for name in components], **more}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(text))
    return build(folder)


def invalid(folder: Path) -> dict[str, list[str]]:
    """What kubeconform finds, by the file's name. Once for all files: reading its schemas is what takes it seconds."""
    schemas = TOOLS / "schemas/{{.ResourceKind}}{{.KindSuffix}}.json"
    done = run(TOOLS / "bin/kubeconform", "-strict", "-output", "json", "-summary", "-schema-location", schemas, folder)
    report = json.loads(done.stdout)
    assert report["summary"]["skipped"] == 0 and report["summary"]["valid"] > 0
    found: dict[str, list[str]] = {}
    for resource in report["resources"]:
        found.setdefault(Path(resource["filename"]).stem, []).append(f"{resource['kind']} {resource['name']}: {resource['msg']}")
    return found


def complaints(manifests: str) -> set[str]:
    """Of kube-score, as "check of object"."""
    done = run(TOOLS / "bin/kube-score", "score", "--output-format", "json", "-", given=manifests)
    found = set()
    for thing in json.loads(done.stdout):
        for check in thing["checks"]:
            if not check["skipped"] and check["grade"] < 10 and check["check"]["id"] not in ON_PURPOSE:
                found.add(f"{check['check']['id']} of {thing['object_name']}: {[c['summary'] for c in check['comments'] or []]}")
    return found


def one(manifests: str, kind: str, name: str) -> Json:
    (found,) = [thing for thing in objects(manifests) if (thing["kind"], thing["metadata"]["name"]) == (kind, name)]
    return found


def assert_sound(manifests: str) -> None:
    """What holds for every pod, whatever is put together."""
    accounts = {thing["metadata"]["name"] for thing in objects(manifests) if thing["kind"] == "ServiceAccount"}
    for name, pod in pods(manifests):
        spec = pod["spec"]
        assert spec["enableServiceLinks"] is False, f"{name}: a Service called kafka would set KAFKA_PORT"
        assert spec["serviceAccountName"] in accounts, name
        assert spec["automountServiceAccountToken"] is (name == "pipeline-refresh"), name
        for container in spec["containers"] + spec.get("initContainers", []):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert not container["image"].endswith(":latest") and ":" in container["image"], container["image"]
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"} <= container["resources"]["limits"].keys(), name
        claims = [volume["persistentVolumeClaim"]["claimName"] for volume in spec.get("volumes", []) if "persistentVolumeClaim" in volume]
        if "smelt-data" in claims:
            assert pod["metadata"]["labels"]["volume"] == "smelt-data", f"{name} shares the volume, but does not say so"
            (term,) = spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
            assert term == {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"volume": "smelt-data"}}}, name


def name_of(components: tuple[str, ...]) -> str:
    return "+".join(("base", *components))


def operators_own(folder: Path) -> str:
    """A copy of overlays/standard with another namespace, image, storage class and schedule."""
    text = (DEPLOY / "overlays/standard/kustomization.yaml").read_text()
    for mine, yours in (
        ("namespace: smelt", "namespace: telecom"),
        ("newName: smelt, newTag: 0.1.0", "newName: registry.example.com/smelt, newTag: 9.9.9"),
        ("*/30 * * * *", "*/10 * * * *"),
        ("# - {op: add", "- {op: add"),
        ("managed-csi", "fast"),
        ("../../base", os.path.relpath(DEPLOY / "base", folder)),
    ):
        assert mine in text, mine
        text = text.replace(mine, yours)
    (folder / "kustomization.yaml").write_text(text)
    return build(folder)


MISSPELT = {
    "forbid": ("concurrencyPolicy: Forbid", "concurencyPolicy: Forbid"),
    "label": ("jobLabel:", "joblabel:"),
    "number": ("replicas: 2", "replicas: two"),
}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that is built, by name; the MISSPELT too."""
    folder = tmp_path_factory.mktemp
    made = {overlay: build(DEPLOY / "overlays" / overlay) for overlay in OVERLAYS}
    made |= {name_of(set_): composed(folder("composed"), set_) for set_ in SETS}
    for name, (right, wrong) in MISSPELT.items():
        assert right in made["base+monitoring"]
        made[name] = made["base+monitoring"].replace(right, wrong)
    return made | {"operators-own": operators_own(folder("own"))}


@pytest.fixture(scope="session")
def problems(built: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("built")
    for name, manifests in built.items():
        (folder / f"{name}.yaml").write_text(manifests)
    return invalid(folder)


@pytest.mark.parametrize("name", OVERLAYS + [name_of(set_) for set_ in SETS])
def test_manifests(name: str, built: dict[str, str], problems: dict[str, list[str]]) -> None:
    assert not problems.get(name)
    assert_sound(built[name])
    if name in OVERLAYS:
        assert not complaints(built[name])


def test_the_checks_see_what_is_wrong(built: dict[str, str], problems: dict[str, list[str]]) -> None:
    assert problems.keys() >= MISSPELT.keys()
    manifests = built["standard"]
    for right, wrong in (("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"), ("image: smelt:0.1.0", "image: smelt:latest")):
        assert right in manifests and complaints(manifests.replace(right, wrong)), wrong
        with pytest.raises(AssertionError):
            assert_sound(manifests.replace(right, wrong))
    with pytest.raises(AssertionError):
        assert_sound(manifests.replace("volume: smelt-data", "volume: other"))


def test_the_operators_rules_are_those_of_prometheus(built: dict[str, str]) -> None:
    """Else: deploy/kubernetes/components/monitoring/write-rules."""
    rules = one(built["base+monitoring"], "PrometheusRule", "smelt")["spec"]
    assert rules == yaml.safe_load((ROOT / "deploy/observability/alerts.yaml").read_text())
    dashboards = one(built["base+monitoring"], "ConfigMap", "smelt-dashboards")["data"]
    assert dashboards == {path.name: path.read_text() for path in (ROOT / "deploy/observability/grafana").glob("*.json")}


def test_one_file_says_where_an_operator_differs(built: dict[str, str], problems: dict[str, list[str]]) -> None:
    manifests = built["operators-own"]
    assert "operators-own" not in problems
    assert {thing["metadata"].get("namespace", "telecom") for thing in objects(manifests)} == {"telecom"}
    assert one(manifests, "Namespace", "telecom")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    images = {container["image"] for _, pod in pods(manifests) for container in pod["spec"]["containers"]}
    assert images == {"registry.example.com/smelt:9.9.9", "apache/kafka:4.3.1"}
    assert one(manifests, "CronJob", "smelt-run")["spec"]["schedule"] == "*/10 * * * *"
    assert one(manifests, "PersistentVolumeClaim", "smelt-data")["spec"]["storageClassName"] == "fast"
    (claim,) = one(manifests, "StatefulSet", "kafka")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "fast"
