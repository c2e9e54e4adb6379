"""`python -m ops policy`: the IAM policy of one of Ebb's roles, or the trust policy of a role that Ebb assumes.

It needs no AWS and asks none.

stdout is the bare document; what somebody has to know before it is used goes to stderr.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from ops.aws.regions import strange_region
from ops.cli_show import wrapped, write
from ops.config import Settings
from ops.core.errors import BadInput
from ops.core.permissions import BILLING
from ops.core.permissions.places import Places, places_of
from ops.core.permissions.policy import Document, missing, notes, policy
from ops.core.permissions.trust import notes as trust_notes
from ops.core.permissions.trust import trust as trust_policy

_VIEWER = "viewer"
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
Assume = Annotated[
    list[str] | None, typer.Option(help="A role that Ebb is to assume, by its ARN; may be repeated.")
]
Trust = Annotated[
    list[str] | None,
    typer.Option(
        help="Instead: the trust policy of such a role, for this user, role or account; may be repeated."
    ),
]
ExternalId = Annotated[str, typer.Option("--external-id", help="With --trust: what the role asks for.")]
Part = Annotated[int | None, typer.Option(help="Which part, where one document would be too long for IAM.")]


def add_to(app: typer.Typer, run: Run) -> None:
    """The command. `run` does its work and leaves with its exit code."""

    @app.command("policy")
    def command(
        role: Role = _VIEWER,
        account: Account = "",
        region: Region = "",
        bucket: Bucket = None,
        topic: Topic = "",
        execution_role: Execution = None,
        bill_export: Export = "",
        bill_table: Table = "",
        athena_output: Answers = "",
        part: Part = None,
        assume: Assume = None,
        trust: Trust = None,
        external_id: ExternalId = "",
    ) -> None:
        """The IAM policy that a role needs, as the bare document. Asks no AWS."""
        others = {
            "--role": role != _VIEWER,
            "--account": bool(account),
            "--region": bool(region),
            "--bucket": bool(bucket),
            "--topic": bool(topic),
            "--execution-role": bool(execution_role),
            "--bill-export": bool(bill_export),
            "--bill-table": bool(bill_table),
            "--athena-output": bool(athena_output),
            "--part": part is not None,
            "--assume": bool(assume),
        }

        def work() -> int:
            if trust or external_id:
                return _show_trust(
                    trust or (), external_id, [name for name, given in others.items() if given]
                )
            if assume and role == BILLING:
                raise BadInput(
                    f"The role {BILLING} assumes no roles: it is attached beside another.",
                    "Give --assume with --role viewer, operator or admin.",
                )
            places = named(Settings.load()).given(
                account=account,
                region=region,
                topic=topic,
                buckets=tuple(bucket or ()),
                roles=tuple(execution_role or ()),
                export=bill_export,
                table=bill_table,
                answers=athena_output,
                assume=tuple(dict.fromkeys(assume or ())),
            )
            found = policy(role, places, part)
            _show(found, *missing_words(found), *doubts(places), *notes(found))
            return 0

        run(work, False)


def _show(document: Document, *words: str) -> None:
    write(json.dumps(document, indent=2))
    for each in words:
        print("\n".join(wrapped(each)), file=sys.stderr)


def _show_trust(principals: Iterable[str], external_id: str, others: list[str]) -> int:
    """Raises BadInput."""
    if external_id and not principals:
        raise BadInput("--external-id belongs to --trust.", "Say with --trust who may assume the role.")
    if others:
        raise BadInput(
            f"--trust prints a document of its own, to which {', '.join(others)} means nothing.",
            "Print the two documents one after the other.",
        )
    found = trust_policy(principals, external_id)
    _show(found, *trust_notes(found))
    return 0


def named(settings: Settings) -> Places:
    """What the settings name of it."""
    return places_of(
        topic=settings.notify_topic,
        export=settings.bill_export,
        answers=settings.athena_output,
        table=settings.bill_table,
        workgroup=settings.athena_workgroup,
    )


_NEW_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def doubts(places: Places) -> list[str]:
    """What may be meant, and is more likely a slip."""
    found = [
        f"No new bucket can be named {bucket}: a name has 3 to 63 lower-case letters, digits, dots and hyphens. Only a "
        "bucket from before 2018 in us-east-1 may be called so."
        for bucket in places.buckets
        if not _NEW_BUCKET.fullmatch(bucket)
    ]
    if places.region not in ("", "*") and (strange := strange_region(places.region)):
        found.append(f"{strange.partition(':')[0]}: nothing would be allowed anywhere else.")
    return found


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
