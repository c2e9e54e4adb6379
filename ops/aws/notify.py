"""A notice through SNS: the one thing that Ebb itself sends by AWS, and only to the topic that was set."""

from __future__ import annotations

from ops.aws.calls import Reading
from ops.core.errors import BadInput

MOST_SUBJECT = 100
"""Characters of a subject that SNS takes: ASCII, on one line."""


def publish(reading: Reading, topic: str, subject: str, text: str) -> None:
    """Hand one message to a topic. Raises Denied, BadInput for a topic of another region, OpsError."""
    region, here = topic.split(":")[3], reading.session.region()
    if here is not None and region != here:
        raise BadInput(
            f"The topic is in {region}, and Ebb reads {here}.",
            "Set EBB_NOTIFY_TOPIC to a topic of that region.",
        )
    reading.ask("sns", "Publish", TopicArn=topic, Subject=ascii_line(subject), Message=text)


def ascii_line(subject: str) -> str:
    """A subject as SNS takes it."""
    plain = " ".join(subject.replace("–", "-").replace("…", "...").split())
    return plain.encode("ascii", "replace").decode("ascii")[:MOST_SUBJECT]
