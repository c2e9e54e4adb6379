"""Moving a real-time endpoint to an asynchronous one, step by step, over an empty embedded AWS that hurries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ops.console import Console
from ops.core.change import Outcome
from ops.core.errors import BadInput, ReadOnly
from ops.core.moving import Move, Standing, Step
from tests.living import error
from tests.test_deploying import BOSS, IMAGE, ROLE, client, inventory
from tests.test_lifecycle import VIEWER, answered, applied, done, stage, until

WISH = Move("doc", "doc-async", "s3://results/out/", "s3://results/failed/", concurrency=2, high=3)
OLD = ["config doc", "endpoint doc InService", "model doc-model"]
NEW = [
    "config doc",
    "config doc-async",
    "endpoint doc InService",
    "endpoint doc-async InService",
    "model doc-model",
]


def real_time(url: str, **more: object) -> None:
    """A real-time endpoint in service, and the bucket of its successor's results."""
    sagemaker = client(url, "sagemaker")
    sagemaker.create_model(ModelName="doc-model", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "doc-model",
        "InstanceType": "ml.g5.xlarge",
        "InitialInstanceCount": 2,
    }
    sagemaker.create_endpoint_config(EndpointConfigName="doc", ProductionVariants=[variant], **more)
    sagemaker.create_endpoint(
        EndpointName="doc", EndpointConfigName="doc", Tags=[{"Key": "team", "Value": "documents"}]
    )
    client(url, "s3").create_bucket(Bucket="results")
    until(lambda: "endpoint doc InService" in inventory(url))


def states(at: Standing) -> list[str]:
    return [step.state for step in at.steps]


def send(console: Console) -> str:
    batch = console.test_move("doc", "", "page.json", iter([b"{}"]), BOSS, "application/json")
    assert batch is not None
    return batch.id


def test_the_old_one_is_kept_until_the_new_one_has_answered(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        real_time(url)
        assert states(console.move_standing("doc")) == ["now", "to come", "to come", "to come"]
        with pytest.raises(BadInput, match="Next is: Make the asynchronous endpoint"):
            console.plan_move_on("doc")
        plan = console.plan_move(WISH)
        assert "Callers have to change" in " ".join(c.sentence for c in plan.cautions)
        done(console, plan)
        assert sorted(inventory(url)) == NEW
        assert console.move_wish("doc", "doc-async") == Move(
            "doc", "doc-async", "s3://results/out/", "s3://results/failed/", concurrency=2
        )
        assert states(console.move_standing("doc")) == ["done", "now", "to come", "to come"]
        with pytest.raises(BadInput, match="Next is: Send a test payload"):
            console.plan_move_on("doc")
        batch = send(console)
        assert console.move_standing("doc").waits
        assert console.test_move("doc", "", "page.json", iter([b"{}"]), BOSS, "application/json") is None
        until(lambda: answered(console, batch))
        assert states(console.move_standing("doc")) == ["done", "done", "now", "to come"]
        done(console, console.plan_move_on("doc", high=3))
        assert console.move_standing("doc").next is Step.DELETE
        last = console.plan_move_on("doc")
        assert last.confirm == "doc"
        assert "doc-async has answered" in last.cautions[0].sentence
        done(console, last)
        assert console.move_standing("doc").next is Step.OVER
        assert inventory(url)[:3] == ["model doc-model", "config doc-async", "endpoint doc-async InService"]
        arn = client(url, "sagemaker").describe_endpoint(EndpointName="doc-async")["EndpointArn"]
        assert {
            t["Key"]: t["Value"] for t in client(url, "sagemaker").list_tags(ResourceArn=arn)["Tags"]
        } == {
            "team": "documents",
            "ebb:moved-from": "doc",
        }


@pytest.mark.parametrize("step", ["CreateEndpointConfig", "CreateEndpoint", "DescribeEndpoint"])
@pytest.mark.parametrize("way", ["again", "continue", "clean up"])
def test_whatever_step_fails_it_is_finished_or_cleaned(tmp_path: Path, step: str, way: str) -> None:
    with stage(tmp_path) as (console, url, gate):
        real_time(url)
        plan = console.plan_move(WISH)
        refusal = error("AccessDeniedException", f"not authorized to perform: x:{step}", 403)
        if step == "DescribeEndpoint":
            gate.after["CreateEndpoint"] = lambda: gate.shut.update({step: refusal})
        else:
            gate.shut[step] = refusal
        entry = applied(console, plan).entry
        gate.shut.clear()
        assert entry.outcome in (Outcome.PARTLY, Outcome.FAILED)
        first = console.move_standing("doc").steps[0]
        assert first.state in ("now", "failed", "waits", "done")
        if way == "clean up":
            if step == "CreateEndpointConfig":
                with pytest.raises(BadInput, match="Nothing is left"):
                    console.plan_cleanup(entry.id)
            else:
                done(console, console.plan_cleanup(entry.id))
            assert sorted(inventory(url)) == OLD
            return
        until(lambda: not console.move_standing("doc").waits)
        if console.move_standing("doc").next is Step.CREATE:
            again = console.plan_move(WISH) if way == "again" else console.plan_continue(entry.id)
            done(console, again)
        assert sorted(inventory(url)) == NEW
        assert console.move_standing("doc").next is Step.TEST


def test_a_test_that_cannot_be_sent_is_sent_again(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        real_time(url)
        done(console, console.plan_move(WISH))
        gate.shut["async-invocations"] = error("ValidationException", "the input is not readable")
        send(console)
        until(lambda: console.send_step() is None)
        at = console.move_standing("doc")
        assert states(at) == ["done", "failed", "to come", "to come"]
        assert "not readable" in at.steps[1].says
        with pytest.raises(BadInput, match="Next is: Send a test payload"):
            console.plan_move_on("doc")
        gate.shut.clear()
        batch = send(console)
        until(lambda: answered(console, batch))
        assert console.move_standing("doc").next is Step.ATTACH


def test_names_that_exist_and_endpoints_that_cannot_be_moved_are_refused(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        real_time(url)
        client(url, "sagemaker").create_endpoint_config(
            EndpointConfigName="doc-async",
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": "doc-model",
                    "InstanceType": "ml.g5.xlarge",
                    "InitialInstanceCount": 1,
                }
            ],
        )
        with pytest.raises(BadInput, match="already the endpoint configuration doc-async"):
            console.plan_move(WISH)
        client(url, "sagemaker").delete_endpoint_config(EndpointConfigName="doc-async")
        done(console, console.plan_move(WISH))
        with pytest.raises(BadInput, match="asynchronous endpoint already"):
            console.plan_move(Move("doc-async", "doc-more", "s3://results/out/"))


def attached(console: Console, url: str) -> str:
    """The move up to its last step; the id of the entry that made the new endpoint."""
    real_time(url)
    plan = console.plan_move(WISH)
    done(console, plan)
    batch = send(console)
    until(lambda: answered(console, batch))
    done(console, console.plan_move_on("doc", high=3))
    assert console.move_standing("doc").next is Step.DELETE
    return plan.id


def test_the_old_one_is_kept_while_the_new_one_cannot_wake(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        attached(console, url)
        watch, name = client(url, "cloudwatch"), "HasBacklogWithoutCapacity-doc-async"
        watch.disable_alarm_actions(AlarmNames=[name])
        at = console.move_standing("doc")
        assert at.next is Step.ATTACH
        assert "are switched off" in at.steps[2].says
        done(console, console.plan_move_on("doc"))
        assert console.move_standing("doc").next is Step.DELETE
        watch.delete_alarms(AlarmNames=[name])
        assert console.move_standing("doc").next is Step.ATTACH
        done(console, console.plan_move_on("doc"))
        assert console.plan_move_on("doc").kind == "delete"


def test_a_move_that_is_undone_leaves_nothing_of_the_new_one(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        move = attached(console, url)
        back = console.plan_undo(move)
        said = " ".join(c.sentence for c in back.cautions)
        assert "Made since, and goes with the endpoint: the policy" in said
        assert "HasBacklogWithoutCapacity-doc-async and its bounds" in said
        assert back.confirm == "doc-async"
        done(console, back)
        assert sorted(inventory(url)) == OLD


def test_a_move_costs_a_day_of_the_new_one_and_an_undone_deletion_the_old_one(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        attached(console, url)
        last = console.plan_move_on("doc")
        done(console, last)
        back = console.plan_undo(last.id)
        assert back.cost is not None
        assert back.cost.usd_per_day is not None
        assert back.cost.usd_per_day > 0
        assert "2 instances of ml.g5.xlarge, day and night" in back.cost.basis
        done(console, back)
        assert "endpoint doc InService" in inventory(url)
        other = console.plan_move(replace(WISH, to="doc-other"))
        assert other.cost is not None
        assert other.cost.usd_per_day == back.cost.usd_per_day / 2
        assert "beside the old one, until its scaling is attached" in other.cost.basis


def test_topics_and_a_new_endpoint_that_is_there_are_looked_at_first(tmp_path: Path) -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:results"
    with stage(tmp_path) as (console, url, _):
        real_time(url)
        told = replace(WISH, success_topic=topic)
        with pytest.raises(BadInput, match="no SNS topic"):
            console.plan_move(told)
        client(url, "sns").create_topic(Name="results")
        plan = console.plan_move(told)
        assert any("results has no subscription" in c.sentence for c in plan.cautions)
        done(console, plan)
        for wish in (told, WISH):
            with pytest.raises(BadInput, match="doc-async is there already"):
                console.plan_move(wish)


def test_a_viewer_moves_nothing(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        real_time(url)
        with pytest.raises(ReadOnly):
            console.apply(console.plan_move(WISH), VIEWER)
        done(console, console.plan_move(WISH))
        with pytest.raises(ReadOnly):
            console.test_move("doc", "", "page.json", iter([b"{}"]), VIEWER, "application/json")
        assert sorted(inventory(url)) == NEW
