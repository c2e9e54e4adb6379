"""Values of environment variables: out of every record, equal to any, put back where they are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.core import withheld
from ops.core.change import Actor, ChangePlan, Entry, Made, Outcome
from ops.core.errors import BadInput
from ops.core.fix_texts import Language, of_plan
from ops.core.fixes import Create, Delete
from ops.core.resources import MODEL, Container, Resource, model
from ops.core.setup import Setup, differences
from ops.core.types import EndpointRef, Severity

REF = EndpointRef("123456789012", "us-east-1", "doc")
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
AT = datetime(2026, 11, 26, tzinfo=UTC)
OWN = model("m", Container("image:1", "", (("TOKEN", "hunter22"), ("BATCH", "4"))), ROLE)
MANY = Resource(
    MODEL,
    "m",
    {
        "Containers": [
            {"Image": "a", "Environment": {"A": "first"}},
            {"Image": "b", "Environment": {"A": "second"}},
        ]
    },
)


def plan(*changes: Create | Delete, before: Setup | None = None) -> ChangePlan:
    return ChangePlan("1", REF, "deploy", "Deploy", changes, before or Setup(), Setup(), (), "", AT)


def test_values_go_and_names_stay() -> None:
    kept = withheld.withheld(OWN.parameters)
    assert kept["PrimaryContainer"] == {"Image": "image:1", "Environment": {"TOKEN": None, "BATCH": None}}
    assert kept["ExecutionRoleArn"] == ROLE
    assert "hunter22" not in str(withheld.of_resources((OWN, MANY)))


@pytest.mark.parametrize("whole", [OWN, MANY])
def test_they_are_put_back_where_they_are_known_each_in_its_container(whole: Resource) -> None:
    bare = withheld.withheld(whole.parameters)
    assert withheld.filled(bare, whole.parameters) == whole.parameters
    with pytest.raises(KeyError):
        withheld.filled(bare, {})
    with pytest.raises(KeyError):
        withheld.filled(bare, None)


def test_what_is_withheld_equals_any_value_but_no_other_name() -> None:
    bare = Setup(resources=withheld.of_resources((OWN,)))
    assert differences(bare, Setup(resources=(OWN,)), REF) == ()
    assert differences(Setup(resources=(OWN,)), bare, REF) == ()
    other = model("m", Container("image:1", "", (("TOKEN", "hunter22"),)), ROLE)
    assert [d.part for d in differences(bare, Setup(resources=(other,)), REF)] == ["model m"]
    changed = model("m", Container("image:1", "", (("TOKEN", "hunter22"), ("BATCH", "5"))), ROLE)
    assert [d.part for d in differences(Setup(resources=(OWN,)), Setup(resources=(changed,)), REF)] == [
        "model m"
    ]


def test_an_entry_for_the_record_holds_no_value_also_where_aws_repeats_one() -> None:
    call = Made(
        "sagemaker", "CreateModel", dict(OWN.parameters), error="Value 'hunter22' is not allowed, 4 is"
    )
    entry = Entry(
        "1", AT, Actor("anna", "admin"), REF, "deploy", "Deploy", "", Setup(), Setup(resources=(OWN,)),
        Outcome.FAILED, (call,), said="AWS: hunter22?",
    )  # fmt: skip
    kept = entry.for_record()
    assert "hunter22" not in repr(kept)
    assert (kept.made[0].error, kept.said) == ("Value '…' is not allowed, 4 is", "AWS: …?")
    assert differences(kept.after, entry.after, REF) == ()
    assert kept.for_record() == kept
    plain = replace(entry, after=Setup(), made=(), said="4")
    assert plain.for_record() == plain


def test_a_plan_says_what_is_not_kept() -> None:
    made = plan(Create(OWN)).cautions
    assert [c.severity for c in made] == [Severity.INFO]
    assert "keeps no values of environment variables (TOKEN and BATCH)" in made[0].sentence
    gone = plan(Delete(MODEL, "m"), before=Setup(resources=(OWN,))).cautions
    assert [c.severity for c in gone] == [Severity.WARNING]
    assert "Note them first" in gone[0].sentence
    again = plan(Create(withheld.of_resources((OWN,))[0])).cautions
    assert [c.severity for c in again] == [Severity.WARNING]
    assert "on no record" in again[0].sentence
    assert replace(plan(Create(OWN)), title="x").cautions == made
    assert plan(Create(model("m", Container("image:1"), ROLE))).cautions == ()


def test_values_that_are_given_anew_take_the_place_of_what_is_withheld() -> None:
    bare = plan(Create(withheld.of_resources((OWN,))[0]))
    whole = bare.with_values({"TOKEN": "hunter22", "BATCH": "4"})
    assert whole.changes == (Create(OWN),)
    assert [c.severity for c in whole.cautions] == [Severity.INFO]
    half = bare.with_values({"TOKEN": "hunter22"})
    assert withheld.lacks(half.changes)
    assert "values of BATCH of" in half.cautions[0].sentence
    with pytest.raises(BadInput, match="'OTHER' is no variable whose value is missing") as refused:
        bare.with_values({"OTHER": "x"})
    assert "TOKEN and BATCH" in refused.value.hint
    with pytest.raises(BadInput, match="'TOKEN' is no variable"):
        plan(Create(OWN)).with_values({"TOKEN": "x"})
    assert bare.with_values({}) == bare


def test_a_text_of_what_is_withheld_is_to_be_filled_in_and_does_nothing_before() -> None:
    found = of_plan(plan(Create(withheld.of_resources((OWN,))[0])))
    for text in found.values():
        assert text.startswith("# ")
        assert "<value of TOKEN>" in text
        assert "null" not in text
    assert "false &&" in found[Language.CLI]
    assert "raise SystemExit" in found[Language.BOTO3]
    compile(found[Language.BOTO3], "text", "exec")


def test_whoever_typed_the_values_gets_whole_texts() -> None:
    assert all("hunter22" in text and "<value of" not in text for text in of_plan(plan(Create(OWN))).values())
