"""What an endpoint publishes (facts section A): right names, dimension sets and units, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.local_aws.physics import DOWNLOAD_S, UPLOAD_S, EndpointSpec, Instance, Job

if TYPE_CHECKING:
    from ops.local_aws.world import World

AWS = "AWS/SageMaker"
HOST = "/aws/sagemaker/Endpoints"
_GPU = ("ml.g", "ml.p")


class EndpointMetrics:
    """Series of one endpoint, made when first needed: a metric without a datapoint does not exist."""

    def __init__(self, world: World, spec: EndpointSpec) -> None:
        self._world = world
        self._spec = spec
        store = world.metrics
        name = {"EndpointName": spec.name}
        both = {"EndpointName": spec.name, "VariantName": spec.variant}
        self.log_group = f"/aws/sagemaker/Endpoints/{spec.name}"
        self._is_async = spec.async_settings is not None
        self._zero_missing = world.options.assumptions.zero_metric == "missing"
        self._every = max(1, spec.publish_interval // 60)
        self._samples = max(1, 60 // spec.publish_interval)
        if self._is_async:
            self._backlog = store.gauge(AWS, "ApproximateBacklogSize", name, "Count")
            self._without = store.gauge(AWS, "HasBacklogWithoutCapacity", name, "Count")
            self._per_instance = store.gauge(AWS, "ApproximateBacklogSizePerInstance", name, "Count")
            self._age = store.gauge(AWS, "ApproximateAgeOfOldestRequest", name, "Seconds")
            counts = ["InvocationsProcessed", "InvocationFailures", "ExpiredRequests"]
            counts += ["RequestDownloadFailures", "ResponseUploadFailures", "NotificationFailures"]
            latencies = {"RequestDownloadLatency": "Microseconds", "ResponseUploadLatency": "Microseconds"}
            latencies |= {"TimeInBacklog": "Milliseconds", "TotalProcessingTime": "Milliseconds"}
        else:
            counts = ["Invocations", "InvocationsPerInstance"]
            latencies = {"OverheadLatency": "Microseconds"}
        unit = "Count" if self._is_async else "None"
        self._events = {n: store.events(AWS, n, both, unit) for n in counts}
        self._events |= {n: store.events(AWS, n, both, unit) for n, unit in latencies.items()}
        self._events["ModelLatency"] = store.events(AWS, "ModelLatency", both, "Microseconds")
        for n in ("Invocation4XXErrors", "Invocation5XXErrors"):
            self._events[n] = store.events(AWS, n, both, "None")
        self._gpu = any(kind.startswith(_GPU) for kind in spec.types)
        hosts = ["CPUUtilization", "MemoryUtilization", "DiskUtilization"]
        hosts += ["GPUUtilization", "GPUMemoryUtilization"] if self._gpu else []
        self._hosts = {n: store.stats(HOST, n, both, "Percent") for n in hosts}
        self._busy: tuple[int, ...] | None = None
        self._levels: dict[str, list[float]] = {}
        self._host_from = self._host_until = 0
        self.eager = False
        """Write host metrics each minute, since an alarm looks at them."""

    def finished(self, job: Job, now: float) -> None:
        """A request is done, well or badly; its container's time and what came of it."""
        minute = int(now // 60)
        events = self._events
        outcome = job.outcome
        if not self._is_async:
            events["Invocations"].add(minute, 1.0)
            events["InvocationsPerInstance"].add(minute, 1.0 / max(1, len(self._busy or ())))
            events["OverheadLatency"].add(minute, 20_000.0)
            events["ModelLatency"].add(minute, job.service * 1e6)
            events["Invocation4XXErrors"].add(minute, 0.0)
            events["Invocation5XXErrors"].add(minute, 1.0 if outcome == "model_error" else 0.0)
            return
        events["TimeInBacklog"].add(minute, (job.started - job.received) * 1e3)
        if outcome == "input_missing":
            events["RequestDownloadFailures"].add(minute, 1.0)
        else:
            events["RequestDownloadLatency"].add(minute, DOWNLOAD_S * 1e6)
            events["ModelLatency"].add(minute, job.service * 1e6)
            events["Invocation4XXErrors"].add(minute, 0.0)
            events["Invocation5XXErrors"].add(minute, 1.0 if outcome == "model_error" else 0.0)
        uploaded, notified = self._world.fleet.hand_over(self._spec, job, now)
        if outcome == "ok" and uploaded:
            events["InvocationsProcessed"].add(minute, 1.0)
            events["ResponseUploadLatency"].add(minute, UPLOAD_S * 1e6)
        else:
            events["InvocationFailures"].add(minute, 1.0)
            if outcome == "ok":
                events["ResponseUploadFailures"].add(minute, 1.0)
        if not notified:
            events["NotificationFailures"].add(minute, 1.0)
        events["TotalProcessingTime"].add(minute, (now - job.received) * 1e3)

    def expired(self, now: float) -> None:
        self._events["ExpiredRequests"].add(int(now // 60), 1.0)

    def minute(
        self, minute: int, current: int, backlog: int, age: float | None, instances: Sequence[Instance]
    ) -> None:
        if self._is_async:
            self._backlog.put(minute, backlog)
            self._without.put(minute, 1.0 if backlog and not current else 0.0)
            if current:
                self._per_instance.put(minute, backlog / current)
            elif backlog and not self._zero_missing:
                self._per_instance.put(minute, backlog)
            if age is not None:
                self._age.put(minute, age)
        busy = tuple([i.busy for i in instances]) if current else None
        if busy != self._busy or self.eager:
            self.flush()
            self._busy, self._host_from = busy, minute
            self._levels = self._utilisation(instances) if current else {}
        self._host_until = minute + 1

    def flush(self) -> None:
        """Write the host metrics of the minutes that were put off because nothing changed in them."""
        first, until, samples = self._host_from, self._host_until, self._samples
        self._host_from = until
        for name, values in self._levels.items():
            if not values:
                continue  # no host of this kind is there
            series, count, total = self._hosts[name], len(values) * samples, sum(values) * samples
            low, high = min(values), max(values)
            if self._every == 1:
                series.fill(first, until, count, total, low, high)
                continue
            for minute in range(first + -first % self._every, until, self._every):
                series.put(minute, count, total, low, high)

    def span(self, first: int, until: int, current: int, backlog: int, age: float | None) -> None:
        """The same for every minute of [first, until): nothing runs, nothing changes but the age."""
        if self._is_async:
            self._backlog.fill(first, until, backlog)
            self._without.fill(first, until, 1.0 if backlog and not current else 0.0)
            if current:
                self._per_instance.fill(first, until, backlog / current)
            elif backlog and not self._zero_missing:
                self._per_instance.fill(first, until, backlog)
            if age is not None:
                self._age.ramp(first, until, age, 60.0)
        self._host_until = until

    def _utilisation(self, instances: Sequence[Instance]) -> dict[str, list[float]]:
        """Percent per host: GPU and CPU follow the requests in work, memory and disk stay."""
        slots = self._spec.concurrency
        cpu = [3.0 + 4.0 * i.spread + (90.0 + 60.0 * i.spread) * i.busy / slots for i in instances]
        out = {
            "CPUUtilization": cpu,
            "MemoryUtilization": [38.0 + 9.0 * i.spread for i in instances],
            "DiskUtilization": [21.0 + 3.0 * i.spread for i in instances],
        }
        if self._gpu:
            devices = [i for i in instances if i.type.startswith(_GPU)]
            out["GPUUtilization"] = [(62.0 + 36.0 * i.spread) if i.busy else 0.0 for i in devices]
            out["GPUMemoryUtilization"] = [71.0 + 6.0 * i.spread for i in devices]
        return out
