"""Taking back deployments that ended on the way: what AWS is at work on, what others use, what Ebb never made."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from ops.console import Console
from ops.core.change import Outcome
from ops.deployments import Deployments
from tests.test_deploying import ALL, BOSS, WISH, client, inventory
from tests.test_lifecycle import applied, done, stage


def trouble(url: str, name: str, **order: object) -> None:
    asked = urllib.request.Request(
        f"{url}/_ebb/endpoints/{name}",
        json.dumps(order).encode(),
        {"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 200


def stopped_while_creating(console: Console) -> str:
    """The id of a deployment that was stopped while its endpoint was created."""
    runs, plan = Deployments(), console.plan_deploy(WISH)
    runs.begin(console.apply, plan, BOSS)
    for _ in range(400):
        entry = console.entry(plan.id)
        if entry is not None and "Creating" in entry.said:
            break
        runs.ended(plan.id, 0.05)
    assert runs.stop(plan.id)
    assert runs.ended(plan.id, 20)
    return plan.id


def test_an_endpoint_that_fails_while_its_clean_up_waits_goes_all_the_same(tmp_path: Path) -> None:
    with stage(tmp_path, speed=60.0) as (console, url, _):
        identity = stopped_while_creating(console)
        back = console.plan_cleanup(identity)
        trouble(url, "doc-new", fail_deploy=True)
        assert inventory(url)[2] == "endpoint doc-new Creating"
        entry = applied(console, back).entry
        assert (entry.outcome, entry.said) == (Outcome.DONE, "")
        assert inventory(url) == []


def test_an_endpoint_that_begins_to_scale_during_its_deletion_is_waited_for(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        done(console, console.plan_deploy(WISH))
        assert inventory(url) == ALL

        def scale() -> None:
            client(url, "sagemaker").update_endpoint_weights_and_capacities(
                EndpointName="doc-new",
                DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
            )

        plan = console.plan_delete("doc-new")
        gate.after["DeleteAlarms"] = scale
        done(console, plan)
        assert inventory(url) == ["model doc-model"]
