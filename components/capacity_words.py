"""What holds of an endpoint's capacity, in sentences: bounds, what comes next, what is suspended. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from components import format as fmt
from components.cards import page_link, pill
from components.change_parts import cost
from components.markup import Html, html, joined
from components.unread import TARGETS, is_unread
from ops.core.errors import OpsError
from ops.core.moments import moment, sentence
from ops.core.plan_effects import cost_of, next_effect
from ops.core.planning import new_bounds
from ops.core.setup_steps import after
from ops.core.types import Suspended, TargetTrackingPolicy
from ops.core.views import EndpointView
from ops.core.views_capacity import Ahead, CapacityView, ahead
from ops.core.warm_names import WarmName, read_name
from ops.core.words import listed

_HELD = (
    ("scale_out", "scaling out", "no alarm adds an instance, and a sleeping endpoint does not wake"),
    ("scale_in", "scaling in", "no alarm takes an instance away, and what runs is paid"),
    ("scheduled", "scheduled actions", "keep-warm windows neither open nor close"),
)


def holds(view: EndpointView, zone: tzinfo) -> Html:
    """The endpoint, its state, its bounds, how many run now, and what a schedule sets next."""
    row, target = view.row, view.target
    endpoint = row.endpoint
    if target is None:
        bounds = (
            "Its bounds could not be read: not known."
            if is_unread(TARGETS, view.problems)
            else "It is not registered with Application Auto Scaling: nothing scales it."
        )
    else:
        bounds = (
            f"Scaling moves it between {target.bounds.min} and {fmt.plural(target.bounds.max, 'instance')}."
        )
    now = "How many run now is not known."
    if endpoint.current is not None:
        now = f"{fmt.plural(endpoint.current, 'instance')} now"
        wanted = endpoint.desired
        now += f", {wanted} wanted." if wanted is not None and wanted != endpoint.current else "."
    coming = ahead(view.schedules, view.as_of)
    return html(
        '<div class="stack"><div class="row"><h1 tabindex="-1">Capacity of {name}</h1>{pill}</div>'
        '<p class="lead">{bounds} {now}</p><p class="muted">{said}</p><p class="muted">{next}</p></div>',
        name=endpoint.ref.name,
        pill=pill(row.verdict),
        bounds=bounds,
        now=now,
        said=sentence(row.verdict, zone),
        next=next_run(coming, view, zone),
    )


def next_run(coming: Sequence[Ahead], view: EndpointView, zone: tzinfo) -> str:
    """What a schedule sets next, and when."""
    if view.target is not None and view.target.suspended.scheduled and view.schedules:
        return "Scheduled actions are suspended: none of them sets anything."
    if not view.schedules:
        return "No scheduled action changes the bounds."
    if not coming:
        return "No scheduled action runs in the next two weeks."
    first = coming[0]
    parts = [
        f"{word} to {value}"
        for word, value in (("minimum", first.action.min), ("maximum", first.action.max))
        if value is not None
    ]
    at = moment(first.at, view.as_of, zone)
    return f"Next, at {at}, {_called(first.action.name)} sets the {' and the '.join(parts) or 'bounds as they are'}."


def _called(name: str) -> str:
    """A scheduled action by its name; one of Ebb's own by what it is for."""
    found = read_name(name)
    if isinstance(found, WarmName):
        return f"warm plan {found.plan.id} {'opens' if found.opens else 'closes'} and"
    return "keeping it warm for a while ends and" if found is not None and found.back else name


def suspended(off: Suspended, since: datetime | None, who: str, now: datetime, zone: tzinfo) -> Html:
    """The banner while anything is suspended; nothing while all works."""
    if not off.any():
        return Html("")
    held = [(word, stops) for flag, word, stops in _HELD if getattr(off, flag)]
    verb = "is" if len(held) == 1 and not off.scheduled else "are"
    if since is not None:
        by = f" by {who}" if who else ""
        age = f"Suspended since {moment(since, now, zone)}{by}, {fmt.age((now - since).total_seconds())} ago."
    else:
        age = "Since when is not known."
    return html(
        '<div class="banner stuck" role="alert"><p><span aria-hidden="true">▮▮</span> <b>{what} suspended.</b></p>'
        '<ul class="evidence">{items}</ul><p class="muted small">{age}</p></div>',
        what=_upper(f"{listed([word for word, _ in held])} {verb}"),
        items=joined(
            html("<li>{word}: {stops}.</li>", word=_upper(word), stops=stops) for word, stops in held
        ),
        age=age,
    )


def of_endpoint(view: EndpointView, zone: tzinfo) -> Html:
    """The way to the Capacity page; under the same banner, from what the range tells, while anything is suspended."""
    name = view.row.endpoint.ref.name
    if view.target is None or not view.target.suspended.any():
        link = capacity_link(name, Html("Change its capacity, keep it warm →"), focus="capacity")
        return html('<p class="small">{link}</p>', link=link)
    done = [m for m in view.changes if "suspended" in m.sentence and not m.refused]
    last = max(done, key=lambda m: m.at, default=None)
    banner = suspended(
        view.target.suspended, last.at if last else None, last.who if last else "", view.as_of, zone
    )
    link = capacity_link(name, Html("Resume it on the Capacity page →"), focus="resume")
    return html('<div class="stack">{a}<p class="small">{b}</p></div>', a=banner, b=link)


def capacity_link(name: str, inner: Html, *, focus: str) -> Html:
    """A link to the Capacity page of an endpoint."""
    return page_link("capacity", {"endpoint": name}, inner, focus=f"{focus}:{name}")


def hint(view: CapacityView, low: int | None, high: int | None) -> Html:
    """What these bounds would lead to, or why they cannot be; from what was read, without asking AWS."""
    if low is None or high is None:
        return html(
            '<p class="waking"><span aria-hidden="true">▲</span> Give both a minimum and a maximum.</p>'
        )
    try:
        changes = new_bounds(view.setup, view.around, low, high)
    except OpsError as error:
        return html(
            '<p class="waking" role="alert"><span aria-hidden="true">▲</span> {what} {hint}</p>',
            what=error.what,
            hint=error.hint,
        )
    if not changes:
        return html('<p class="muted">This is what holds now.</p>')
    wanted = after(view.setup, changes)
    old = view.setup.target.bounds if view.setup.target is not None else None
    was = f"{old.min}–{old.max}" if old is not None else "not registered"
    return html(
        '<div class="stack"><p><span class="muted">{was} →</span> <b>{low}–{high}</b>. {effect}</p>{cost}</div>',
        was=was,
        low=low,
        high=high,
        effect=next_effect(view.setup, wanted, view.around),
        cost=cost(cost_of(view.setup, wanted, view.around)),
    )


def tracked(policy: TargetTrackingPolicy) -> str:
    """The metric that a policy keeps at its target."""
    if policy.metric is not None:
        return f"{policy.metric.name} ({policy.metric.statistic.lower()})"
    return policy.predefined or "an expression over several metrics"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
