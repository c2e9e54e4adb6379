"""`python -m ops policy`: the IAM policy of one of Ebb's roles. It needs no AWS and asks none.

stdout is the bare document; what somebody has to know before it is used goes to stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from ops.cli_show import wrapped, write
from ops.config import Settings
from ops.core.permissions.places import Places, places_of
from ops.core.permissions.policy import Document, missing, notes, policy

Run = Callable[[Callable[[], int], bool], None]
Role = Annotated[str, typer.Option(help="viewer, operator, admin, or billing (attached beside one of them).")]
Account = Annotated[
    str, typer.Option(help="The account's twelve digits; without it, the one it is attached in.")
]
Region = Annotated[str, typer.Option(help="One region; without it, all.")]
Bucket = Annotated[list[str] | None, typer.Option(help="A bucket of results and inputs; may be repeated.")]
Topic = Annotated[str, typer.Option(help="The topic of notices; else EBB_NOTIFY_TOPIC.")]
Execution = Annotated[
    list[str] | None,
    typer.Option("--execution-role", help="A role that models may run with; may be repeated."),
]
Export = Annotated[str, typer.Option("--bill-export", help="s3://bucket/prefix; else EBB_BILL_EXPORT.")]
Answers = Annotated[str, typer.Option("--athena-output", help="s3://bucket/prefix; else EBB_ATHENA_OUTPUT.")]
Table = Annotated[str, typer.Option("--bill-table", help="database.table; else EBB_BILL_TABLE.")]
Part = Annotated[int | None, typer.Option(help="Which part, where one document would be too long for IAM.")]


def add_to(app: typer.Typer, run: Run) -> None:
    """The command. `run` does its work and leaves with its exit code."""

    @app.command("policy")
    def command(
        role: Role = "viewer",
        account: Account = "",
        region: Region = "",
        bucket: Bucket = None,
        topic: Topic = "",
        execution_role: Execution = None,
        bill_export: Export = "",
        bill_table: Table = "",
        athena_output: Answers = "",
        part: Part = None,
    ) -> None:
        """The IAM policy that a role needs, as the bare document. Asks no AWS."""

        def work() -> int:
            places = named(Settings.load()).given(
                account=account,
                region=region,
                topic=topic,
                buckets=tuple(bucket or ()),
                roles=tuple(execution_role or ()),
                export=bill_export,
                table=bill_table,
                answers=athena_output,
            )
            found = policy(role, places, part)
            write(json.dumps(found, indent=2))
            for each in (*missing_words(found), *notes(found)):
                print("\n".join(wrapped(each)), file=sys.stderr)
            return 0

        run(work, False)


def named(settings: Settings) -> Places:
    """What the settings name of it."""
    return places_of(
        topic=settings.notify_topic,
        export=settings.bill_export,
        answers=settings.athena_output,
        table=settings.bill_table,
        workgroup=settings.athena_workgroup,
    )


_OPTION = {
    "YOUR-RESULT-BUCKET": "--bucket",
    "YOUR-TOPIC-OF-NOTICES": "--topic",
    "YOUR-EXPORT-BUCKET": "--bill-export",
    "YOUR-ATHENA-RESULTS-BUCKET": "--athena-output",
    "YOUR-DATABASE": "--bill-table",
    "YOUR-TABLE": "--bill-table",
}


def missing_words(document: Document) -> list[str]:
    """What is to be named, or taken out, before the document is of use."""
    found = missing(document)
    return [
        f"{name} stands for what was not named: give {_OPTION[name]}, or take its statement out."
        for name in found
    ]
