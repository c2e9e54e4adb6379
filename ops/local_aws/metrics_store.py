"""All metrics of the embedded AWS. A series is known by its exact set of dimensions, as in CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from ops.local_aws.custom_series import CustomSeries
from ops.local_aws.metric_series import EventSeries, GaugeSeries, Series, StatsSeries

__all__ = ["CustomSeries", "EventSeries", "GaugeSeries", "MetricStore", "Series", "StatsSeries"]

Key = tuple[str, str, tuple[tuple[str, str], ...]]
_S = TypeVar("_S", bound=Series)


class MetricStore:
    """Series by namespace, name and dimensions. Days are allocated when first written; nothing is dropped."""

    def __init__(self, first_minute: int, delay_s: int) -> None:
        self.first_minute = first_minute
        self.delay_s = delay_s
        """Seconds from the end of a minute until its datapoints are visible."""
        self.generation = 0
        """Grows with every new series: a failed look-up need not be repeated before it does."""
        self._series: dict[Key, Series] = {}

    def gauge(self, ns: str, name: str, dims: Mapping[str, str], unit: str) -> GaugeSeries:
        """The series of one sample a minute, made if need be."""
        return self._get(GaugeSeries, ns, name, dims, unit)

    def stats(self, ns: str, name: str, dims: Mapping[str, str], unit: str) -> StatsSeries:
        """The series of N samples a minute, made if need be."""
        return self._get(StatsSeries, ns, name, dims, unit)

    def events(self, ns: str, name: str, dims: Mapping[str, str], unit: str) -> EventSeries:
        """The series of single values, made if need be."""
        return self._get(EventSeries, ns, name, dims, unit)

    def custom(self, ns: str, name: str, dims: Mapping[str, str], unit: str) -> CustomSeries:
        """The series of a client's own metric, made if need be."""
        return self._get(CustomSeries, ns, name, dims, unit)

    def find(self, ns: str, name: str, dims: Mapping[str, str]) -> Series | None:
        """The series of exactly these dimensions; one dimension more or less is another series."""
        return self._series.get((ns, name, tuple(sorted(dims.items()))))

    def all(self) -> Iterator[Series]:
        return iter(self._series.values())

    def visible_minute(self, now: float) -> int:
        """The newest minute whose datapoints can be read at `now` (epoch seconds)."""
        return int((now - self.delay_s) // 60) - 1

    def until(self, series: Series, now: float) -> int:
        """Minutes of the series before this one can be read at `now`."""
        return (int(now // 60) if series.immediate else self.visible_minute(now)) + 1

    def _get(self, kind: type[_S], ns: str, name: str, dims: Mapping[str, str], unit: str) -> _S:
        key = (ns, name, tuple(sorted(dims.items())))
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = kind(*key, unit)
            self.generation += 1
        if not isinstance(series, kind):
            raise TypeError(f"{ns} {name} is kept as {type(series).__name__}, not as {kind.__name__}")
        return series
