"""Tags of endpoints: read page by page at a low rate, and what is refused is said."""

from __future__ import annotations

import json
from email.utils import formatdate

from ops.aws.tags import EVERY_S, TagReader
from tests.aws.test_calls import reading
from tests.living import TUESDAY, Answer, answering, error

ARN = "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/"


class Tagging:
    """Answers GetResources a page at a time; the time of its answers is moved by the test."""

    def __init__(self) -> None:
        self.now = TUESDAY
        self.asked: list[dict[str, object]] = []
        self.refuse: Answer | None = None

    def __call__(self, target: str, body: bytes) -> Answer:
        when = formatdate(self.now, usegmt=True)
        headers = {"Content-Type": "application/x-amz-json-1.1", "Date": when}
        if b"GetCallerIdentity" in body:
            text = (
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>"
                "</GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
            return 200, {"Content-Type": "text/xml", "Date": when}, text.encode()
        asked = json.loads(body)
        self.asked.append(asked)
        if self.refuse is not None:
            return self.refuse
        name, more = ("b", "") if asked.get("PaginationToken") else ("a", "on")
        found = [{"ResourceARN": ARN + name, "Tags": [{"Key": "team", "Value": name.upper()}]}]
        return 200, headers, json.dumps({"ResourceTagMappingList": found, "PaginationToken": more}).encode()


def test_all_pages_are_read_and_an_endpoint_without_tags_has_none() -> None:
    tagging, tags = Tagging(), TagReader()
    with answering(tagging) as url:
        asking = reading(url)
        asking.ask("sts", "GetCallerIdentity")
        assert tags.of(ARN + "a") is None, "not asked yet"
        tags.refresh(asking)
    assert [tags.of(ARN + name) for name in "abc"] == [{"team": "A"}, {"team": "B"}, {}]
    assert tags.problem is None
    assert [each["ResourceTypeFilters"] for each in tagging.asked] == [["sagemaker:endpoint"]] * 2


def test_they_are_asked_for_rarely() -> None:
    tagging, tags = Tagging(), TagReader()
    with answering(tagging) as url:
        asking = reading(url)
        for later in (0.0, 2.0, EVERY_S - 10):
            tagging.now = TUESDAY + later
            asking.ask("sts", "GetCallerIdentity")
            tags.refresh(asking)
        assert len(tagging.asked) == 2
        tagging.now = TUESDAY + EVERY_S + 1
        asking.ask("sts", "GetCallerIdentity")
        tags.refresh(asking)
        assert len(tagging.asked) == 4


def test_what_is_denied_names_the_action_and_ends_nothing() -> None:
    tagging, tags = Tagging(), TagReader()
    with answering(tagging) as url:
        asking = reading(url)
        asking.ask("sts", "GetCallerIdentity")
        tags.refresh(asking)
        tagging.refuse, tagging.now = error("AccessDeniedException"), TUESDAY + 2 * EVERY_S
        asking.ask("sts", "GetCallerIdentity")
        tags.refresh(asking)
    assert tags.of(ARN + "a") is None
    assert tags.problem is not None
    assert (tags.problem.part, tags.problem.action) == ("tags", "tag:GetResources")


def test_what_may_pass_leaves_what_was_known() -> None:
    tagging, tags = Tagging(), TagReader()
    with answering(tagging) as url:
        asking = reading(url)
        asking.ask("sts", "GetCallerIdentity")
        tags.refresh(asking)
        tagging.refuse, tagging.now = error("ThrottlingException", status=429), TUESDAY + 2 * EVERY_S
        asking.ask("sts", "GetCallerIdentity")
        tags.refresh(asking)
    assert tags.of(ARN + "a") == {"team": "A"}
    assert tags.problem is not None
    assert tags.problem.retryable
