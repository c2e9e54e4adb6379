"""Rules on who hears of trouble: failures, topics, alarms. Source: facts B.3, C.3, C.4, F.6, H, H.1 (11)."""

from __future__ import annotations

from dataclasses import replace

from ops.core import metrics, wake
from ops.core.doctor import mending
from ops.core.doctor.case import Case, Topic
from ops.core.doctor.rule import Rule, needs
from ops.core.doctor.words import actions_line, alarm_line
from ops.core.findings import Finding
from ops.core.fixes import Calls, Change, DeleteAlarms, HumanStep
from ops.core.setup import put_alarm
from ops.core.types import Alarm, Severity, TargetTrackingPolicy
from ops.core.words import listed

AT_ANY_COUNT = (metrics.BACKLOG.name, metrics.NO_CAPACITY.name)
"""Metrics that AWS publishes each minute, whatever the count of instances (facts A.1)."""
_VARIANT = ":resource/sagemaker/endpoint/"


def rules() -> tuple[Rule, ...]:
    alarms = needs("scaling", "alarms")
    return (
        Rule("topic-missing", needs("topics"), topic_missing),
        Rule("topic-without-subscriber", needs("topics"), topic_without_subscriber),
        Rule("failures-invisible", needs(), failures_invisible),
        Rule("alarm-fires-asleep", alarms, alarm_fires_asleep),
        Rule("alarm-on-unpublished-metric", alarms, alarm_on_unpublished_metric),
        Rule("alarm-left-behind", alarms, alarm_left_behind),
    )


def failures_invisible(case: Case) -> Finding | None:
    """A failed request leaves nothing behind that its sender could see."""
    config = case.seen.endpoint.async_config
    if config is None or config.failure_path or config.error_topic:
        return None
    return Finding(
        "failures-invisible",
        Severity.INFO,
        "Failed requests leave no trace for their sender: it has neither a failure path nor an error topic.",
        ("S3FailurePath: none", "ErrorTopic: none"),
        "Only the logs of the container show what became of them.",
        HumanStep(
            "Deploy a configuration that names an S3FailurePath, an ErrorTopic, or both: a configuration cannot be "
            "changed in place."
        ),
    )


def topic_missing(case: Case) -> Finding | None:
    """A topic that the configuration names does not exist."""
    gone = [(role, topic) for role, topic in _topics(case) if not topic.exists]
    if not gone:
        return None
    which = listed([role for role, _ in gone])
    return Finding(
        "topic-missing",
        Severity.WARNING,
        f"Its {which} topic does not exist.",
        tuple(topic.arn for _, topic in gone),
        "What is published to it is lost, and counts as NotificationFailures.",
        HumanStep(
            "Make the topic anew under the same name, or deploy a configuration that names another one."
        ),
    )


def topic_without_subscriber(case: Case) -> Finding | None:
    """A topic to which nobody listens, or nobody has confirmed that he does."""
    deaf = [(role, topic) for role, topic in _topics(case) if topic.exists and not topic.confirmed]
    if not deaf:
        return None
    which = listed([role for role, _ in deaf])
    errors = any(role == "error" for role, _ in deaf)
    pending = any(topic.pending for _, topic in deaf)
    step = (
        "Confirm the subscription that is pending" if pending else "Subscribe whoever waits for the results"
    )
    return Finding(
        "topic-without-subscriber",
        Severity.WARNING if errors else Severity.INFO,
        f"Nobody hears of its results: the {which} topic has no {'confirmed ' if pending else ''}subscription.",
        tuple(f"{topic.arn}: {topic.confirmed} confirmed, {topic.pending} pending" for _, topic in deaf),
        "SNS delivers to confirmed subscriptions only, and keeps nothing for later.",
        HumanStep(f"{step}, or deploy a configuration without the topic."),
    )


def alarm_fires_asleep(case: Case) -> Finding | None:
    """Missing data counts as breaching, on a metric that is missing while the endpoint sleeps, and only then."""
    target = case.seen.target
    if target is None or target.bounds.min > 0:
        return None
    others = [a for a in _others(case) if not _never_published(a)]
    loud = [a for a in others if a.missing == "breaching" and _vanishes(a) and _tells_people(a)]
    if not loud:
        return None
    names = listed([a.name for a in loud])
    changes: list[Change] = []
    for alarm in loud:
        assert alarm.metric is not None
        changes.append(replace(put_alarm(alarm, alarm.metric), missing="notBreaching"))
    return Finding(
        "alarm-fires-asleep",
        Severity.WARNING,
        f"{names} {'is' if len(loud) == 1 else 'are'} in ALARM whenever it sleeps: missing data counts as breaching.",
        tuple(alarm_line(a, case.seen.now) for a in loud),
        "Its metric has no datapoint at zero instances. An alarm that is always on tells nothing when it matters.",
        Calls(tuple(changes), "A gap counts as good: the alarm is silent while the endpoint sleeps."),
    )


def alarm_on_unpublished_metric(case: Case) -> Finding | None:
    """An alarm on a metric that only real-time endpoints publish."""
    blind = [a for a in _others(case) if _never_published(a)]
    if not blind:
        return None
    silent = [a.name for a in blind if a.missing != "breaching"]
    loud = [a.name for a in blind if a.missing == "breaching"]
    told = [f"{listed(silent)} can never fire"] if silent else []
    told += [f"{listed(loud)} {'is' if len(loud) == 1 else 'are'} in ALARM for ever"] if loud else []
    watched = "it watches" if len(blind) == 1 else "they watch"
    return Finding(
        "alarm-on-unpublished-metric",
        Severity.WARNING,
        f"{', '.join(told)}: asynchronous endpoints do not publish what {watched}.",
        tuple(line for a in blind for line in (alarm_line(a, case.seen.now), actions_line(a))),
        "Invocations, InvocationsPerInstance and OverheadLatency are metrics of real-time endpoints.",
        HumanStep(
            "Let it watch ApproximateBacklogSize (EndpointName alone) or InvocationsProcessed instead, or delete it."
        ),
    )


def alarm_left_behind(case: Case) -> Finding | None:
    """An alarm that runs a policy which no longer exists."""
    flawed = {o.alarm.name for o in wake.obstacles(case.seen) if o.alarm is not None}
    left = [a for a in case.seen.alarms if a.name not in flawed and _dead(case, a)]
    left = [
        a for a in left if a.metric is not None or not _alive(case, a)
    ]  # an expression cannot be put again
    if not left:
        return None
    names = listed([a.name for a in left])
    changes: list[Change] = []
    gone = tuple(a.name for a in left if not _alive(case, a))
    for alarm in left:
        if alarm.name not in gone and alarm.metric is not None:
            changes.append(replace(put_alarm(alarm, alarm.metric), actions=_alive(case, alarm)))
    changes += [DeleteAlarms(gone)] if gone else []
    return Finding(
        "alarm-left-behind",
        Severity.INFO,
        f"{names} {'runs' if len(left) == 1 else 'run'} a policy that no longer exists.",
        tuple(line for a in left for line in (alarm_line(a, case.seen.now), actions_line(a))),
        "Deleting a step policy leaves its alarm behind: it fires into nothing, and costs a little every month.",
        Calls(tuple(changes), "Nothing fires into nothing any more."),
    )


def _topics(case: Case) -> list[tuple[str, Topic]]:
    """The endpoint's topics that are known, by what they are for."""
    config = case.seen.endpoint.async_config
    if config is None:
        return []
    named = (("success", config.success_topic), ("error", config.error_topic))
    return [(role, case.topics[arn]) for role, arn in named if arn is not None and arn in case.topics]


def _others(case: Case) -> list[Alarm]:
    """The endpoint's alarms that no target tracking owns."""
    owned = {
        name for p in case.seen.policies if isinstance(p, TargetTrackingPolicy) for name in p.alarm_names
    }
    return [a for a in case.seen.alarms if a.name not in owned]


def _tells_people(alarm: Alarm) -> bool:
    """Whether somebody hears of it; one that runs policies alone may well be meant to fire at rest."""
    return alarm.actions_enabled and any(not mending.is_policy(a) for a in alarm.actions)


def _never_published(alarm: Alarm) -> bool:
    """Whether an asynchronous endpoint never publishes the alarm's metric."""
    metric = alarm.metric
    return metric is not None and metric.namespace == metrics.AWS and metric.name in wake.NEVER


def _vanishes(alarm: Alarm) -> bool:
    """Whether the alarm's metric has no datapoints while there is no instance and nothing to do."""
    metric = alarm.metric
    if metric is None or metric.namespace not in (metrics.AWS, metrics.HOST):
        return False
    return metric.namespace == metrics.HOST or metric.name not in AT_ANY_COUNT


def _dead(case: Case, alarm: Alarm) -> tuple[str, ...]:
    """The actions of an alarm that are policies of SageMaker endpoints, and do not exist."""
    return tuple(
        a for a in alarm.actions if mending.is_policy(a) and _VARIANT in a and a not in case.policy_arns
    )


def _alive(case: Case, alarm: Alarm) -> tuple[str, ...]:
    dead = _dead(case, alarm)
    return tuple(a for a in alarm.actions if a not in dead)
