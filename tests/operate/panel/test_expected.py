"""The cost of a workflow's jobs: shipped paces, nothing for tables, or unknown."""

from types import SimpleNamespace

from micro_world import TABLES

from fame.config.reading import load_scale
from fame.operate.panel.expected import expected
from fame.operate.panel.progress import key_of


class Listed:
    """A job of Snakemake's."""

    def __init__(self, rule, **wildcards):
        self.rule, self.wildcards_dict = SimpleNamespace(name=rule), wildcards


def test_jobs_of_mini_have_shipped_paces_and_shares_of_the_cores(tmp_path):
    world, done = Listed("world", data="ucf101-w0"), Listed("world", data="ucf101-w1")
    table, other = Listed("table", table="table5"), Listed("somebody's")
    dag = SimpleNamespace(
        jobs=[world, done, table, other], needrun_jobs=lambda: [world, table, other]
    )
    given = SimpleNamespace(scale=load_scale("mini"), folder=TABLES)
    costs = expected(dag, given, tmp_path, cores=4)
    assert len(costs) == 3
    found = costs[key_of("world", {"data": "ucf101-w0"})]
    assert found.seconds > 0 and found.share == 0.25
    assert costs[key_of("table", {"table": "table5"})].seconds == 0
    assert costs[key_of("somebody's", {})].seconds is None
