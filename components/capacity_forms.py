"""The forms of the Capacity page: bounds, policies, suspension. Each begins with what holds and ends in a review.

What is typed stays: when what holds changes meanwhile, only fields that nobody touched follow it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import streamlit as st

from components import capacity_words as words
from components import change_panel, notices
from components.cards import doctor_link
from components.markup import Html, html, show
from components.rules import rule_of
from ops.core.errors import BadInput
from ops.core.types import Policy, Step, StepPolicy, Suspended, TargetTrackingPolicy
from ops.core.views_capacity import CapacityView

PAGE = "capacity"
_ADJUSTMENTS = {
    "ChangeInCapacity": "instances more (or fewer, below zero)",
    "ExactCapacity": "instances in all",
    "PercentChangeInCapacity": "per cent more (or fewer, below zero)",
}


def field(key: str, holds: Any) -> str:
    """The key of a field that starts with what holds, and follows it until somebody touches the field."""
    base = f"{key}-base"
    if key not in st.session_state or st.session_state[key] == st.session_state.get(base):
        st.session_state[key] = holds
    st.session_state[base] = holds
    return key


def bounds(view: CapacityView) -> None:
    """Least and most instances, what they would lead to, and the way to the review."""
    name, target = view.around.endpoint.ref.name, view.setup.target
    least = 0 if view.around.endpoint.is_async else 1
    sleeps = "A real-time endpoint keeps at least 1." if least else "0 lets it sleep."
    said = (
        f"{sleeps} Scaling stays within these bounds; AWS acts on them at once."
        if target is not None
        else "It is not registered with Application Auto Scaling yet: give its first bounds, and scaling can begin."
    )
    show(html('<p class="muted">{said}</p>', said=said), key="bounds-says")
    held = target.bounds if target is not None else None
    with st.container(horizontal=True, key="bounds-fields"):
        low = st.number_input(
            "Minimum", step=1, key=field(f"low-{name}", held.min if held else least), width=160, format="%d"
        )
        high = st.number_input(
            "Maximum", step=1, key=field(f"high-{name}", held.max if held else 1), width=160, format="%d"
        )
    show(words.hint(view, low, high), key="bounds-hint")
    same = held is not None and (low, high) == (held.min, held.max)
    change_panel.review(
        "Review these bounds…",
        lambda console: console.plan_bounds(name, _given(low, "minimum"), _given(high, "maximum")),
        page=PAGE,
        key=f"bounds-{name}",
        primary=True,
        off=same,
    )


def _given(value: float | None, what: str) -> int:
    if value is None:
        raise BadInput(f"The {what} is missing.", "Give a whole number; 0 is one.")
    return int(value)


def suspension(view: CapacityView) -> None:
    """What is suspended in each direction, and the way to another choice."""
    name, target = view.around.endpoint.ref.name, view.setup.target
    head = html(
        '<p class="muted">Suspended scaling stays so until somebody resumes it: nothing ends it by itself. The bounds '
        "still hold.</p>"
    )
    show(head, key="suspend-says")
    if target is None:
        _none("Nothing can be suspended: it is not registered with Application Auto Scaling.", "suspend-none")
        return
    off = target.suspended
    wanted = Suspended(
        scale_out=st.toggle(
            "Suspend scaling out: no alarm adds an instance, and a sleeping endpoint does not wake",
            key=field(f"out-{name}", off.scale_out),
        ),
        scale_in=st.toggle(
            "Suspend scaling in: no alarm takes an instance away, and what runs is paid",
            key=field(f"in-{name}", off.scale_in),
        ),
        scheduled=st.toggle(
            "Suspend scheduled actions: keep-warm windows neither open nor close",
            key=field(f"scheduled-{name}", off.scheduled),
        ),
    )
    same = wanted == off
    said = "This is what holds now." if same else ""
    show(html('<p class="muted">{said}</p>', said=said), key="suspend-hint")
    change_panel.review(
        "Review this…",
        lambda console: console.plan_suspended(name, wanted),
        page=PAGE,
        key=f"suspend-{name}",
        off=same,
    )


def policies(view: CapacityView) -> None:
    """Every policy with the values that it holds, to change or to remove."""
    name = view.around.endpoint.ref.name
    if view.setup.target is None:
        _none("A policy needs bounds to move between: set them first.", "policies-none")
        return
    if not view.setup.policies:
        link = doctor_link(name, Html("The Doctor proposes what is missing →"), focus="no-policy")
        show(
            html(
                '<p class="muted">No policy scales this endpoint: it keeps what it has. {link}</p>', link=link
            ),
            key="policies-none",
        )
        return
    if not any(isinstance(p, StepPolicy) for p in view.setup.policies) and view.around.endpoint.is_async:
        link = doctor_link(name, Html("Ask the Doctor for one →"), focus="no-wake")
        body = html(
            '<p class="muted">No step policy wakes it: where the minimum is 0, nothing starts the first instance. '
            "{link}</p>",
            link=link,
        )
        show(body, key="policies-wake")
    for policy in view.setup.policies:
        with st.container(border=True, key=f"policy-{policy.name}"):
            _policy(view, policy)


def _policy(view: CapacityView, policy: Policy) -> None:
    name, key = view.around.endpoint.ref.name, f"{view.around.endpoint.ref.name}-{policy.name}"
    kind = "Target tracking" if isinstance(policy, TargetTrackingPolicy) else "Steps"
    head = html(
        '<div class="stack change"><h2>{name}</h2><p class="muted">{kind}: {rule}</p></div>',
        name=policy.name,
        kind=kind,
        rule=rule_of(policy),
    )
    show(head, key=f"policy-says-{key}")
    if isinstance(policy, StepPolicy):
        _steps(name, policy, key)
    elif policy.metric is None and policy.predefined is None:
        _none(
            "It tracks an expression over several metrics. Application Auto Scaling takes a policy only as a whole, "
            "and Ebb does not read expressions: change this one where it was made. It can be removed here.",
            f"expression-{key}",
        )
    else:
        _tracking(name, policy, key)
    change_panel.review(
        "Remove this policy…",
        lambda console: console.plan_policy_removed(name, policy.name),
        page=PAGE,
        key=f"remove-{key}",
    )


def _tracking(name: str, policy: TargetTrackingPolicy, key: str) -> None:
    with st.container(horizontal=True):
        target = st.number_input(
            "Target for each instance",
            key=field(f"target-{key}", float(policy.target)),
            width=200,
            format="%.15g",
            step=1.0,
            help=f"Scaling keeps {notices.plain(words.tracked(policy))} about here: above it instances come, "
            "below it they go.",
        )
        out = _cooldown("Cooldown out (s)", f"out-s-{key}", policy.scale_out_cooldown)
        back = _cooldown("Cooldown in (s)", f"in-s-{key}", policy.scale_in_cooldown)
    fixed = st.toggle("Never scale in by this policy", key=field(f"fixed-{key}", policy.disable_scale_in))

    def wanted() -> Policy:
        if target is None:
            raise BadInput("The target is missing.", "Give a number above 0.")
        return replace(
            policy,
            target=float(target),
            scale_out_cooldown=_given(out, "cooldown out"),
            scale_in_cooldown=_given(back, "cooldown in"),
            disable_scale_in=fixed,
        )

    _review(name, policy, wanted, key)


def _review(name: str, policy: Policy, wanted: Callable[[], Policy], key: str) -> None:
    """The button of one policy, grey while nothing differs; what makes no sense is answered when it is pressed."""
    try:
        same = wanted() == policy
    except BadInput:
        same = False
    said = "This is what holds now." if same else ""
    show(html('<p class="muted">{said}</p>', said=said), key=f"policy-hint-{key}")
    change_panel.review(
        "Review this policy…",
        lambda console: console.plan_policy(name, wanted()),
        page=PAGE,
        key=f"policy-{key}",
        off=same,
    )


def _cooldown(label: str, key: str, holds: int) -> int | None:
    return st.number_input(
        label,
        step=10,
        key=field(key, holds),
        width=160,
        format="%d",
        help="Seconds that scaling waits after a change in this direction before the next one.",
    )


def _steps(name: str, policy: StepPolicy, key: str) -> None:
    """Its steps line by line; an end that is left blank is open."""
    unit = _ADJUSTMENTS.get(policy.adjustment_type, policy.adjustment_type)
    extra = f"steps-{key}"
    count = len(policy.steps) + int(st.session_state.get(extra, 0))
    typed = []
    for number in range(max(1, count)):
        held = policy.steps[number] if number < len(policy.steps) else Step(None, None, 1)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            low = st.text_input(
                "From (over the threshold)", key=field(f"from-{key}-{number}", _end(held.lower)), width=170
            )
            high = st.text_input(
                "Up to (blank: no end)", key=field(f"to-{key}-{number}", _end(held.upper)), width=170
            )
            by = st.number_input(
                unit, step=1, key=field(f"by-{key}-{number}", held.adjustment), width=260, format="%d"
            )
        typed.append((low, high, by))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pause = _cooldown("Cooldown (s)", f"pause-{key}", policy.cooldown)
        st.button("Add a step", key=f"more-{key}", on_click=_count, args=(extra, 1))
        st.button(
            "Take the last step away",
            key=f"fewer-{key}",
            on_click=_count,
            args=(extra, -1),
            disabled=count <= 1,
        )

    def wanted() -> Policy:
        steps = tuple(
            Step(_number(low, "From"), _number(high, "Up to"), _given(by, "adjustment"))
            for low, high, by in typed
        )
        _fit(steps)
        return replace(policy, steps=steps, cooldown=_given(pause, "cooldown"))

    _review(name, policy, wanted, key)


def _fit(steps: tuple[Step, ...]) -> None:
    """Raises BadInput for steps that AWS would refuse: an empty step, a gap, an overlap."""
    low = [float("-inf") if s.lower is None else s.lower for s in steps]
    high = [float("inf") if s.upper is None else s.upper for s in steps]
    ordered = sorted(zip(low, high, strict=True))
    for begin, end in ordered:
        if begin >= end:
            raise BadInput("A step ends before it begins.", "Give an end above its start, or leave it blank.")
    for (_, end), (begin, _) in pairwise(ordered):
        if begin != end:
            word = "overlap" if begin < end else "leave a gap"
            raise BadInput(
                f"The steps {word} at {end:g}.", "Let each step begin where the one before it ends."
            )


def _count(key: str, by: int) -> None:
    st.session_state[key] = int(st.session_state.get(key, 0)) + by


def _end(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"


def _number(text: str | None, what: str) -> float | None:
    """Blank is open. Raises BadInput for what is no number."""
    said = (text or "").strip()
    if not said:
        return None
    try:
        return float(said)
    except ValueError as error:
        raise BadInput(
            f"{what} is no number: {said!r}.", "Give one such as 0 or 12.5, or leave it blank."
        ) from error


def _none(said: str, key: str) -> None:
    show(html('<p class="muted">{said}</p>', said=said), key=key)
