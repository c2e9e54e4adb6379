"""The languages that a fix or a plan is written in, for whoever wants to make it elsewhere; one table for all screens.

Source: what each writes is said in `fix_text`, `fix_boto3`, `fix_terraform` and `fix_cloudformation`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum

from ops.core import withheld
from ops.core.change import ChangePlan
from ops.core.fix_boto3 import boto3
from ops.core.fix_calls import calls
from ops.core.fix_cloudformation import cloudformation
from ops.core.fix_newness import missing
from ops.core.fix_place import account_of
from ops.core.fix_terraform import terraform
from ops.core.fix_text import cli
from ops.core.fixes import Calls, Change, Create
from ops.core.hcl import comment


class Language(StrEnum):
    """The value is its name in documents and on the command line."""

    CLI = "cli"
    BOTO3 = "boto3"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


LABELS = {
    Language.CLI: "AWS CLI",
    Language.BOTO3: "boto3",
    Language.TERRAFORM: "Terraform",
    Language.CLOUDFORMATION: "CloudFormation",
}
CODE = {
    Language.CLI: "bash",
    Language.BOTO3: "python",
    Language.TERRAFORM: "hcl",
    Language.CLOUDFORMATION: "yaml",
}
"""What each is written in, as highlighters call it."""
Texts = dict[Language, str]
FILL_IN = "Put the values of environment variables where <value of ...> stands: they are on no record."
_GUARDS = {
    Language.CLI: "false &&  # remove this line then\n",
    Language.BOTO3: 'raise SystemExit("Put the values in first, then remove this line.")\n\n',
}
"""What keeps a text from doing something before it was filled in."""


def texts(fix: Calls, region: str, new: Collection[str] | None = None, account: str = "") -> Texts:
    """A fix in every language. `new`: the parts that do not exist yet, where that is known.

    `account`: for which it is; empty: the one that its changes tell, if they do.
    """
    of = account or account_of(fix)
    return {
        Language.CLI: cli(fix, region, of),
        Language.BOTO3: boto3(fix, region, of),
        Language.TERRAFORM: terraform(fix, new, region, of),
        Language.CLOUDFORMATION: cloudformation(fix, region, new, of),
    }


def of_plan(plan: ChangePlan) -> Texts:
    """A plan in every language; empty texts where there is nothing to change.

    Comments alone where it holds what cannot be written: an expression of which nothing is on record.
    """
    if plan.empty:
        return dict.fromkeys(Language, "")
    fix = Calls(tuple(map(_shown, plan.changes)), plan.effect)
    try:
        calls(fix)
    except ValueError as error:
        said = comment(
            f"This plan cannot be carried out, nor written down: {error}.", "Change it where it was made."
        )
        return dict.fromkeys(Language, said)
    found = texts(fix, plan.ref.region, missing(fix, plan.before, plan.ref), plan.ref.account)
    if not withheld.lacks(plan.changes):
        return found
    return {each: f"{comment(FILL_IN)}\n{_GUARDS.get(each, '')}{text}" for each, text in found.items()}


def _shown(change: Change) -> Change:
    """With words for what is withheld."""
    if not isinstance(change, Create):
        return change
    return Create(replace(change.resource, parameters=withheld.replaced(change.resource.parameters)))
