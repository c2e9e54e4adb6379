"""A sparkline keeps its gaps and says its peak."""

from __future__ import annotations

import numpy as np

from components.charts.spark import sparkline
from ops.core.types import Series
from tests.components.samples import fleet


def test_a_sparkline_keeps_its_gap_and_says_its_peak():
    spark = fleet().rows[0].spark
    drawn = sparkline(spark, "backlog")
    assert drawn.count("<polyline") == 2
    assert f"peak {np.nanmax(spark.values):.0f}" in drawn
    silent = Series.absent("x", spark.window)
    assert "no data" in sparkline(silent, "backlog")
