"""CloudWatch alarms: the records, their evaluation each minute, what a transition sets off, the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.core.autoscaling import ALARM, INSUFFICIENT, OK, AlarmMachine, AlarmRule
from ops.local_aws import alarm_text as text
from ops.local_aws.alarm_eval import evaluation_range, queries_of
from ops.local_aws.alarm_history import History
from ops.local_aws.errors import AwsError
from ops.local_aws.metric_query import Query
from ops.local_aws.metric_reduce import PLAIN
from ops.local_aws.metric_series import Reader

if TYPE_CHECKING:
    from ops.local_aws.world import World

PUBLISHED = ("AWS/SageMaker", "/aws/sagemaker/Endpoints")
"""Namespaces that the fleet fills, a minute at a time."""
_ACTIONS = {ALARM: "AlarmActions", OK: "OKActions", INSUFFICIENT: "InsufficientDataActions"}


def is_policy(action: str) -> bool:
    """Whether an alarm action names a scaling policy."""
    return action.startswith("arn:aws:autoscaling:") and ":scalingPolicy:" in action


@dataclass(slots=True, eq=False)
class Alarm:
    """One metric alarm. Times are epoch seconds."""

    name: str
    arn: str
    params: dict[str, Any]
    """What PutMetricAlarm was given."""
    machine: AlarmMachine
    configured: float
    """When its definition changed last."""
    updated: float
    """When its state was set last."""
    transitioned: float
    """When its state became another one last."""
    owned: bool = False
    """Whether a target-tracking policy made it."""
    reason: str = text.UNCHECKED
    data: dict[str, Any] | None = None
    """StateReasonData."""
    tags: dict[str, str] = field(default_factory=dict)
    minute: int = 0
    """The minute whose datapoint it looked at last."""
    read: Reader | None = None
    queries: list[Query] = field(default_factory=list)
    generation: int = -1
    run: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The scaling policies to run, by state."""
    given: list[float] | None = None
    """Datapoints that SetAlarmState named, while its actions run."""

    @property
    def actions(self) -> list[str]:
        return list(self.params.get("AlarmActions", ()))

    @property
    def actions_enabled(self) -> bool:
        return bool(self.params.get("ActionsEnabled", True))

    @property
    def threshold(self) -> float:
        return self.machine.rule.threshold

    @property
    def statistic(self) -> str:
        """The statistic, plain or extended; empty for a math alarm."""
        return str(self.params.get("Statistic") or self.params.get("ExtendedStatistic") or "")

    @property
    def unit(self) -> str | None:
        return self.params.get("Unit")

    @property
    def period(self) -> int:
        """Seconds; of a math alarm, that of its metrics."""
        if "Period" in self.params:
            return int(self.params["Period"])
        stats = [q["MetricStat"]["Period"] for q in self.params.get("Metrics", ()) if "MetricStat" in q]
        periods = [q["Period"] for q in self.params.get("Metrics", ()) if q.get("Period")]
        return int(max(stats or periods or [60]))

    @property
    def newest(self) -> float:
        """The start of the newest datapoint that it looked at."""
        return self.minute * 60.0 - (self.period - 60 if self.period > 60 else 0)

    @property
    def dimensions(self) -> dict[str, str]:
        return {d["Name"]: d["Value"] for d in self.params.get("Dimensions", ())}

    @property
    def endpoint(self) -> str | None:
        """The endpoint whose fleet steps this alarm; None for an alarm that is evaluated aside."""
        params = self.params
        plain = params.get("Statistic") in PLAIN and params.get("Period") == 60
        if not plain or params.get("Namespace") not in PUBLISHED:
            return None
        return self.dimensions.get("EndpointName")

    @property
    def latest(self) -> float | None:
        """The newest datapoint of the evaluation range."""
        known = self.recent()
        return known[-1] if known else None

    def recent(self) -> list[float]:
        """The datapoints that decide: the newest N known ones of the evaluation range, oldest first."""
        if self.given is not None:
            return self.given
        return [v for v in self.machine.window if v is not None][-self.machine.rule.periods :]

    @property
    def quiet(self) -> bool:
        """Whether nothing comes of more datapoints like the last: no transition, and no policy to run."""
        return self.machine.settled and not self.run[self.machine.state]

    def part(self) -> dict[str, Any]:
        return text.state_part(self.machine.state, self.reason, self.data)

    def rewire(self) -> None:
        """Work out anew which policies run in which state."""
        for state, name in _ACTIONS.items():
            actions = self.params.get(name, ()) if self.actions_enabled else ()
            self.run[state] = tuple(a for a in actions if is_policy(a))


class AlarmBook:
    """All alarms of the account. Whoever calls holds the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._alarms: dict[str, Alarm] = {}
        self._watching: dict[str, list[Alarm]] | None = None
        self._aside: list[Alarm] = []
        self.history = History()
        self._live_from = (world.first_minute + world.options.history_days * 1440) * 60.0

    # -- records --------------------------------------------------------------------------------------------

    def put(self, params: Mapping[str, Any], at: float | None = None, *, owned: bool = False) -> Alarm:
        """Create or replace an alarm from valid parameters of PutMetricAlarm. Its state survives a change."""
        now = self._world.now() if at is None else at
        given = {k: v for k, v in params.items() if k != "Tags" and v is not None}
        name = str(given["AlarmName"])
        given["Threshold"] = float(given["Threshold"])
        rule = AlarmRule(
            given["ComparisonOperator"],
            given["Threshold"],
            given["EvaluationPeriods"],
            given.get("DatapointsToAlarm") or given["EvaluationPeriods"],
            given.get("TreatMissingData", "missing"),
        )
        old = self._alarms.get(name)
        arn = self._world.arn("cloudwatch", f"alarm:{name}")
        if old is None:
            tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}
            alarm = Alarm(name, arn, given, AlarmMachine(rule), now, now, now, owned, tags=tags)
            self._alarms[name] = alarm
        else:
            alarm = old
            alarm.params, alarm.configured = given, now
            alarm.machine = AlarmMachine(rule, old.machine.state)
            alarm.read, alarm.generation = None, -1
        alarm.rewire()
        self._watching = None
        alarm.queries = queries_of(alarm, self._world.account)
        values, alarm.minute = evaluation_range(self._world.metrics, alarm, now - 60)
        alarm.machine.seed(values)
        self.history.configured(alarm, now, "Create" if old is None else "Update")
        return alarm

    def put_owned(self, params: Mapping[str, Any], at: float | None = None) -> Alarm:
        """`put` for the alarms that a target-tracking policy owns."""
        return self.put(params, at, owned=True)

    def delete(self, names: Iterable[str], at: float | None = None) -> None:
        """Delete all of them, or none: raises AwsError ResourceNotFound where one does not exist."""
        names = list(dict.fromkeys(names))
        missing = [name for name in names if name not in self._alarms]
        if missing:
            raise AwsError("ResourceNotFound", f"Alarm not found: {', '.join(missing)}", 404)
        self.discard(names, at)

    def discard(self, names: Iterable[str], at: float | None = None) -> None:
        """Delete those that exist."""
        now = self._world.now() if at is None else at
        for name in names:
            alarm = self._alarms.pop(name, None)
            if alarm is not None:
                self.history.configured(alarm, now, "Delete")
        self._watching = None

    def enable(self, name: str, on: bool, at: float) -> None:
        """Let the alarm's actions run, or not; nothing where there is no such alarm."""
        alarm = self._alarms.get(name)
        if alarm is not None and alarm.actions_enabled != on:
            alarm.params["ActionsEnabled"], alarm.configured = on, at
            alarm.rewire()
            self.history.configured(alarm, at, "Update")

    def backdate(self, at: float) -> None:
        """The alarms that there are were defined at `at` (epoch seconds)."""
        for alarm in self._alarms.values():
            alarm.configured = at

    def get(self, name: str) -> Alarm | None:
        return self._alarms.get(name)

    def by_arn(self, arn: str) -> Alarm | None:
        alarm = self._alarms.get(arn.partition(":alarm:")[2])
        return alarm if alarm is not None and alarm.arn == arn else None

    def all(self) -> list[Alarm]:
        """By name."""
        return [self._alarms[name] for name in sorted(self._alarms)]

    # -- evaluation -----------------------------------------------------------------------------------------

    def watching(self, endpoint: str) -> list[Alarm]:
        """The alarms that look at one published metric of the endpoint, each minute."""
        if self._watching is None:
            self._sort()
        assert self._watching is not None
        return self._watching.get(endpoint, [])

    def has_others(self) -> bool:
        """Whether there is anything for `step_others` to do."""
        return bool(self._others())

    def step(self, alarm: Alarm, minute: int, now: float) -> Sequence[str]:
        """Look at the datapoint of `minute`; returns the ARNs of the scaling policies to run.

        A policy runs each minute for as long as the alarm stays in its state, as AWS documents.
        """
        read = alarm.read
        if read is None:
            read = self._bind(alarm)
        machine = alarm.machine
        before = machine.state
        alarm.minute = minute
        state = machine.push(None if read is None else read(minute))
        if state != before:
            self._changed(alarm, before, now)
        return alarm.run[state]

    def step_others(self, minute: int, now: float) -> None:
        """Evaluate all alarms that no endpoint of the fleet steps, and run their policies."""
        for alarm in self._others():
            before = alarm.machine.state
            values, alarm.minute = evaluation_range(self._world.metrics, alarm, now)
            alarm.machine.look(values)
            if alarm.machine.state != before:
                self._changed(alarm, before, now)
            for arn in alarm.run[alarm.machine.state]:
                self._world.scaling.on_alarm(arn, alarm, now)

    def set_state(self, alarm: Alarm, state: str, why: str, data: dict[str, Any] | None, now: float) -> None:
        """Put the alarm into a state by hand, until its next evaluation. Its actions really run.

        A scaling policy takes its datapoints from `data` (StateReasonData) and fails without it.
        """
        before = alarm.machine.state
        alarm.machine.force(state)
        policies = alarm.run[state]
        points = (data or {}).get("recentDatapoints")
        known = [float(v) for v in points if v is not None] if isinstance(points, list) else []
        alarm.given = known or None
        try:
            if before != state:
                self._changed(alarm, before, now, why, data, failing=() if known else policies)
            else:
                alarm.reason, alarm.data, alarm.updated = why, data, now
            for arn in policies if known else ():
                self._world.scaling.on_alarm(arn, alarm, now)
        finally:
            alarm.given = None

    # -- inside ---------------------------------------------------------------------------------------------

    def _sort(self) -> None:
        self._watching, self._aside = {}, []
        for alarm in self.all():
            endpoint = alarm.endpoint
            if endpoint is None:
                self._aside.append(alarm)
            else:
                self._watching.setdefault(endpoint, []).append(alarm)

    def _others(self) -> list[Alarm]:
        if self._watching is None:
            self._sort()
        assert self._watching is not None
        alive = set(self._world.fleet.names())
        stray = [a for name, alarms in self._watching.items() if name not in alive for a in alarms]
        return [*self._aside, *stray]

    def _bind(self, alarm: Alarm) -> Reader | None:
        store = self._world.metrics
        if alarm.generation == store.generation:
            return None
        alarm.generation = store.generation
        series = store.find(alarm.params["Namespace"], alarm.params["MetricName"], alarm.dimensions)
        if series is not None and alarm.unit in (None, series.unit):
            alarm.read = series.reader(alarm.statistic)
        return alarm.read

    def _changed(
        self,
        alarm: Alarm,
        before: str,
        now: float,
        why: str | None = None,
        data: dict[str, Any] | None = None,
        failing: Sequence[str] = (),
    ) -> None:
        """Record a transition and run what it triggers. `failing` policies only leave a note."""
        machine = alarm.machine
        old = text.state_part(before, alarm.reason, alarm.data)
        if why is None:
            why = text.reason(machine.rule, machine.window, alarm.newest, alarm.period, machine.state)
            data = text.reason_data(alarm, now)
        alarm.reason, alarm.data = why, data
        alarm.updated = alarm.transitioned = now
        self.history.changed(alarm, now, before, old)
        if not alarm.actions_enabled:
            return
        for action in alarm.params.get(_ACTIONS[machine.state], ()):
            if is_policy(action):
                self.history.acted(alarm, now, action, action not in failing)
            elif action.startswith("arn:aws:sns:") and now >= self._live_from:
                subject, message = text.notification(alarm, before, self._world.account, self._world.region)
                sent = self._world.delivery.publish(action, subject, message)
                self.history.acted(alarm, now, action, sent)
