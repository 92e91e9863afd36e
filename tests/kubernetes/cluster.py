"""What the tests of the deployment stand on: manifests taken apart, kubectl, a namespace of their own with an overlay of their own, pods that ask, and a prober."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from harness import eventually, read_env

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy/kubernetes"
TOOLS = Path(read_env(Path(os.environ.get("SMELT_DEPS") or ROOT / ".deps") / "env")["KUBERNETES_TOOLS"])
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# {image as the manifests call it: what tools/test-kubernetes built, loaded, or was given}
IMAGES = {name: os.environ.get(variable, "") for name, variable in
          (("smelt", "SMELT_IMAGE"), ("apache/kafka", "KAFKA_IMAGE"), ("registry.k8s.io/kubectl", "KUBECTL_IMAGE"))}  # fmt: skip

# 50-100 events every 2-3 seconds in place of 200-500 every 5-10 minutes
LIVELY = {"target": {"kind": "Deployment", "name": "smelt-producer"}, "patch": yaml.safe_dump([
    {"op": "replace", "path": "/spec/template/spec/containers/0/args",
     "value": ["produce", "--min-events=50", "--max-events=100", "--min-wait=2s", "--max-wait=3s", "--subscribers=100"]}])}  # fmt: skip

LOCKED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
PERSON = {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}}


def objects(manifests: str) -> list[Json]:
    return list(yaml.load_all(manifests, LOADER))


def pods(manifests: str) -> Iterator[tuple[str, Json]]:
    """The pod template of each workload."""
    for thing in objects(manifests):
        if thing["kind"] in ("Deployment", "StatefulSet"):
            yield thing["metadata"]["name"], thing["spec"]["template"]
        if thing["kind"] == "CronJob":
            yield thing["metadata"]["name"], thing["spec"]["jobTemplate"]["spec"]["template"]


def kubectl(*words: str, given: str = "", check: bool = True, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["kubectl", *words], input=given, capture_output=True, text=True, timeout=seconds)
    assert not check or done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
    return done


def overlay(folder: Path, namespace: str, components: tuple[str, ...] = (), base: str = "base", **more: Any) -> str:
    """Manifests with our images."""
    folder.mkdir(parents=True, exist_ok=True)
    way = Path(os.path.relpath(DEPLOY, folder))
    images = []
    for name, image in IMAGES.items():
        repository, _, tag = image.rpartition(":")
        images.append({"name": name, "newName": repository, "newTag": tag})
    text = {"namespace": namespace, "resources": [str(way / base)], "components": [str(way / "components" / name) for name in components],
            "images": images, "patches": [LIVELY], **more}  # fmt: skip
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(text))
    return kubectl("kustomize", str(folder)).stdout


class Space:
    """A namespace; it goes when the tests end (KEEP=1: it stays)."""

    def __init__(self, word: str) -> None:
        self.name = f"smelt-test-{word}-{uuid.uuid4().hex[:6]}"

    def __call__(self, *words: str, **options: Any) -> str:
        return kubectl("-n", self.name, *words, **options).stdout.strip()

    def get(self, *words: str) -> Json:
        return dict(json.loads(self("get", *words, "-o", "json")))

    def apply(self, manifests: str) -> None:
        """Pod Security says on stderr what it would refuse."""
        kubectl("apply", "-f", "-", given=manifests.split("\n---\n", 1)[0])  # the namespace comes first
        done = kubectl("apply", "-f", "-", given=manifests)
        assert "Warning" not in done.stderr, done.stderr

    def delete(self) -> None:
        if not os.environ.get("KEEP"):
            kubectl("delete", "namespace", self.name, "--ignore-not-found", "--timeout=150s", seconds=180)

    def ready(self, what: str, seconds: int = 180) -> None:
        self("rollout", "status", what, f"--timeout={seconds}s", seconds=seconds + 10)

    # ---- jobs and pods ----

    def job(self, cronjob: str) -> str:
        name = f"{cronjob}-{uuid.uuid4().hex[:6]}"
        self("create", "job", f"--from=cronjob/{cronjob}", name)
        return name

    def done(self, job: str, seconds: int = 120) -> None:
        condition = eventually(f"the end of job {job}", lambda: self.condition(job), seconds)
        assert condition == "Complete", self("describe", "job", job) + self("logs", f"job/{job}", "--all-containers", check=False)

    def condition(self, job: str) -> str:
        """Complete, Failed, or nothing yet."""
        conditions = self.get("job", job)["status"].get("conditions", [])
        return next((c["type"] for c in conditions if c["type"] in ("Complete", "Failed") and c["status"] == "True"), "")

    def jobs_of_the_schedule(self, cronjob: str) -> list[Json]:
        """Without those that were made by hand, which have the same owner but an annotation."""
        jobs = self.get("jobs", "-l", f"app.kubernetes.io/name={cronjob}")["items"]
        return [job for job in jobs if "cronjob.kubernetes.io/instantiate" not in job["metadata"].get("annotations", {})]

    def pod(self, name: str, image: str, command: list[str] | None, args: list[str], labels: dict[str, str], data: bool = False) -> None:
        container: Json = {"name": name, "image": image, "args": args, "securityContext": LOCKED,
                           "env": [{"name": "KAFKA_BOOTSTRAP", "value": "kafka:9092"}, {"name": "SMELT_LOG_FORMAT", "value": "json"}],
                           "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}  # fmt: skip
        spec: Json = {"restartPolicy": "Never", "automountServiceAccountToken": False, "enableServiceLinks": False, "securityContext": PERSON,
                      "terminationGracePeriodSeconds": 10, "containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}]}  # fmt: skip
        if command:
            container["command"] = command
        if data:
            labels = labels | {"volume": "smelt-data"}
            container["volumeMounts"].append({"name": "data", "mountPath": "/data"})
            spec["volumes"].append({"name": "data", "persistentVolumeClaim": {"claimName": "smelt-data"}})
            term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"volume": "smelt-data"}}}
            spec["affinity"] = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}
        self("apply", "-f", "-", given=json.dumps(pod))

    def smelt(self, *args: str, data: bool = True) -> Json:
        """One command in a pod of its own; its summary."""
        name = f"smelt-{uuid.uuid4().hex[:6]}"
        self.pod(name, IMAGES["smelt"], None, [*args, "--json"], {"kafka-client": "true"}, data)
        phase = eventually(f"the end of {args}", lambda: self.ended(name), 60)
        said = self("logs", name)
        self("delete", "pod", name, "--wait=false")
        assert phase == "Succeeded", said
        return dict(json.loads(said.splitlines()[-1]))

    def ended(self, pod: str) -> str:
        phase = str(self.get("pod", pod)["status"].get("phase"))
        return phase if phase in ("Succeeded", "Failed") else ""

    @contextlib.contextmanager
    def shell(self, name: str, **labels: str) -> Iterator[Shell]:
        """A pod with bash in it (Kafka's image) and these labels."""
        self.pod(name, IMAGES["apache/kafka"], ["bash", "-c", "trap exit TERM; sleep infinity & wait"], [], {key.replace("_", "-"): value for key, value in labels.items()})
        self("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")
        try:
            yield Shell(self, name)
        finally:
            self("delete", "pod", name, "--grace-period=1", "--wait=false")


# One request a connection, to the Service; the answer must be whole: a status 200 and a body that ends as an object does.
PROBE = r"""
ask='exec 3<>/dev/tcp/smelt-api/80; printf "GET /api/v1/overview HTTP/1.1\r\nHost: smelt-api\r\nConnection: close\r\n\r\n" >&3; cat <&3'
ok=0 failed=0
while [[ ! -e /tmp/stop ]]; do
  answer=$(timeout 3 bash -c "$ask")
  if [[ $answer == 'HTTP/1.1 200'*'}' ]]; then ok=$((ok + 1)); else failed=$((failed + 1)); printf '%(%T)T %s\n' -1 "${answer:0:60}" >>/tmp/failed; fi
  echo "$ok $failed" >/tmp/count
done 2>>/tmp/errors
"""


class Shell:
    def __init__(self, space: Space, name: str) -> None:
        self.space, self.name = space, name

    def __call__(self, script: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return kubectl("-n", self.space.name, "exec", self.name, "--", "bash", "-c", script, check=check)

    def reaches(self, host: str, port: int) -> bool:
        return self(f"timeout 3 bash -c '</dev/tcp/{host}/{port}'", check=False).returncode == 0

    def get(self, path: str) -> Json:
        answer = self(f"exec 3<>/dev/tcp/smelt-api/80; printf 'GET {path} HTTP/1.0\\r\\nHost: smelt-api\\r\\n\\r\\n' >&3; cat <&3").stdout
        return dict(json.loads(answer.partition("\n\n")[2] or answer.partition("\r\n\r\n")[2]))

    @contextlib.contextmanager
    def probing(self) -> Iterator[dict[str, int]]:
        """Asks the API without pause; at the end `count` says how often, and nothing may have failed."""
        count = {"ok": 0, "failed": 0}
        running = subprocess.Popen(["kubectl", "-n", self.space.name, "exec", self.name, "--", "bash", "-c", "rm -f /tmp/stop /tmp/failed;" + PROBE])
        try:
            yield count
            time.sleep(1)  # what was just done may still be felt
        finally:
            self("touch /tmp/stop")
            running.wait(20)
            count["ok"], count["failed"] = map(int, self("cat /tmp/count").stdout.split())
        assert count["failed"] == 0, self("cat /tmp/failed; tail -n 3 /tmp/errors").stdout
        assert count["ok"] > 20
