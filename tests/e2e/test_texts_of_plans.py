"""What a plan is shown as does what Ebb itself does: three accounts alike, one changed by Ebb, one by the text for the
AWS CLI, one by the boto3 script; then all three hold the same."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import botocore.waiter
import pytest

from ops import clock
from ops.config import Settings
from ops.console import Console
from ops.core import deploy_planning
from ops.core.attaching import Attachment
from ops.core.change import Actor, ChangePlan, Outcome
from ops.core.deployment import Deployment, wanted
from ops.core.doctor.mending import wake_alarm
from ops.core.fix_calls import calls
from ops.core.fix_texts import Language, of_plan
from ops.core.fixes import Calls
from ops.core.metrics import AWS
from ops.core.setup_steps import steps
from ops.core.types import MetricRef, Suspended, TargetTrackingPolicy
from ops.local_aws.world import WorldOptions
from ops.warming import WarmWish
from tests.core.templates import SCALED, made_by, mistakes, of_code, of_template
from tests.core.warm_samples import window
from tests.described import REGION, account, client
from tests.e2e.conftest import CREDENTIALS
from tests.living import error, gated, hurrying
from tests.small_worlds import NAME, small
from tests.test_deploying import IMAGE, ROLE, WISH

pytestmark = pytest.mark.e2e

BOSS = Actor("boss", "admin")
TOPIC = f"arn:aws:sns:{REGION}:123456789012:on-call"
REF = WISH.ref("123456789012", REGION)


@dataclass(frozen=True, slots=True)
class Case:
    """A plan, and how the account is before it. `shut`: the operation that fails while that is prepared."""

    plan: Callable[[Console, str], ChangePlan]
    before: Callable[[Console, str], object] = lambda console, url: None
    shut: str = ""
    small: bool = False
    """Whether it begins with one endpoint in standing time, else with an empty account whose time hurries."""


def deployed(console: Console, url: str) -> str:
    return console.apply(console.plan_deploy(WISH), BOSS).entry.id


def detached(console: Console, url: str) -> None:
    deployed(console, url)
    plan = console.plan_detach(WISH.name)
    console.apply(plan, BOSS, typed=plan.confirm)


def attached(console: Console, url: str) -> None:
    detached(console, url)
    console.apply(console.plan_attach(WISH.name, Attachment(4)), BOSS)


def shared(console: Console, url: str) -> None:
    """Deployed, and an alarm on something else runs one of its policies."""
    deployed(console, url)
    alarm = wake_alarm(REF, (console.setup(WISH.name).policies[-1].arn, TOPIC))
    queue = MetricRef("AWS/SQS", "ApproximateNumberOfMessagesVisible", (("QueueName", "in"),))
    put = replace(alarm, name="queue", metric=queue)
    console.apply(console.plan_changes(WISH.name, "alarm", "Put an alarm", (put,)), BOSS)


def with_topics(console: Console, url: str) -> None:
    for name in ("on-call", "on-call-errors"):
        client(url, "sns").create_topic(Name=name)


def with_a_model(console: Console, url: str) -> None:
    client(url, "sagemaker").create_model(
        ModelName="there", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE
    )


FULL = replace(
    WISH,
    success_topic=TOPIC,
    error_topic=f"{TOPIC}-errors",
    concurrency=None,
    target=2.5,
    wake_minutes=3,
    alarms=(
        replace(wake_alarm(REF, (TOPIC,)), name='told "at once" by $(on call)', description="It's urgent."),
    ),
    tags=(("team", "documents"), ("cost centre", "a=b + c: d@e")),
    config_name="doc-config-1",
    variant="main",
)
OFFICE = WarmWish((window("mon-fri 08:00-18:00"),), "Europe/Berlin")
BARE = Deployment("doc-bare", "there", "ml.g5.xlarge", "s3://results/out/", wake=False)


def renewed(console: Console, url: str) -> ChangePlan:
    """Another configuration for an endpoint of the same name: the old one goes, the new one is made."""
    held = replace(console.setup(WISH.name), resources=wanted(WISH, REF).resources)
    again = wanted(replace(WISH, config_name="doc-2", concurrency=5), REF).resources
    changes = steps(held, replace(held, resources=again), REF)
    now = console.plan_bounds(WISH.name, 0, 4).made_at
    return deploy_planning.make("renewed", "deploy", "Renew", changes, held, REF, now, effect="It is so.")


def tracked(console: Console, url: str) -> ChangePlan:
    metric = MetricRef(AWS, "ApproximateBacklogSizePerInstance", (("EndpointName", NAME),))
    return console.plan_policy(NAME, TargetTrackingPolicy("mine", "", 7.5, metric, scale_in_cooldown=120))


def last(console: Console) -> str:
    return console.journal()[0].id


CASES = {
    "deploy": Case(lambda console, url: console.plan_deploy(WISH)),
    "deploy with everything": Case(lambda console, url: console.plan_deploy(FULL), with_topics),
    "deploy an existing model": Case(lambda console, url: console.plan_deploy(BARE), with_a_model),
    "continue": Case(
        lambda console, url: console.plan_continue(last(console)), deployed, shut="PutMetricAlarm"
    ),
    "clean up what is half made": Case(
        lambda console, url: console.plan_cleanup(last(console)), deployed, shut="PutScalingPolicy"
    ),
    "delete": Case(lambda console, url: console.plan_cleanup(last(console)), deployed),
    "renew": Case(renewed, deployed),
    "detach": Case(lambda console, url: console.plan_detach(WISH.name), deployed),
    "attach": Case(lambda console, url: console.plan_attach(WISH.name, Attachment(4)), detached),
    "undo an attachment": Case(lambda console, url: console.plan_undo(last(console)), attached),
    "delete with an alarm of others": Case(lambda console, url: console.plan_delete(WISH.name), shared),
    "bounds": Case(lambda console, url: console.plan_bounds(NAME, 1, 5), small=True),
    "suspend": Case(lambda console, url: console.plan_suspended(NAME, Suspended(scale_in=True)), small=True),
    "policy": Case(tracked, small=True),
    "policy removed": Case(
        lambda console, url: console.plan_policy_removed(NAME, console.setup(NAME).policies[-1].name),
        small=True,
    ),
    "alarm": Case(
        lambda console, url: console.plan_alarm(NAME, replace(FULL.alarms[0], name="told"), ""), small=True
    ),
    "warm windows": Case(lambda console, url: console.plan_warm(NAME, OFFICE), small=True),
    "keep warm": Case(lambda console, url: console.plan_keep_warm(NAME, span=timedelta(hours=3)), small=True),
    "warm windows removed": Case(
        lambda console, url: console.plan_warm_off(NAME),
        lambda console, url: console.apply(console.plan_warm(NAME, OFFICE), BOSS),
        small=True,
    ),
    "undo": Case(
        lambda console, url: console.plan_undo(last(console)),
        lambda console, url: console.apply(
            console.plan_policy_removed(NAME, console.setup(NAME).policies[-1].name), BOSS, typed=NAME
        ),
        small=True,
    ),
}


@contextmanager
def _standing() -> Iterator[str]:
    with small(0.5) as (server, _):
        yield server.url


@contextmanager
def prepared(case: Case, folder: Path) -> Iterator[tuple[Console, str, ChangePlan]]:
    """An account of its own in which the case is prepared, and the plan."""
    with ExitStack() as stack:
        behind = stack.enter_context(_standing() if case.small else hurrying())
        url, gate = stack.enter_context(gated(behind))
        console = stack.enter_context(Console.open(Settings(endpoint_url=url, state_dir=folder)))
        if case.shut:
            gate.shut[case.shut] = error("AccessDeniedException", "not authorized", 403)
        case.before(console, behind)
        gate.shut.clear()
        yield console, behind, case.plan(console, behind)


def by_ebb(console: Console, url: str, plan: ChangePlan, aws_folder: Path) -> None:
    entry = console.apply(plan, BOSS, typed=plan.confirm).entry
    assert entry.outcome is Outcome.DONE, entry.said


def in_bash(text: str, url: str, aws_folder: Path) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ = (
        known
        | CREDENTIALS
        | {
            "AWS_ENDPOINT_URL": url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "PATH": f"{aws_folder}{os.pathsep}{os.environ['PATH']}",
        }
    )
    return subprocess.run(
        ["bash", "-c", text], env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def by_the_aws_cli(console: Console, url: str, plan: ChangePlan, aws_folder: Path) -> None:
    text = of_plan(plan)[Language.CLI]
    done = in_bash(text, url, aws_folder)
    assert done.returncode == 0, f"{text}\n{done.stderr}"


def by_boto3(console: Console, url: str, plan: ChangePlan, aws_folder: Path) -> None:
    """As it stands; only the half minute between two looks of a waiter is shorter here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": url, "AWS_CONFIG_FILE": os.devnull}.items():
            patch.setenv(name, value)
        patch.setattr(botocore.waiter, "time", SimpleNamespace(sleep=lambda _: clock.pause(0.2)))
        exec(compile(of_plan(plan)[Language.BOTO3], "plan.py", "exec"), {"__name__": "__main__"})


def says_the_same_as_code(plan: ChangePlan) -> None:
    """Terraform and CloudFormation make what the calls make; where that is a part of something, a comment has it."""
    made, texts = made_by(calls(Calls(plan.changes, ""))), of_plan(plan)
    assert of_code(texts[Language.TERRAFORM]) == made
    template = texts[Language.CLOUDFORMATION]
    whole = of_template(template) if "\nResources:\n" in template else {}
    if whole:
        assert mistakes(template, REGION) == []
    for key, parameters in made.items():
        if key in whole:
            assert whole.pop(key) == parameters
        else:
            said = [line for line in template.splitlines() if line.startswith("#   ")]
            for name, value in parameters.items():
                assert name in SCALED or any(name in line for line in said), (name, value)
    assert whole == {}


def at_rest(url: str) -> dict[str, object]:
    """The account while no endpoint scales: time hurries, and what a policy does meanwhile is no part of a plan."""
    for _ in range(200):
        found = account(url)
        if "'Updating'" not in str(found):
            return found
        clock.pause(0.1)
    pytest.fail("an endpoint has not come to rest")


@pytest.mark.parametrize("name", CASES)
def test_ebb_the_aws_cli_and_boto3_leave_the_same_account(
    name: str, tmp_path: Path, aws_folder: Path
) -> None:
    case, ends = CASES[name], []
    for number, way in enumerate((by_ebb, by_the_aws_cli, by_boto3)):
        with prepared(case, tmp_path / str(number)) as (console, url, plan):
            before = account(url)
            if way is by_ebb:
                says_the_same_as_code(plan)
            way(console, url, plan, aws_folder)
            ends.append(at_rest(url))
            assert ends[-1] != before
    ebb, shell, script = ends
    assert shell == ebb
    assert script == ebb


def test_with_credentials_of_another_account_the_texts_change_nothing_there(
    tmp_path: Path, aws_folder: Path
) -> None:
    """An endpoint of the same name stands there, in the same region."""
    elsewhere = WorldOptions(history_days=2, account="222222222222", region=REGION)
    with (
        prepared(CASES["bounds"], tmp_path) as (console, _, plan),
        small(0.5, options=elsewhere) as (there, _),
    ):
        before = account(there.url)
        done = in_bash(f"{of_plan(plan)[Language.CLI]}\necho the shell goes on", there.url, aws_folder)
        assert "These credentials are not of account 123456789012: nothing was done." in done.stderr
        assert done.stdout == "the shell goes on\n"
        with pytest.raises(SystemExit, match="not of account 123456789012"):
            by_boto3(console, there.url, plan, aws_folder)
        assert account(there.url) == before
