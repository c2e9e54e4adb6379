"""Policies, schedules, alarms and configuration of an endpoint as readable tables."""

from __future__ import annotations

from datetime import tzinfo

from components import alarm_words
from components import format as fmt
from components.markup import Html, html, joined
from components.tables import cell, line, table
from components.unread import ALARMS, POLICIES, SCHEDULES, TARGETS, is_unread
from ops.core.types import Alarm, Policy, ScheduledAction, Step, TargetTrackingPolicy
from ops.core.views import EndpointView


def rules(view: EndpointView, zone: tzinfo) -> Html:
    """Bounds, policies, schedules and alarms, each in words."""
    return html(
        '<div class="stack"><h2>Bounds and policies</h2>{target}{policies}<h2>Schedules</h2>{schedules}'
        "<h2>Alarms</h2>{alarms}</div>",
        target=_target(view),
        policies=_policies(view),
        schedules=_schedules(view),
        alarms=_alarms(view, zone),
    )


def _target(view: EndpointView) -> Html:
    if view.target is None:
        if is_unread(TARGETS, view.problems):
            return _not_known("The bounds")
        return html(
            "<p>No scalable target is registered: Application Auto Scaling does not touch this endpoint.</p>"
        )
    bounds, off = view.target.bounds, view.target.suspended
    held = [
        word
        for flag, word in (
            (off.scale_in, "scaling in"),
            (off.scale_out, "scaling out"),
            (off.scheduled, "scheduled actions"),
        )
        if flag
    ]
    paused = (
        html(
            '<span class="pill waking"><span aria-hidden="true">▮▮</span>suspended: {what}</span>',
            what=", ".join(held),
        )
        if held
        else Html("")
    )
    return html(
        '<div class="row"><span>Between <b>{low}</b> and <b>{high}</b> instances.</span>{paused}</div>',
        low=bounds.min,
        high=bounds.max,
        paused=paused,
    )


def _not_known(what: str) -> Html:
    return html('<p class="muted">{what} could not be read: not known.</p>', what=what)


def _policies(view: EndpointView) -> Html:
    if not view.policies:
        if is_unread(POLICIES, view.problems):
            return _not_known("Scaling policies")
        return html('<p class="muted">No scaling policy.</p>')
    heads = (("policy", ""), ("rule", ""), ("waits between changes", ""))
    return table(heads, (_policy(p) for p in view.policies), "Scaling policies")


def _policy(policy: Policy) -> Html:
    if isinstance(policy, TargetTrackingPolicy):
        pause = f"out {fmt.duration(policy.scale_out_cooldown)}, in {fmt.duration(policy.scale_in_cooldown)}"
    else:
        pause = fmt.duration(policy.cooldown)
    return line(
        cell(html("<b>{name}</b>", name=policy.name), css="wide"),
        cell(rule_of(policy), "rule", "wide"),
        cell(pause, "waits between changes", "wide"),
    )


def rule_of(policy: Policy) -> str:
    """What a policy does, in a clause."""
    if isinstance(policy, TargetTrackingPolicy):
        metric = policy.metric.name if policy.metric else policy.predefined or "a metric expression"
        rule = f"keeps {metric} at {fmt.plain(policy.target)}"
        if policy.disable_scale_in:
            rule += "; never scales in"
        return rule
    steps = "; ".join(_step(s, policy.adjustment_type) for s in policy.steps)
    alarms = ", ".join(policy.alarm_names) or "no alarm: nothing runs it"
    return f"{steps} (alarm: {alarms})"


def _step(step: Step, adjustment: str) -> str:
    if adjustment == "ExactCapacity":
        change = f"sets {step.adjustment}"
    elif adjustment == "PercentChangeInCapacity":
        change = f"{step.adjustment:+d} %"
    else:
        change = f"{step.adjustment:+d}"
    if (step.lower in (None, 0.0)) and step.upper is None:
        return f"{change} when the alarm rings"
    low = "any" if step.lower is None else fmt.plain(step.lower)
    high = "any" if step.upper is None else fmt.plain(step.upper)
    return f"{change} from {low} to {high} above the threshold"


def _schedules(view: EndpointView) -> Html:
    if not view.schedules:
        if is_unread(SCHEDULES, view.problems):
            return _not_known("Scheduled actions")
        return html('<p class="muted">No scheduled action.</p>')
    heads = (("name", ""), ("when", ""), ("sets", ""))
    return table(
        heads,
        (
            line(
                cell(html("<b>{n}</b>", n=a.name), css="wide"),
                cell(html("<code>{s}</code> {z}", s=a.schedule, z=a.timezone), "when", "wide"),
                cell(_sets(a), "sets", "wide"),
            )
            for a in view.schedules
        ),
        "Scheduled actions",
    )


def _sets(action: ScheduledAction) -> str:
    parts = [f"{w} {v}" for w, v in (("min", action.min), ("max", action.max)) if v is not None]
    return ", ".join(parts) or "nothing"


def _alarms(view: EndpointView, zone: tzinfo) -> Html:
    if not view.alarms:
        if is_unread(ALARMS, view.problems):
            return _not_known("Alarms")
        return html('<p class="muted">No alarm watches this endpoint.</p>')
    heads = (("alarm", ""), ("state", ""), ("condition", ""), ("since", ""))
    return table(heads, (_alarm(a, view, zone) for a in view.alarms), "Alarms")


def _alarm(alarm: Alarm, view: EndpointView, zone: tzinfo) -> Html:
    mark = alarm_words.state(alarm, asleep=view.row.endpoint.current == 0)
    off = "" if alarm.actions_enabled else "; its actions are off"
    return line(
        cell(html('<b>{n}</b><div class="muted small">{r}</div>', n=alarm.name, r=alarm.reason), css="wide"),
        cell(
            html(
                '<span class="{tone}"><span aria-hidden="true">{icon}</span> {word}</span>{off}',
                tone=mark.tone,
                icon=mark.icon,
                word=mark.word,
                off=off,
            ),
            "state",
            "wide",
        ),
        cell(alarm_words.condition(alarm), "condition", "wide"),
        cell(fmt.moment(alarm.updated, zone, view.as_of), "since", "time"),
    )


def configuration(view: EndpointView, zone: tzinfo) -> Html:
    """What DescribeEndpoint and its config say."""
    endpoint, config = view.row.endpoint, view.row.endpoint.async_config
    facts: list[tuple[str, object]] = [
        ("status", endpoint.status + (f": {endpoint.failure_reason}" if endpoint.failure_reason else "")),
        ("instance type", endpoint.type_words or "not known"),
        *([("in service by type", endpoint.mix_words)] if endpoint.mix_words else []),
        ("variant", endpoint.ref.variant),
        ("endpoint config", endpoint.config_name),
        ("created", fmt.moment(endpoint.created, zone, view.as_of)),
        ("last changed", fmt.moment(endpoint.modified, zone, view.as_of)),
        ("ARN", html("<code>{a}</code>", a=endpoint.arn)),
    ]
    if config is not None:
        slots = str(config.max_concurrent) if config.max_concurrent else "chosen by SageMaker"
        facts += [
            ("requests at once per instance", slots),
            ("results go to", _uri(config.output_path)),
            ("failures go to", _uri(config.failure_path)),
            ("success topic", _uri(config.success_topic)),
            ("error topic", _uri(config.error_topic)),
        ]
    else:
        facts.append(("kind", "real-time: no queue, no async configuration"))
    return html(
        '<dl class="facts">{items}</dl>',
        items=joined(html("<dt>{k}</dt><dd>{v}</dd>", k=k, v=v) for k, v in facts),
    )


def _uri(value: str | None) -> Html:
    return html("<code>{v}</code>", v=value) if value else html('<span class="muted">not set</span>')
