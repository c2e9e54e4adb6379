"""Values of environment variables: in no file, and yet what had them can be continued and undone while Ebb runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ops import vault
from ops.cli_change import entry_json
from ops.config import Settings
from ops.console import Console
from ops.core.change import Outcome
from ops.core.deployment import NewModel
from ops.core.errors import BadInput
from ops.core.fix_texts import of_plan
from ops.core.resources import Container
from tests.living import Gate, error, gated, hurrying
from tests.test_deploying import ALL, BOSS, IMAGE, ROLE, WISH, client, inventory

SECRET = "hunter2-hunter2"
VARIABLES = {"TOKEN": SECRET, "BATCH": "4"}
OWN = replace(
    WISH,
    model=NewModel("doc-model", Container(IMAGE, "s3://models/doc.tar.gz", tuple(VARIABLES.items())), ROLE),
)
DENIED = error("AccessDeniedException", "not authorized to perform: sagemaker:x", 403)


@contextmanager
def stage(folder: Path) -> Iterator[tuple[Console, str, Gate]]:
    with (
        hurrying() as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=folder)) as console,
    ):
        yield console, behind, gate
    vault.forget()


def in_files(folder: Path) -> bool:
    """Whether the value stands in any file that Ebb keeps."""
    return any(SECRET.encode() in each.read_bytes() for each in folder.rglob("*") if each.is_file())


def environment(url: str) -> dict[str, str]:
    found = client(url, "sagemaker").describe_model(ModelName="doc-model")["PrimaryContainer"]["Environment"]
    assert isinstance(found, dict)
    return found


def make_by_hand(url: str) -> None:
    holds = {"Image": IMAGE, "ModelDataUrl": "s3://models/doc.tar.gz", "Environment": VARIABLES}
    client(url, "sagemaker").create_model(
        ModelName="doc-model", PrimaryContainer=holds, ExecutionRoleArn=ROLE
    )


def test_no_file_and_no_document_of_an_entry_holds_a_value(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        plan = console.plan_deploy(OWN)
        assert "keeps no values of environment variables" in " ".join(c.sentence for c in plan.cautions)
        entry = console.apply(plan, BOSS).entry
        assert entry.outcome is Outcome.DONE, entry.said
        assert environment(url) == VARIABLES
        gone = console.plan_delete("doc-new", with_model=True)
        assert "Note them first" in " ".join(c.sentence for c in gone.cautions)
        after = console.apply(gone, BOSS, typed="doc-new").entry
        assert after.outcome is Outcome.DONE
        for each in (entry, after, *console.journal()):
            said = json.dumps(entry_json(each))
            assert SECRET not in said
        assert '"TOKEN": null' in json.dumps(entry_json(entry))
        assert not in_files(tmp_path)


def test_what_aws_repeats_of_a_value_is_in_no_file(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, _, gate):
        gate.shut["CreateModel"] = error(
            "ValidationException", f"Value '{SECRET}' at 'environment' failed", 400
        )
        entry = console.apply(console.plan_deploy(OWN), BOSS).entry
        assert entry.outcome is Outcome.FAILED
        kept = console.entry(entry.id)
        assert kept is not None
        assert "Value '…' at 'environment' failed" in kept.said
        assert SECRET not in json.dumps(entry_json(entry))
        assert not in_files(tmp_path)


def test_one_whose_model_was_made_is_continued_without_its_values(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        gate.shut["CreateEndpoint"] = DENIED
        first = console.apply(console.plan_deploy(OWN), BOSS).entry
        gate.shut.clear()
        vault.forget()
        assert [u.missing[0] for u in console.unfinished()] == ["endpoint doc-new"]
        receipt = console.apply(console.plan_continue(first.id), BOSS)
        assert (receipt.entry.outcome, receipt.missing) == (Outcome.DONE, ())
        assert (inventory(url), environment(url)) == (ALL, VARIABLES)


@pytest.mark.parametrize("anew", [False, True])
def test_one_whose_model_was_not_made_needs_its_values(tmp_path: Path, anew: bool) -> None:
    with stage(tmp_path) as (console, url, gate):
        gate.shut["CreateModel"] = DENIED
        first = console.apply(console.plan_deploy(OWN), BOSS).entry
        gate.shut.clear()
        if anew:  # as after a start of Ebb
            vault.forget()
        plan = console.plan_continue(first.id)
        assert "TOKEN and BATCH of the model doc-model are on no record" in plan.cautions[-1].sentence
        assert all(SECRET not in text for text in of_plan(plan).values())
        if anew:
            entries = len(console.journal())
            with pytest.raises(BadInput, match="never had them"):
                console.apply(plan, BOSS)
            assert (inventory(url), len(console.journal())) == ([], entries)
            plan = plan.with_values(VARIABLES)
        assert console.apply(plan, BOSS).entry.outcome is Outcome.DONE
        assert (inventory(url), environment(url)) == (ALL, VARIABLES)
        assert not in_files(tmp_path)


@pytest.mark.parametrize("anew", [False, True])
def test_a_deletion_is_undone_with_its_values_while_ebb_runs(tmp_path: Path, anew: bool) -> None:
    with stage(tmp_path) as (console, url, _):
        console.apply(console.plan_deploy(OWN), BOSS)
        vault.forget()
        gone = console.apply(console.plan_delete("doc-new", with_model=True), BOSS, typed="doc-new").entry
        assert gone.outcome is Outcome.DONE
        if anew:
            vault.forget()
            with pytest.raises(BadInput, match="never had them") as refused:
                console.apply(console.plan_undo(gone.id), BOSS)
            assert "aws sagemaker create-model" in refused.value.hint
            assert inventory(url) == []
            make_by_hand(url)
        receipt = console.apply(console.plan_undo(gone.id), BOSS)
        assert (receipt.entry.outcome, receipt.missing) == (Outcome.DONE, ()), receipt.entry.said
        assert (inventory(url), environment(url)) == (ALL, VARIABLES)


def test_an_entry_that_an_older_version_wrote_is_read_and_undone(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        console.apply(console.plan_deploy(OWN), BOSS)
        gone = console.apply(console.plan_delete("doc-new", with_model=True), BOSS, typed="doc-new").entry
        vault.forget()
        file = next(tmp_path.rglob("*.db"))
        with closing(sqlite3.connect(file)) as database, database:
            (body,) = database.execute("SELECT body FROM journal WHERE id = ?", (gone.id,)).fetchone()
            old = body.replace('"TOKEN":null', f'"TOKEN":"{SECRET}"').replace('"BATCH":null', '"BATCH":"4"')
            assert old != body
            database.execute("UPDATE journal SET body = ? WHERE id = ?", (old, gone.id))
        kept = console.entry(gone.id)
        assert kept is not None
        assert SECRET not in json.dumps(entry_json(kept))
        assert console.apply(console.plan_undo(gone.id), BOSS).entry.outcome is Outcome.DONE
        assert environment(url) == VARIABLES
        with closing(sqlite3.connect(file)) as database:
            assert all(SECRET not in body for (body,) in database.execute("SELECT body FROM journal"))
