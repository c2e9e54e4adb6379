"""What stands beside a template: what CloudFormation cannot do, and what the reader does instead."""

from __future__ import annotations

from ops.core.quoting import quoted

NOTHING = "CloudFormation has nothing to make for this change."
UNDELETED = "What is in none of your stacks CloudFormation cannot remove: use the AWS CLI."
SERVING = "Before what follows, wait until {name} has an instance in service: CloudFormation does not."
FRAGMENT = (
    "Set these lines in the {kind} whose {key} is {name}, in your template; its other lines stay as they are. If it is "
    "in none of your stacks, import it first, or use the AWS CLI."
)


def deleted(kind: str, key: str, name: str, more: str = "") -> str:
    """There is nothing to write for a deletion, only something to take away."""
    return (
        f"Remove the {kind} whose {key} is {quoted(name)} {more}".rstrip()
        + " from your template, and update the stack."
    )


def existing(new: bool | None, made_anew: bool) -> str:
    """What is said above a whole resource, by whether it is new; None: not known."""
    if new:
        return ""
    if made_anew:
        return (
            "CloudFormation cannot replace what has a name of its own: update the stack once without this, then with "
            "it."
        )
    begins = "This exists" if new is False else "If this exists"
    return (
        f"{begins}: put it in the place of the resource that you have for it, or import it into a stack. "
        "CloudFormation makes nothing that is there already."
    )


def unknown_to(key: str, of: str) -> str:
    return f"CloudFormation has no property for {key} of the {of}: without it this is not the same. Use the AWS CLI."
