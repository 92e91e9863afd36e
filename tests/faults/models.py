"""Row 28: a damaged model file. It is refused, the scores that are there stay, and the next training makes it good. (A killed training: row 3.)"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from faults import oracle
from faults.bench import Bench, Outcome
from faults.kills import prepared, rows_of_snapshot
from harness import Smelt


def truncate(bench: Bench, file: Path) -> None:
    text = file.read_bytes()
    file.write_bytes(text[: bench.chance.randrange(len(text))])


def flip(bench: Bench, file: Path) -> None:
    text = bytearray(file.read_bytes())
    text[bench.chance.randrange(len(text))] ^= 1 << bench.chance.randrange(8)
    file.write_bytes(text)


def zero(bench: Bench, file: Path) -> None:
    text = bytearray(file.read_bytes())
    at = bench.chance.randrange(len(text))
    text[at : at + 512] = bytes(len(text[at : at + 512]))
    file.write_bytes(text)


def remove(bench: Bench, file: Path) -> None:
    file.unlink()


def scores(smelt: Smelt) -> list[tuple[object, ...]]:
    return smelt.rows("SELECT subscriber_id, churn_probability, model_id, scored_at::VARCHAR FROM subscriber_scores ORDER BY 1")


def damaged_models(bench: Bench, most: int) -> Outcome:
    outcome, kinds = Outcome(), Counter[str]()
    base = prepared(bench, "publish", 3000)
    base("publish")
    before, snapshot = scores(base), rows_of_snapshot(base.data)
    for number in range(most):
        smelt = oracle.copy_of(base, "damaged")
        smelt.binary = bench.sanitized
        damage = (truncate, flip, zero, remove)[number % 4]
        file = bench.chance.choice(sorted(file for file in (smelt.data / "models").iterdir() if not file.name.endswith(".report.json")))  # for people alone
        damage(bench, file)
        result = smelt.run("score")
        assert result.code == 65 and "smelt train" in result.error, f"{damage.__name__} {file.name}: {result}"
        assert scores(smelt) == before and rows_of_snapshot(smelt.data) == snapshot, "the old scores are not there any more"
        outcome.injected += 1
        kinds[damage.__name__] += 1
    smelt("train")
    assert smelt("score")["scored"] == len(before)
    outcome.note(f"{dict(kinds)}")
    return outcome
