"""The form of the Deploy page: every choice with its default and what follows from it. The link holds what is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import deploy_door, deploy_words, notices
from components.cards import endpoint_link
from components.markup import Html, html, show
from ops.core import deploy_form
from ops.core.cost import HOURS_PER_MONTH
from ops.core.deploy_fit import Machine
from ops.core.deploy_form import ALARMS, DEFAULTS, EXISTING, MOST_CHARACTERS, NEW
from ops.core.deploy_planning import known_type
from ops.core.errors import BadInput, OpsError
from ops.core.resources import CONFIG, ENDPOINT, MODEL
from ops.core.types import Price
from ops.core.words import rate

BEFORE = "deploy-"
"""Begins the key of every field, in the link and in the session."""
ALARM = "deploy-alarm-"
"""Begins the key of the box of each alarm."""
TRIED = "deploy-tried"
"""Session: the review was asked for while something was off; then every field says so."""
FROM = {"A model that exists": EXISTING, "A new model": NEW}
"""What stands in the picker and in the link."""
_KIND_OF = {ENDPOINT: "name", CONFIG: "config", MODEL: "new-model"}
_NOUN = {ENDPOINT: "an endpoint", CONFIG: "an endpoint configuration", MODEL: "a model"}


@dataclass(slots=True)
class Slots:
    """Where to say, below each field, what is wrong with it."""

    below: dict[str, DeltaGenerator] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """Of the narrow fields of a row: below the row each is told by its label."""

    def text(
        self, name: str, label: str, width: int | str = "stretch", *, narrow: bool = False, **more: object
    ) -> None:
        """One text field, tied to the link. `narrow`: what is wrong with it is said below its row (`under_row`)."""
        with st.container(width=width):
            st.text_input(
                label,
                DEFAULTS[name],
                key=BEFORE + name,
                max_chars=MOST_CHARACTERS,
                autocomplete="off",
                persist_state="session",
                bind="query-params",
                **more,  # type: ignore[arg-type]
            )
            if narrow:
                self.labels[name] = label
            else:
                self.under(name)

    def under_row(self, *names: str) -> None:
        """Where to say what is wrong with the narrow fields above, over the whole width."""
        for name in names:
            self.under(name)

    def under(self, name: str) -> None:
        self.below[name] = st.empty()

    def say(self, name: str, body: Html) -> None:
        """Below a field that is on show."""
        slot = self.below.get(name)
        if slot is not None:
            with slot.container():
                show(body, key=f"fault-{name}")


def values() -> dict[str, str]:
    """Every field of the form as text, as it is now."""
    kept = st.session_state
    found = {}
    for name, default in DEFAULTS.items():
        held = kept.get(BEFORE + name)
        found[name] = default if held is None and name not in ("model", "type") else str(held or "")
    found["from"] = FROM.get(found["from"], EXISTING)
    on = kept.get(f"{BEFORE}wake")
    found["wake"] = DEFAULTS["wake"] if on is None else "yes" if on else "no"
    chosen = [each for each in ALARMS if kept.get(ALARM + each, True)]
    found["alarms"] = ", ".join(chosen) or "none"
    return found


def fields(slots: Slots, start_s: float | None) -> None:
    """The whole form, topic by topic. `start_s`: how long a start takes at most, where that was measured."""
    show(html("<h2>1 · Model</h2>"), key="deploy-h-model")
    _model(slots)
    show(html("<h2>2 · Endpoint</h2>"), key="deploy-h-endpoint")
    _endpoint(slots)
    show(html("<h2>3 · Sleep, wake and grow</h2>"), key="deploy-h-scale")
    _scaling(slots)
    show(html("<h2>4 · Who is told</h2>"), key="deploy-h-told")
    _told(slots, start_s)
    show(html("<h2>5 · Tags</h2>"), key="deploy-h-tags")
    slots.text("tags", "Tags", placeholder="team=documents, cost-center=42")
    show(
        deploy_words.says(
            "On the model, the configuration and the endpoint. A tag tells this endpoint's cost apart on the bill once "
            "the payer account has activated it as a cost-allocation tag. Default: none."
        ),
        key="deploy-tags-says",
    )


def _model(slots: Slots) -> None:
    way = st.segmented_control(
        "Model from",
        list(FROM),
        default=next(iter(FROM)),
        key=f"{BEFORE}from",
        required=True,
        bind="query-params",
        persist_state="session",
        label_visibility="collapsed",
    )
    if FROM.get(str(way)) == NEW:
        _new_model(slots)
        return
    try:
        known = list(deploy_door.models())
    except OpsError as error:
        notices.show(error, "the models of this account")
        known = []
    asked = st.query_params.get(f"{BEFORE}model") or st.session_state.get(f"{BEFORE}model")
    if asked and asked not in known:
        known.append(asked)
    with st.container(width=420):
        st.selectbox(
            "Model",
            known,
            index=None,
            key=f"{BEFORE}model",
            placeholder="Choose a model: type to search"
            if known
            else "There is no model yet: make a new one",
            bind="query-params",
            persist_state="session",
        )
        slots.under("model")
    show(
        deploy_words.says(
            "Read from SageMaker, the newest first. It is used as it is; cleaning up leaves it."
        ),
        key="deploy-model-says",
    )


def _new_model(slots: Slots) -> None:
    slots.text("image", "Container image", placeholder="123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:3")
    with st.container(horizontal=True):
        slots.text("model-data", "Model data in S3", 420, placeholder="s3://bucket/model.tar.gz")
        slots.text(
            "role", "Execution role", 420, placeholder="arn:aws:iam::123456789012:role/sagemaker-execution"
        )
        slots.text("new-model", "Name of the model", 260, placeholder="as the endpoint")
    st.text_area(
        "Environment",
        key=f"{BEFORE}env",
        placeholder="BATCH=4",
        height=80,
        persist_state="session",
        help="One NAME=value a line. Default: none.",
    )
    slots.under("env")
    show(
        deploy_words.says(
            "The environment may hold secrets, so that its values are in no link and in no record: type it again after "
            "the page was loaded anew, or when Ebb was started anew before the model was made. "
            "The role needs to read the data and the inputs, write the results, and publish to the topics "
            "(s3:GetObject, PutObject, AbortMultipartUpload, ListBucket, sns:Publish). Without model data the image "
            "brings its own weights. The container must answer /ping while it works, else its instance is replaced."
        ),
        key="deploy-new-says",
    )


def _endpoint(slots: Slots) -> None:
    with st.container(horizontal=True):
        slots.text("name", "Name", 300, placeholder="doc-async")
        slots.text("config", "Name of its configuration", 300, placeholder="as the endpoint")
        _type(slots)
    slots.below["price"] = st.empty()
    with st.container(horizontal=True):
        slots.text("output", "Results to", 420, placeholder="s3://bucket/results/")
        slots.text(
            "failures", "Failures to", 420, placeholder="s3://bucket/failures/ (blank: nothing is written)"
        )
    show(
        deploy_words.says(
            "Each result becomes an object below the first path. Failures are written below the second; without it, "
            "and without an error topic, a failed request leaves no trace but in the log."
        ),
        key="deploy-paths-says",
    )
    slots.text(
        "concurrency",
        "Requests at once on an instance",
        260,
        narrow=True,
        placeholder="blank: AWS chooses",
    )
    slots.under_row("concurrency")
    show(
        deploy_words.says(
            "1 to 1,000. Default 1: safe for a model that fills its GPU; more makes one instance faster where the "
            "container takes several requests. Blank: SageMaker chooses, and does not say what."
        ),
        key="deploy-concurrency-says",
    )


def _type(slots: Slots) -> None:
    try:
        known = list(deploy_door.instance_types())
    except OpsError:
        known = []
    asked = st.query_params.get(f"{BEFORE}type") or st.session_state.get(f"{BEFORE}type")
    if asked and asked not in known:
        known.append(asked)
    with st.container(width=260):
        st.selectbox(
            "Instance type",
            known,
            index=None,
            key=f"{BEFORE}type",
            placeholder="ml.g5.xlarge",
            accept_new_options=True,
            bind="query-params",
            persist_state="session",
        )
        slots.under("type")


def _scaling(slots: Slots) -> None:
    with st.container(horizontal=True):
        slots.text("max", "Most instances", 150, narrow=True)
        slots.text("target", "Requests for each instance", 200, narrow=True)
        slots.text("out-cooldown", "Cooldown out (s)", 150, narrow=True)
        slots.text("in-cooldown", "Cooldown in (s)", 150, narrow=True)
    slots.under_row("max", "target", "out-cooldown", "in-cooldown")
    show(
        deploy_words.says(
            "From 0 to the most instances. More come while more requests than that wait or run for each; default 5, as "
            "in AWS's guide: fewer makes waits shorter and the bill higher. A cooldown is the pause after a change "
            "before the next in that direction. It falls asleep about 15 min after its last work, and a cooldown."
        ),
        key="deploy-scale-says",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.toggle(
            "Wake it by a policy of its own",
            DEFAULTS["wake"] == "yes",
            key=f"{BEFORE}wake",
            bind="query-params",
            persist_state="session",
        )
        slots.text("wake-minutes", "after so many minutes", 170, narrow=True)
    slots.under_row("wake", "wake-minutes")
    show(
        deploy_words.says(
            "The alarm sees a request without an instance for so many minutes, then the first instance is ordered: 2 "
            "in AWS's guide; 1 is a minute faster. From there a start takes minutes: with 2, people saw 5 to 11 min."
        ),
        key="deploy-wake-says",
    )


def _told(slots: Slots, start_s: float | None) -> None:
    with st.container(horizontal=True):
        slots.text("success-topic", "Topic for results", 420, placeholder="arn:aws:sns:… (blank: nobody)")
        slots.text("error-topic", "Topic for failures", 420, placeholder="arn:aws:sns:… (blank: nobody)")
        slots.text("alarm-topic", "Topic for alarms", 420, placeholder="blank: that for failures")
    name = str(st.session_state.get(f"{BEFORE}name") or "") or "endpoint"
    waits = deploy_form.wake_minutes(str(st.session_state.get(f"{BEFORE}wake-minutes") or ""))
    chosen = 0
    for proposal in deploy_form.proposed(name, waits, start_s):
        kind = deploy_form.kind_of(proposal, name)
        chosen += st.checkbox(
            notices.plain(f"Alarm “{proposal.title}”: {_first(proposal.why)}"),
            True,
            key=ALARM + kind,
            bind="query-params",
            persist_state="session",
        )
    slots.below["alarms"] = st.empty()
    show(
        deploy_words.says(
            "SNS topics. SageMaker sends a test message to the first two whenever the endpoint is made or updated. "
            "Alarms are put only where a topic is told. " + _alarm_costs(chosen)
        ),
        key="deploy-told-says",
    )


def _alarm_costs(chosen: int) -> str:
    """Of the alarms as they are chosen now."""
    kept = st.session_state
    told = any(str(kept.get(f"{BEFORE}{topic}") or "").strip() for topic in ("error-topic", "alarm-topic"))
    return deploy_form.alarm_costs(chosen if told else 0, wake=bool(kept.get(f"{BEFORE}wake", True)))


def _first(text: str) -> str:
    return f"{text.split('. ')[0].rstrip('.')}."


def prices(slots: Slots, kind: str, machine: Machine | None, quota: int | None) -> None:
    """Below the type: what it costs awake, and if it never slept."""
    slot = slots.below.get("price")
    if slot is None:
        return
    said = "Its price and quota are told here once a type is chosen."
    if kind:
        price = machine.asynchronous if machine is not None else None
        said = _cost(kind, price)
        if quota is not None:
            said += f" The account may run {quota} of them in all endpoints together."
    with slot.container():
        show(deploy_words.says(said), key="deploy-price")


def _cost(kind: str, price: Price | None) -> str:
    if price is None:
        return f"No list price of {kind} is known."
    month = price.usd_per_hour * HOURS_PER_MONTH
    note = f" {price.note}" if price.note else ""
    return (
        f"${rate(price.usd_per_hour)} an hour for each instance in service, nothing asleep; one that never slept: "
        f"about ${month:,.0f} a month ({price.source}, {price.as_of:%d %b %Y}).{note}"
    )


def faults(slots: Slots, typed: Mapping[str, str], read: deploy_form.Read, taken: Mapping[str, Html]) -> None:
    """Below each field what is wrong with it: once it was touched, or the review was asked for."""
    found: dict[str, Html] = {}
    for name, error in read.faults:
        if st.session_state.get(TRIED) or typed[name] != DEFAULTS[name]:
            label = slots.labels.get(name, "")
            found.setdefault("model" if name == "from" else name, deploy_words.fault(error, label=label))
    found |= _unknown_type(typed["type"].strip(), read) | dict(taken)
    for name, body in found.items():
        slots.say(name, body)


def _unknown_type(kind: str, read: deploy_form.Read) -> dict[str, Html]:
    try:
        if kind and read.of("type") is None:
            known_type(kind, deploy_door.instance_types())
    except BadInput as error:
        return {"type": deploy_words.fault(error)}
    except OpsError:
        pass  # the review says what is wrong
    return {}


def taken(typed: Mapping[str, str], read: deploy_form.Read) -> dict[str, Html]:
    """What to say below the fields whose names exist already."""
    name = typed["name"].strip()
    wanted = {ENDPOINT: name, CONFIG: typed["config"].strip() or name}
    if typed["from"] == NEW:
        wanted[MODEL] = typed["new-model"].strip() or name
    off = {field for field, _ in read.faults}
    keys = frozenset((k, n) for k, n in wanted.items() if n and _KIND_OF[k] not in off and "name" not in off)
    try:
        there = deploy_door.names_taken(keys) if keys else ()
    except OpsError:
        return {}  # the review reads it anew, and says what is wrong
    found = {}
    for each in there:
        error = BadInput(f"There is already {_NOUN[each.kind]} {each.name}.", "Choose another name.")
        link = endpoint_link(each.name, Html("Open it →"), focus="taken") if each.kind == ENDPOINT else ""
        found[_KIND_OF[each.kind]] = deploy_words.fault(error, link)
    return found


def forget() -> None:
    """The next deployment begins with an empty form."""
    for key in [*(BEFORE + name for name in DEFAULTS), *(ALARM + name for name in ALARMS), TRIED]:
        st.session_state.pop(key, None)
