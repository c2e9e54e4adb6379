"""Athena's workgroups: `primary` as every account has it, and one whose results have a place of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens
from ops.local_aws.services.athena_metadata import LISTED, AthenaMetadata, invalid

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = Mapping[str, Any]
ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
RESULTS = "ebb-athena-results"
"""The bucket of the workgroup `billing`."""


@dataclass(frozen=True, slots=True)
class WorkGroup:
    name: str
    description: str = ""
    location: str = ""
    enforced: bool = False


GROUPS = (
    WorkGroup("billing", "Reads the bill exports", f"s3://{RESULTS}/"),
    WorkGroup("primary"),
)


class AthenaWorkGroups(AthenaMetadata):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._since = world.first_minute * 60.0

    def get_work_group(self, params: Params) -> dict[str, Any]:
        group = self.group_named(params["WorkGroup"])
        result = {"OutputLocation": group.location} if group.location else {}
        return {
            "WorkGroup": self._summary(group)
            | {
                "Configuration": {
                    "ResultConfiguration": result,
                    "EnforceWorkGroupConfiguration": group.enforced,
                    "PublishCloudWatchMetricsEnabled": False,
                    "RequesterPaysEnabled": False,
                    "EngineVersion": ENGINE,
                }
            }
        }

    def list_work_groups(self, params: Params) -> dict[str, Any]:
        size = params.get("MaxResults", LISTED)
        shown, token = tokens.page(GROUPS, params.get("NextToken"), size, "InvalidRequestException")
        answer = {"WorkGroups": [self._summary(group) | {"EngineVersion": ENGINE} for group in shown]}
        return answer | ({"NextToken": token} if token else {})

    def group_named(self, name: str) -> WorkGroup:
        found = next((group for group in GROUPS if group.name == name), None)
        if found is None:
            raise invalid("WorkGroup is not found.")
        return found

    def _summary(self, group: WorkGroup) -> dict[str, Any]:
        return {
            "Name": group.name,
            "State": "ENABLED",
            "Description": group.description,
            "CreationTime": self._since,
        }
