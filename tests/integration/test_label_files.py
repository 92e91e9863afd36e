"""Files with labels as spreadsheets and databases export them: what can be read is read, and for the rest the reason is one that helps."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Smelt
from meters import METERS, OFFLINE, fill


@pytest.fixture(scope="module")
def filled_once(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Smelt:
    smelt = Smelt(binary, tmp_path_factory.mktemp("labels"))
    smelt("produce", "--events", "3000", "--days", "3", "--out", smelt.folder / "e.jsonl")
    smelt("ingest", "--from", smelt.folder / "e.jsonl")
    smelt("refine")
    return smelt


def lines(smelt: Smelt) -> list[tuple[str, str]]:
    ids = smelt.rows("SELECT DISTINCT subscriber_id FROM gold_subscriber_features ORDER BY 1")
    return [(name, "1" if n % 4 == 0 else "0") for n, (name,) in enumerate(ids)]


def csv(rows: list[tuple[str, str]], delimiter: str = ",", end: str = "\n", names: tuple[str, str] = ("subscriber_id", "churned")) -> str:
    return "".join(delimiter.join(row) + end for row in [names, *rows])


def test_what_separates_the_fields(filled_once: Smelt) -> None:
    rows = lines(filled_once)
    file = filled_once.folder / "labels.csv"
    forms = [csv(rows, delimiter, end) for delimiter in ",;\t|" for end in ("\n", "\r\n")]
    forms += ["\ufeff" + csv(rows, ";"), csv([(f'"{a}"', f'"{b}"') for a, b in rows], ";"), csv(rows, names=("SUBSCRIBER_ID", '"churned"'))]
    forms += ["# exported on Monday\n" + csv(rows, ";"), csv([(a, f'"x;y",{b}') for a, b in rows], names=("subscriber_id", "name,churned"))]
    for form in forms:
        file.write_text(form, newline="")
        trained = filled_once("train", "--force", "--label", file)
        assert trained["rows"] == len(rows), (form[:100], trained)


CANNOT: dict[str, tuple[Callable[[str], bytes], str]] = {
    "empty": (lambda _: b"", "it is empty"),
    "gzip": (lambda text: gzip.compress(text.encode()), "it is compressed with gzip"),
    "spreadsheet": (lambda text: b"PK\3\4" + text.encode(), "it is a spreadsheet or a ZIP file"),
    "utf-16": (lambda text: text.encode("utf-16"), "it is UTF-16: save it as UTF-8"),
    "latin-1": (lambda text: (text + "Zo\u00eb,1\n").encode("latin-1"), "is not UTF-8: save the file as UTF-8"),
    "names": (lambda text: text.replace("subscriber_id", "customer").encode(), "its first line names other columns: customer,"),
    "no names": (lambda text: text.split("\n", 1)[1].encode(), "its first line names other columns: SUB-"),
    "cut off": (lambda text: text.rsplit(",", 1)[0].encode() + b"\n", "1 field, and the first line 2"),
    "quote": (lambda text: (text + '"SUB-1,1\n').encode(), "1 field, and the first line 2"),
}


@pytest.mark.parametrize("fault", CANNOT)
@pytest.mark.parametrize("column", ["churned", "left_at"])
def test_what_cannot_be_read_says_why(filled_once: Smelt, fault: str, column: str) -> None:
    make, reason = CANNOT[fault]
    rows = [(name, value if column == "churned" else "2026-11-01" if value == "1" else "") for name, value in lines(filled_once)]
    if fault in ("cut off", "quote") and column == "left_at":
        rows = [(name, value or "2026-11-01") for name, value in rows]
    file = filled_once.folder / f"{column}.csv"
    file.write_bytes(make(csv(rows, names=("subscriber_id", column))))
    refused = filled_once.run("train", "--label", file)
    assert refused.code == 65 and reason in refused.error, refused
    assert "Binder" not in refused.error and "sniff" not in refused.error and "read_csv" not in refused.error, refused.error


def test_ids_that_are_written_in_another_way_are_named(filled_once: Smelt) -> None:
    rows = [(f"{number}.0", value) for number, (_, value) in enumerate(lines(filled_once))]
    known = min(name for name, _ in lines(filled_once))
    file = filled_once.folder / "other.csv"
    file.write_text(csv(rows))
    refused = filled_once.run("train", "--label", file)
    assert refused.code == 65 and f"none of the {len(rows)} ids of {file}, as 0.0; its own are as {known}" in refused.error, refused
    file.write_text(csv(lines(filled_once) + rows[:1]))
    assert "1 label was ignored: Gold does not have its id, for example 0.0." in filled_once.run("train", "--force", "--label", file, json_summary=False).stdout


def test_run_says_why_it_did_not_train(filled_once: Smelt) -> None:
    """However long the reason is."""
    file = filled_once.folder / "few.csv"
    file.write_text(csv(lines(filled_once)[:3]))
    run = filled_once.run("run", "--train", "--from", filled_once.folder / "e.jsonl", "--set", f"model.label={file}", json_summary=False)
    (train,) = [line for line in run.stdout.splitlines() if line.startswith("train ")]
    assert run.code == 0 and "skipped" in train and "at least 10 of each are needed" in train, run


def test_without_a_number_there_is_nothing_to_learn_from(new_smelt: Callable[..., Smelt]) -> None:
    """It was told to refine, which it had done."""
    pipeline = new_smelt().folder / "pipeline"
    shutil.copytree(OFFLINE["pipeline_dir"], pipeline)
    (pipeline / "features.yaml").write_text("version: 1\nminimum_events: 1\nfeatures:\n  - {name: tariff, aggregate: last, column: tariff}\n")
    smelt = new_smelt(**{**OFFLINE, "pipeline_dir": str(pipeline)})
    fill(smelt)
    (smelt.folder / "labels.csv").write_text("number,churned\n" + "".join(f"{one},{n % 2}\n" for n, one in enumerate(METERS)))
    result = smelt.run("train", "--label", "labels.csv")
    assert result.code == 65 and "no feature of meters is a number" in result.error, result
