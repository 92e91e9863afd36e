"""Row 27: secrets and subscriber ids must not get out by logs, errors, metrics, settings or the list of processes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

from faults.bench import Bench, Outcome
from faults.meaning import billing
from harness import FREE_PORT, Api, Result, Smelt, Topic, encode, event, eventually, serving

SECRET_SETTINGS = ("kafka.sasl.password", "kafka.ssl.key.password", "kafka.ssl.keystore.password", "kafka.sasl.oauthbearer.client.secret", "kafka.ssl.key.pem")
MISTAKES = ("kafka.sasl.pasword", "kafka.sasl.jaas.config", "kafka.pass.phrase")  # which is no setting, but a secret all the same


def canary(what: str) -> str:
    return f"canary{what}{uuid.uuid4().hex}"


def variable(setting: str) -> str:
    return "SMELT_" + setting.upper().replace(".", "_")


class Cage:
    """All that smelt says, and the canaries that must not be in it."""

    def __init__(self) -> None:
        self.canaries: dict[str, str] = {}
        self.said: dict[str, str] = {}

    def seed(self, what: str) -> str:
        self.canaries[what] = canary(str(len(self.canaries)))
        return self.canaries[what]

    def hear(self, where: str, text: str) -> None:
        self.said[f"{where} #{len(self.said)}"] = text

    def hear_result(self, where: str, result: Result) -> Result:
        self.hear(where, result.stdout + result.stderr)
        return result

    def escaped(self) -> list[str]:
        return [f"{what} in {where}" for what, value in self.canaries.items() for where, text in self.said.items() if value in text]


def refused_logins(bench: Bench, cage: Cage) -> Iterator[Smelt]:
    """A client that has all secrets at once cannot even be made; each of them by itself fails in its own way."""
    ways = {
        "kafka.sasl.password": {"kafka.security.protocol": "SASL_PLAINTEXT", "kafka.sasl.mechanism": "PLAIN", "kafka.sasl.username": "me"},
        "kafka.ssl.key.password": {"kafka.security.protocol": "SSL", "kafka.ssl.key.location": "there-is-none.pem"},
        "kafka.ssl.keystore.password": {"kafka.security.protocol": "SSL", "kafka.ssl.keystore.location": "there-is-none.p12"},
        "kafka.sasl.oauthbearer.client.secret": {"kafka.security.protocol": "SASL_PLAINTEXT", "kafka.sasl.mechanism": "OAUTHBEARER"},
        "kafka.ssl.key.pem": {"kafka.security.protocol": "SSL"},
    } | dict.fromkeys(MISTAKES, {})
    for number, (secret, beside) in enumerate(ways.items()):
        smelt = bench.smelt(bench.topic(1), f"login-{number}")
        smelt.env |= {variable(key): value for key, value in beside.items()} | {variable(secret): cage.seed(secret), "SMELT_LOG_LEVEL": "debug"}
        yield smelt


def watch_logins(bench: Bench, cage: Cage) -> None:
    for smelt in refused_logins(bench, cage):
        for command in (("config",), ("ingest", "--timeout", "300ms"), ("ingest", "--set", "ingest.batch_rows=many")):
            cage.hear_result(f"{command[0]}", smelt.run(*command))
        cage.hear_result("config in text", smelt.run("config", json_summary=False))


def watch_settings_file(bench: Bench, cage: Cage) -> None:
    """A settings file that is broken next to a secret: the complaint must not quote it."""
    smelt = bench.smelt(None, "file")
    for number, text in enumerate(("kafka.sasl.password: [{secret}]\n", "kafka.sasl.password: {{secret}: 1\n", "kafka.sasl.password: {secret}\n\tx: y\n", "kafka.sasl:\n  password: '{secret}\n")):
        path = smelt.folder / f"settings-{number}.yaml"
        path.write_text(text.replace("{secret}", cage.seed(f"settings file {number}")))
        cage.hear_result("config", smelt.run("-c", path, "config"))
    misspelt = ("--set", f"kafka.sasl.password:{cage.seed('a --set without =')}")
    cage.hear_result("config", smelt.run("config", *misspelt))


def watch_work(bench: Bench, cage: Cage, topic: Topic) -> None:
    """Subscribers in good events, in refused messages and in quarantined ones."""
    smelt = bench.smelt(topic, "work")
    smelt.env["SMELT_LOG_LEVEL"] = "debug"
    ids = [cage.seed(f"subscriber in {where}") for where in ("a good event", "a reject", "quarantine")]
    topic.send([billing(n) for n in range(50)] + [billing(n).replace(b"SUB-", ids[0].encode()) for n in range(60, 70)])
    topic.send([encode(event(1, subscriber_id=ids[1], timestamp="never")), encode(event(2, type="BSS", subscriber_id=ids[2], payload={"plan": 1}))])
    for command in ("ingest", "refine", "train", "publish", "run", "audit", "status"):
        cage.hear_result(command, smelt.run(command))
    running = smelt.start("up", *FREE_PORT)
    api = serving(running)
    eventually("metrics", lambda: api.ask("/metrics")[0] == 200)
    for path in ("/metrics", "/livez", "/readyz", "/api/v1/overview", "/api/v1/subscribers/nobody", "/api/v1/subscribers?limit=x", "/api/v1/subscribers?q=%00"):
        cage.hear(f"GET {path}", answer(api, path))
    api.ask(f"/api/v1/subscribers/{ids[0]}")  # whoever asks for it gets it; the log must not have it
    cage.hear("the list of processes", Path(f"/proc/{running.process.pid}/cmdline").read_text())
    running.end(seconds=15)
    cage.hear("the log of up", running.stderr)


def answer(api: Api, path: str) -> str:
    return api.ask(path)[2].decode(errors="replace")


def seeded_canaries(bench: Bench, most: int) -> Outcome:
    cage = Cage()
    watch_logins(bench, cage)
    watch_settings_file(bench, cage)
    watch_work(bench, cage, bench.topic())
    escaped = cage.escaped()
    assert not escaped, "\n".join(escaped)
    return Outcome(injected=len(cage.canaries), notes=[f"looked for {len(cage.canaries)} canaries in {len(cage.said)} outputs"])
