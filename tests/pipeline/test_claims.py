"""The results behind the primary claims, which are enough to judge a study."""

import shutil
from pathlib import Path

from micro_world import ROOT

from fame.pipeline.claims import primary_claims, results_of
from fame.pipeline.experiments import Experiments

TABLES = ROOT / "config" / "tables"


def test_the_primary_claims_need_one_table_and_no_other():
    given = Experiments("mini", TABLES)
    claims = primary_claims(given)
    needed = results_of(given, claims)
    reliance = [name for name in needed if name.endswith("/bias.json")]
    own = set(given.results(["probes"]))
    assert set(needed) < own and len(needed) == len(set(needed))
    assert len(needed) == 5 * 3 * 6 + 2 * 3  # encoders, seeds, evaluations; FAME's and MoCo's bias
    assert len(reliance) == 6
    assert {Path(name).name for name in own - set(needed)} == {"bias.json", "knn.json"}


def test_a_scale_that_measures_no_side_has_none():
    assert primary_claims(Experiments("ucf", TABLES)) == []


def test_the_claims_are_about_the_projects_own_tables(tmp_path):
    tables = shutil.copytree(TABLES, tmp_path / "tables")
    assert primary_claims(Experiments("mini", tables)) == []
