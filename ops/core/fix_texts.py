"""The languages that a fix or a plan is written in, for whoever wants to make it elsewhere; one table for all screens.

Source: what each writes is said in `fix_text`, `fix_boto3`, `fix_terraform` and `fix_cloudformation`.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from ops.core.change import ChangePlan
from ops.core.fix_boto3 import boto3
from ops.core.fix_cloudformation import cloudformation
from ops.core.fix_newness import missing
from ops.core.fix_terraform import terraform
from ops.core.fix_text import cli
from ops.core.fixes import Calls


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


def texts(fix: Calls, region: str, new: Collection[str] | None = None) -> Texts:
    """A fix in every language. `new`: the parts that do not exist yet, where that is known."""
    return {
        Language.CLI: cli(fix, region),
        Language.BOTO3: boto3(fix, region),
        Language.TERRAFORM: terraform(fix, new, region),
        Language.CLOUDFORMATION: cloudformation(fix, region, new),
    }


def of_plan(plan: ChangePlan) -> Texts:
    """A plan in every language; empty texts where there is nothing to change."""
    if plan.empty:
        return dict.fromkeys(Language, "")
    fix = Calls(plan.changes, plan.effect)
    return texts(fix, plan.ref.region, missing(fix, plan.before, plan.ref))
