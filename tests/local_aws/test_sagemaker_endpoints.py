"""The life of an endpoint: create, describe, update, scale by hand, delete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import IMAGE, PROVISIONED_S, ROLE, Account, refused

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/doc"
MISSING = f'Could not find endpoint "{ARN}".'
IN_PROGRESS = f'Cannot update in-progress endpoint "{ARN}".'
TEST = {"eventVersion": "1.0", "eventSource": "aws:sagemaker", "eventName": "TestNotification"}


@pytest.fixture
def account(aws: SteppedAws) -> Account:
    return Account(aws)


def register(account: Account, name: str = "doc") -> None:
    account.scaling.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{name}/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=0,
        MaxCapacity=8,
    )


def order(account: Account, count: int) -> None:
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="doc",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": count}],
    )


def test_from_creating_to_in_service(account: Account) -> None:
    made = account.sagemaker.create_endpoint(EndpointName="doc", EndpointConfigName=account.config(count=2))
    assert made["EndpointArn"] == ARN
    told = account.describe()
    assert (told["EndpointStatus"], told["CreationTime"].timestamp()) == ("Creating", account.aws.now())
    (variant,) = told["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (0, 2)
    assert [status["Status"] for status in variant["VariantStatus"]] == ["Creating"]
    account.aws.advance(30)
    assert account.status() == "Creating"
    account.aws.advance(PROVISIONED_S)
    told = account.describe()
    assert told["EndpointStatus"] == "InService"
    assert told["LastModifiedTime"] > told["CreationTime"]
    (variant,) = told["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 2)
    assert "VariantStatus" not in variant
    assert variant["DeployedImages"][0]["SpecifiedImage"] == IMAGE
    assert variant["DeployedImages"][0]["ResolvedImage"].startswith(IMAGE.rpartition(":")[0] + "@sha256:")


def test_describe_tells_the_asynchronous_configuration_but_no_instance_type(account: Account) -> None:
    account.endpoint()
    told = account.describe()
    assert told["AsyncInferenceConfig"] == {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
        "OutputConfig": account.output(),
    }
    assert told["EndpointConfigName"] == "doc-config"
    assert "InstanceType" not in told["ProductionVariants"][0]


def test_without_an_asynchronous_configuration_it_is_a_real_time_endpoint(account: Account) -> None:
    account.endpoint("live", account.config(asynchronous=False))
    assert "AsyncInferenceConfig" not in account.describe("live")
    assert account.messages() == []


def test_an_endpoint_is_made_once(account: Account) -> None:
    account.endpoint()
    message = refused(account.sagemaker.create_endpoint, EndpointName="doc", EndpointConfigName="doc-config")
    assert message == f'Cannot create already existing endpoint "{ARN}".'


def test_what_is_missing_is_named(account: Account) -> None:
    create = account.sagemaker.create_endpoint
    assert "endpoint-config/none" in refused(create, EndpointName="doc", EndpointConfigName="none")
    assert refused(account.sagemaker.describe_endpoint, EndpointName="doc") == MISSING
    assert refused(account.sagemaker.delete_endpoint, EndpointName="doc") == MISSING
    account.config()
    update = account.sagemaker.update_endpoint
    assert refused(update, EndpointName="doc", EndpointConfigName="doc-config") == MISSING
    account.sagemaker.delete_model(ModelName="doc-model")
    assert "model/doc-model" in refused(create, EndpointName="doc", EndpointConfigName="doc-config")


def test_topics_must_exist(account: Account) -> None:
    wrong = account.success.replace("doc-success", "no-such-topic")
    account.config(output=account.output(SuccessTopic=wrong))
    message = refused(account.sagemaker.create_endpoint, EndpointName="doc", EndpointConfigName="doc-config")
    assert wrong in message
    assert refused(account.sagemaker.describe_endpoint, EndpointName="doc") == MISSING


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}, "serverless"),
        ({"ManagedInstanceScaling": {"Status": "ENABLED"}}, "managed instance scaling"),
    ],
)
def test_other_kinds_of_variants_are_not_offered(
    account: Account, changes: dict[str, Any], what: str
) -> None:
    variant: dict[str, Any] = {"VariantName": "AllTraffic", "ModelName": "doc-model"} | changes
    if "ServerlessConfig" not in changes:
        variant |= {"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}
    account.sagemaker.create_endpoint_config(EndpointConfigName="other", ProductionVariants=[variant])
    create = account.sagemaker.create_endpoint
    assert what in refused(create, "NotImplemented", EndpointName="doc", EndpointConfigName="other")


def test_two_variants_are_not_offered(account: Account) -> None:
    variants = [
        {
            "VariantName": name,
            "ModelName": "doc-model",
            "InstanceType": "ml.g5.xlarge",
            "InitialInstanceCount": 1,
        }
        for name in ("blue", "green")
    ]
    account.sagemaker.create_endpoint_config(EndpointConfigName="two", ProductionVariants=variants)
    create = account.sagemaker.create_endpoint
    refused(create, "NotImplemented", EndpointName="doc", EndpointConfigName="two")


def test_an_update_changes_the_configuration_when_it_is_through(account: Account) -> None:
    account.endpoint()
    account.sagemaker.create_model(
        ModelName="doc-model-2", PrimaryContainer={"Image": IMAGE + "1"}, ExecutionRoleArn=ROLE
    )
    account.config("doc-config-2", instance_type="ml.g5.2xlarge", count=2, concurrency=8)
    account.sagemaker.update_endpoint(EndpointName="doc", EndpointConfigName="doc-config-2")
    told = account.describe()
    assert (told["EndpointStatus"], told["EndpointConfigName"]) == ("Updating", "doc-config")
    assert told["ProductionVariants"][0]["VariantStatus"][0]["Status"] == "Updating"
    update = account.sagemaker.update_endpoint
    assert refused(update, EndpointName="doc", EndpointConfigName="doc-config") == IN_PROGRESS
    account.aws.advance(PROVISIONED_S)
    told = account.describe()
    assert (told["EndpointStatus"], told["EndpointConfigName"]) == ("InService", "doc-config-2")
    assert told["AsyncInferenceConfig"]["ClientConfig"]["MaxConcurrentInvocationsPerInstance"] == 8
    assert account.counts() == (2, 2)


def test_an_update_may_keep_the_counts(account: Account) -> None:
    account.endpoint()
    order(account, 3)
    account.aws.advance(PROVISIONED_S)
    account.config("doc-config-2")
    update = account.sagemaker.update_endpoint
    update(EndpointName="doc", EndpointConfigName="doc-config-2", RetainAllVariantProperties=True)
    account.aws.advance(PROVISIONED_S)
    assert account.counts() == (3, 3)
    update(
        EndpointName="doc",
        EndpointConfigName="doc-config",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredInstanceCount"}],
    )
    account.aws.advance(PROVISIONED_S)
    assert account.counts() == (1, 1)


def test_another_instance_type_needs_the_target_deregistered_first(account: Account) -> None:
    account.endpoint()
    register(account)
    account.config("bigger", instance_type="ml.g5.2xlarge")
    update = account.sagemaker.update_endpoint
    message = refused(
        update, EndpointName="doc", EndpointConfigName="bigger", RetainAllVariantProperties=True
    )
    assert "must be deregistered" in message
    assert account.status() == "InService"
    account.scaling.deregister_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/doc/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
    )
    update(EndpointName="doc", EndpointConfigName="bigger")
    assert account.status() == "Updating"


def test_the_same_type_may_be_updated_while_the_target_is_registered(account: Account) -> None:
    account.endpoint()
    register(account)
    account.config("newer", concurrency=2)
    account.sagemaker.update_endpoint(
        EndpointName="doc", EndpointConfigName="newer", RetainAllVariantProperties=True
    )
    account.aws.advance(PROVISIONED_S)
    assert account.describe()["EndpointConfigName"] == "newer"


def test_turning_it_into_a_real_time_endpoint_is_not_offered(account: Account) -> None:
    account.endpoint()
    account.config("live", asynchronous=False)
    update = account.sagemaker.update_endpoint
    refused(update, "NotImplemented", EndpointName="doc", EndpointConfigName="live")


def test_scaling_by_hand_takes_its_time(account: Account) -> None:
    account.endpoint()
    order(account, 2)
    assert (account.status(), account.counts()) == ("Updating", (1, 2))
    call = account.sagemaker.update_endpoint_weights_and_capacities
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]
    assert refused(call, EndpointName="doc", DesiredWeightsAndCapacities=wanted) == IN_PROGRESS
    account.aws.advance(PROVISIONED_S)
    assert (account.status(), account.counts()) == ("InService", (2, 2))
    order(account, 0)
    account.aws.advance(PROVISIONED_S)
    assert (account.status(), account.counts()) == ("InService", (0, 0))


def test_a_change_of_weight_leaves_the_counts_alone(account: Account) -> None:
    account.endpoint()
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="doc", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 0.5}]
    )
    variant = account.describe()["ProductionVariants"][0]
    assert (variant["CurrentWeight"], variant["DesiredWeight"]) == (0.5, 0.5)
    assert account.counts() == (1, 1)


def test_an_unknown_variant_is_refused(account: Account) -> None:
    account.endpoint()
    call = account.sagemaker.update_endpoint_weights_and_capacities
    wanted = [{"VariantName": "blue", "DesiredInstanceCount": 1}]
    assert "blue" in refused(call, EndpointName="doc", DesiredWeightsAndCapacities=wanted)
    assert refused(call, EndpointName="doc", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic"}])


def test_a_real_time_endpoint_keeps_one_instance(account: Account) -> None:
    account.endpoint("doc", account.config(asynchronous=False))
    call = account.sagemaker.update_endpoint_weights_and_capacities
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}]
    assert refused(call, EndpointName="doc", DesiredWeightsAndCapacities=wanted)


def test_both_topics_hear_a_test_notification_of_every_change(account: Account) -> None:
    account.endpoint()
    assert account.messages() == [TEST, TEST]
    order(account, 2)
    assert account.messages() == [TEST, TEST]
    account.aws.advance(PROVISIONED_S)
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="doc", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 2.0}]
    )
    assert account.messages() == [TEST, TEST]
    account.config("doc-config-2")
    account.sagemaker.update_endpoint(EndpointName="doc", EndpointConfigName="doc-config-2")
    assert account.messages() == [TEST, TEST]


def test_the_account_quota_holds(account: Account) -> None:
    account.config(count=1, instance_type="ml.p4d.24xlarge")
    limit = account.aws.world.quotas.limit("ml.p4d.24xlarge")
    account.config("too-many", count=limit + 1, instance_type="ml.p4d.24xlarge")
    create = account.sagemaker.create_endpoint
    message = refused(create, "ResourceLimitExceeded", EndpointName="doc", EndpointConfigName="too-many")
    assert "'ml.p4d.24xlarge for endpoint usage'" in message
    assert refused(account.sagemaker.describe_endpoint, EndpointName="doc") == MISSING


def test_a_failed_endpoint_says_why_and_can_only_be_deleted(account: Account) -> None:
    account.sagemaker.create_endpoint(EndpointName="doc", EndpointConfigName=account.config())
    account.aws.world.fleet.inject("doc", fail_deploy=True)
    account.aws.advance(PROVISIONED_S)
    told = account.describe()
    assert told["EndpointStatus"] == "Failed"
    assert "ping health check" in told["FailureReason"]
    update = account.sagemaker.update_endpoint
    assert "can only be deleted" in refused(update, EndpointName="doc", EndpointConfigName="doc-config")
    account.sagemaker.delete_endpoint(EndpointName="doc")
    account.aws.advance(120)
    assert refused(account.sagemaker.describe_endpoint, EndpointName="doc") == MISSING


def test_deleting_takes_the_scalable_target_along(account: Account) -> None:
    account.endpoint()
    register(account)
    account.sagemaker.delete_endpoint(EndpointName="doc")
    assert account.status() == "Deleting"
    account.aws.advance(120)
    assert refused(account.sagemaker.describe_endpoint, EndpointName="doc") == MISSING
    assert account.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_an_endpoint_cannot_be_deleted_while_it_changes(account: Account) -> None:
    account.sagemaker.create_endpoint(EndpointName="doc", EndpointConfigName=account.config())
    assert refused(account.sagemaker.delete_endpoint, EndpointName="doc") == IN_PROGRESS


def test_an_endpoint_outlives_its_configuration_and_model(account: Account) -> None:
    account.endpoint()
    account.sagemaker.delete_endpoint_config(EndpointConfigName="doc-config")
    account.sagemaker.delete_model(ModelName="doc-model")
    assert account.describe()["AsyncInferenceConfig"]["OutputConfig"] == account.output()
