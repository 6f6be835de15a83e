"""Existing engines do the reduction: dask merges collectors, a database makes the small table."""

import numpy as np
import pytest

from unmaskcost import Collector, Losses, Schedule

GENERATOR = np.random.default_rng(11)
COUNTS = GENERATOR.integers(0, 16, 4000)
LOSSES = GENERATOR.gamma(3.0, 0.5, 4000)


def whole():
    collector = Collector(16)
    collector.record(COUNTS, LOSSES)
    return collector.losses()


def test_dask_merges_collectors():
    dask = pytest.importorskip("dask")

    def collect(part):
        collector = Collector(16)
        collector.record(COUNTS[part], LOSSES[part])
        return collector

    def merge(one, other):
        one.merge(other)
        return one

    parts = [dask.delayed(collect)(part) for part in np.array_split(np.arange(4000), 8)]
    while len(parts) > 1:
        parts = [dask.delayed(merge)(a, b) for a, b in zip(parts[::2], parts[1::2])]
    merged = dask.compute(parts[0], scheduler="processes")[0].losses()
    steps = Schedule.balanced(16, 4)
    assert merged.parallelism_cost(steps).value == pytest.approx(whole().parallelism_cost(steps).value, rel=1e-10)


SQL = """
    select revealed, avg(loss) as loss, stddev_samp(loss) / sqrt(count(*)) as standard_error, count(*) as samples
    from evaluations group by revealed order by revealed
"""


def test_a_database_makes_the_small_table():
    duckdb = pytest.importorskip("duckdb")
    evaluations = {"revealed": COUNTS, "loss": LOSSES}
    assert evaluations  # read by name in the statement
    table = duckdb.sql(SQL).fetchnumpy()
    losses = Losses(16, table["revealed"], table["loss"], table["standard_error"], table["samples"])
    for k in range(16):
        ours, theirs = whole().loss(k), losses.loss(k)
        assert theirs.value == pytest.approx(ours.value, rel=1e-10)
        assert theirs.standard_error == pytest.approx(ours.standard_error, rel=1e-10)
