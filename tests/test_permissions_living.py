"""The generated policies suffice: an embedded AWS that allows what a role's document says denies that role nothing.

Every read of the console under a viewer's policy, every change of an operator under an operator's, deployments under an
admin's, bills under that of billing; and each policy is used to its last call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from ops.aws import requests
from ops.config import Settings
from ops.console import Console
from ops.core.billed import in_utc
from ops.core.change import Actor, Outcome
from ops.core.cost import Basis
from ops.core.errors import BadInput, Denied, OpsError
from ops.core.fixes import Change, DeleteAlarms, DeletePolicy, DeregisterTarget, EnableAlarmActions, PutAlarm
from ops.core.periods import last_days
from ops.core.permissions import of_role
from ops.core.permissions.places import Places
from ops.core.permissions.policy import policy
from ops.core.preflight import Answer
from ops.core.requests import RequestFilter, Submission
from ops.core.types import EndpointRef, MetricRef, Suspended
from ops.core.views_failures import LogQuery
from ops.core.views_savings import SavingsQuery
from ops.warming import WarmWish
from ops.which_aws import choose
from tests.core.warm_samples import window
from tests.limited import denied, deny, under
from tests.living import hurrying
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, ROLE, Account
from tests.roles import make, trusting
from tests.small_worlds import small
from tests.test_deploying import WISH

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EXPORTS = "s3://ebb-cost-exports"
INPUT = f"s3://{BUCKET}/in/1.json"
ANNA, BOSS = Actor("anna", "operator"), Actor("boss", "admin")


class World:
    """An account with an endpoint that answered and failed, and consoles that look at it."""

    def __init__(self, folder: Path) -> None:
        self.aws = SteppedAws()
        self.account = Account(self.aws)
        self.account.endpoint("doc")
        self.account.put_input()
        self.notices = self.account.sns.create_topic(Name="on-call")["TopicArn"]
        self.aws.world.fleet.inject("doc", profile=(1.0, 2.0, 1.0))
        for number in range(3):
            self.account.invoke("doc", InferenceId=f"failed-{number}")
        self.aws.advance(600)
        self.aws.world.fleet.inject("doc", profile=(1.0, 2.0, 0.0))
        self.account.invoke("doc", InferenceId="good")
        self.aws.advance(600)
        self.url = self.aws.server.url
        self.folder = folder

    @property
    def places(self) -> Places:
        return Places(self.aws.world.account, self.aws.world.region, (BUCKET,), self.notices)

    @contextmanager
    def console(self, role: str | None = None) -> Iterator[Console]:
        """`role`: to assume, with an external id."""
        settings = Settings(endpoint_url=self.url, history_url=f"sqlite:///{self.folder / 'history.db'}")
        where = replace(choose(settings), role_arn=role, external_id="e-1" if role else None)
        with Console.open(settings, keep=True, where=where) as found:
            yield found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.aws.server.stop()


def calls(role: str) -> set[str]:
    """The calls that a role needs, without those of the roles below."""
    return {row.call for row in of_role(role) if row.role == role and row.call}


def read_everything(console: Console) -> None:
    """Every question that a page or a command can ask without changing anything."""
    console.read(frozenset({"doc"}), anybody=True)
    now = console.fleet().as_of
    for _ in range(40):
        console.look_up(anybody=True)
    while console.close_gap(("doc",)):
        pass
    while console.keep_cold_starts(("doc",)):
        pass
    console.names()
    console.endpoint("doc", DAY)
    console.alarm_history("doc")
    console.doctor()
    console.failures("doc", DAY)
    found = console.failed_requests("doc", DAY)
    assert found.requests
    first = found.requests[0]
    assert console.request_log("doc", first.inference_id, first.at).lines
    console.logs("doc", LogQuery(HOUR))
    objects = console.failure_objects("doc").objects
    assert console.failure_object("doc", objects[0].key).content.text
    console.incident("doc", everything=True)
    console.find_cold_starts(["doc"], 1.0)
    console.capacity("doc")
    console.drift("doc")
    console.timeline("doc", DAY, everything=True)
    console.find_savings(SavingsQuery(last_days(1, now)))
    console.find_traffic("doc", 1.0)
    console.queue_status("doc")
    console.quote(Submission("doc", INPUT))
    console.requests(RequestFilter())
    console.plan_bounds("doc", 0, 2)
    with pytest.raises(BadInput, match="already the model"):
        console.plan_deploy(WISH)


def test_a_viewers_policy_suffices_for_all_that_is_read(world: World) -> None:
    with world.console() as operator:  # a queue of Ebb's own, and a request with its result
        operator.make_queue("doc", ANNA)
        batch = operator.submit(Submission("doc", INPUT), ANNA)
        while operator.send_step() is not None:
            pass
        world.aws.advance(300)
        operator.follow_step(everything=True)
    role = make(world.aws.client("iam"), trusting(world.aws.world.account, "e-1"))
    places = replace(world.places, assume=(role,))
    with under(world.url, policy("viewer", places)), world.console(role) as console:
        assert console.connection().caller.endswith(":assumed-role/ebb/ebb")
        read_everything(console)
        (row,) = console.requests(RequestFilter(batch=batch.id)).rows
        assert console.result(row.id).text.text
        console.publish(world.notices, "calm", "All is calm.")
        found = console.preflight("viewer")
        assert found.fine
        assert [t.answer for t in found.tried if t.row.operation == "AssumeRole"] == [Answer.ALLOWED]
        assert denied(world.url) == {}
        deny(world.url, "sqs:GetQueueAttributes")
        assert [t.action for t in console.preflight("viewer").lacking] == ["sqs:GetQueueAttributes"]
        deny(world.url)
        assert set(console.usage().calls) >= calls("viewer")
        with pytest.raises(Denied):
            console.upload("doc", "x.json", iter([b"{}"]), ANNA)
        entry = console.apply(console.plan_bounds("doc", 0, 2), ANNA).entry
        assert entry.outcome is Outcome.FAILED
    assert set(denied(world.url)) <= {"s3:PutObject", "application-autoscaling:RegisterScalableTarget"}


def alarm(name: str) -> PutAlarm:
    metric = MetricRef("AWS/SageMaker", "ApproximateBacklogSize", (("EndpointName", "doc"),))
    return PutAlarm(
        name, metric, 100.0, "GreaterThanThreshold", 60, 1, 1, "missing", (), actions_enabled=False
    )


def changed(console: Console, *changes: Change) -> None:
    plan = console.plan_changes("doc", "fix", "a change", changes)
    receipt = console.apply(plan, ANNA, typed=plan.confirm)
    assert receipt.entry.outcome is Outcome.DONE, receipt.entry.said


def test_an_operators_policy_suffices_for_all_that_operators_change(world: World) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (2 * requests.PART)
        raise OpsError("the browser ended it")

    with under(world.url, policy("operator", world.places)), world.console() as console:
        assert console.apply(console.plan_bounds("doc", 1, 2), ANNA).entry.outcome is Outcome.DONE
        asleep = console.plan_suspended("doc", Suspended(scale_in=True))
        assert console.apply(asleep, ANNA, typed=asleep.confirm).entry.outcome is Outcome.DONE
        warm = console.plan_warm("doc", WarmWish((window("mon-fri 08:00-10:00"),), "Europe/Berlin"))
        assert console.apply(warm, ANNA).entry.outcome is Outcome.DONE
        gone = console.plan_warm_removed("doc", 1)
        assert console.apply(gone, ANNA).entry.outcome is Outcome.DONE
        changed(console, alarm("backlog-doc"))
        changed(console, EnableAlarmActions("backlog-doc"))
        console.make_queue("doc", ANNA)
        small = console.upload("doc", "x.json", iter([b"{}"]), ANNA)
        console.upload("doc", "large.bin", iter([b"x" * (requests.PART + 1)]), ANNA)
        with pytest.raises(OpsError, match="browser ended"):
            console.upload("doc", "large.bin", broken(), ANNA)
        batch = console.submit(Submission("doc", small.uri), ANNA)
        while console.send_step() is not None:
            pass
        world.aws.advance(300)
        assert console.follow_step(everything=True) == 0
        (row,) = console.requests(RequestFilter(batch=batch.id)).rows
        assert row.source == "a message of its topic"
        console.remove_queue("doc", ANNA)
        assert denied(world.url) == {}
        assert set(console.usage().calls) >= calls("operator")
        target = DeregisterTarget(EndpointRef(world.aws.world.account, "us-east-1", "doc"))
        beyond = console.plan_changes("doc", "fix", "ends scaling", [target])
        receipt = console.apply(beyond, BOSS, typed=beyond.confirm)
        assert receipt.action == "application-autoscaling:DeregisterScalableTarget"


def test_an_admins_policy_suffices_to_deploy_and_to_clean_up(tmp_path: Path) -> None:
    with hurrying() as url, Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console:
        where = console.connection()
        topic = boto3.client(
            "sns", "us-east-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y"
        ).create_topic(Name="results")["TopicArn"]
        wish = replace(WISH, error_topic=topic)
        places = Places(where.account, where.region, ("results",), roles=(ROLE,))
        with under(url, policy("admin", places)):
            deny(url, "cloudwatch:PutMetricAlarm")  # its last step
            entry = console.apply(console.plan_deploy(wish), BOSS).entry
            assert entry.outcome is Outcome.PARTLY
            deny(url)
            rest = console.apply(console.plan_continue(entry.id), BOSS).entry
            assert rest.outcome is Outcome.DONE, rest.said
            made = f"HasBacklogWithoutCapacity-{wish.name}"
            ref = EndpointRef(where.account, where.region, wish.name)
            for change in (
                DeleteAlarms((made,)),
                DeletePolicy(ref, "Backlog-ScalingPolicy"),
                DeregisterTarget(ref),
            ):
                plan = console.plan_changes(wish.name, "fix", "a change", [change])
                assert console.apply(plan, BOSS, typed=plan.confirm).entry.outcome is Outcome.DONE
            back = console.plan_cleanup(entry.id)
            done = console.apply(back, BOSS, typed=back.confirm).entry
            assert done.outcome is Outcome.DONE, done.said
            assert denied(url) == {}
            assert set(console.usage().calls) >= calls("admin")


BILLS = {
    "": "Cost Explorer",
    "bill_export": "an export in S3",
    "bill_table": "an export in Athena",
}


@pytest.fixture(scope="module")
def billed() -> Iterator[str]:
    with small(4.0) as (server, _):
        yield server.url


def bills(url: str, folder: Path, source: str) -> Settings:
    """Where bills are read from, as somebody would set it."""
    given = {
        "bill_export": f"{EXPORTS}/cur2/",
        "bill_table": "ebb_billing.cur2",
    }
    named = {source: given[source]} if source else {}
    return Settings(endpoint_url=url, state_dir=folder, athena_output=f"{EXPORTS}/athena/", **named)


@pytest.mark.parametrize("source", BILLS)
def test_billings_policy_beside_a_viewers_suffices_to_read_bills(
    billed: str, tmp_path: Path, source: str
) -> None:
    settings = bills(billed, tmp_path, source)
    with Console.open(settings) as console:
        where = console.connection()
        places = Places(
            where.account,
            where.region,
            ("ebb-documents",),
            export=EXPORTS,
            answers=settings.athena_output or "",
            table="ebb_billing.cur2",
        )
        with under(billed, policy("viewer", places), policy("billing", places)):
            view = console.find_savings(
                SavingsQuery(in_utc(last_days(2, console.fleet().as_of)), basis=Basis.BILLED)
            )
            assert [row.basis for row in view.rows] == [Basis.BILLED]
            assert denied(billed) == {}
        with under(billed, policy("viewer", places)):
            assert console.preflight("viewer").fine
            paid = console.preflight("billing", paid=True)
            assert not paid.fine
            assert {t.action for t in paid.lacking} >= {
                "ce:GetCostAndUsage",
                "ce:GetCostAndUsageWithResources",
            }


def test_preflight_of_bills_makes_every_call_that_is_declared_for_them(billed: str, tmp_path: Path) -> None:
    settings = bills(billed, tmp_path, "bill_table").model_copy(update={"bill_export": f"{EXPORTS}/cur2/"})
    with Console.open(settings) as console:
        free = console.preflight("billing")
        assert "ce:GetCostAndUsage" not in console.usage().calls
        assert all("--paid" in t.why for t in free.tried if t.row.price)
        found = console.preflight("billing", paid=True)
        assert found.fine, found.sentence
        assert set(console.usage().calls) >= calls("billing")
        assert "bills 2 calls of these with $0.01 each" in found.sentence
