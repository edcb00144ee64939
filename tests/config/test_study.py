"""The registered study: mini on other seeds, and enough of them for its primary claims."""

from pathlib import Path

import yaml
from micro_world import ROOT

from fame.config.claims import PRIMARY, load_claims
from fame.config.reading import SCALES, load_scale, load_table
from fame.report.claims.paired import ALPHA, smallest

OWN = {"name", "note", "seeds"}
SEEN = {*range(5), *range(90, 94), *range(100, 104), *range(200, 208)}
"""Seeds of mini, of its choices, and of the mini study."""


def settings(name):
    return yaml.safe_load((SCALES / f"{name}.yaml").read_text(encoding="utf-8"))


def test_the_study_is_mini_in_everything_but_name_note_and_seeds():
    mini, study = settings("mini"), settings("study")
    different = {key for key in mini | study if mini.get(key) != study.get(key)}
    assert different == OWN, (
        "copy mini.yaml to study.yaml and put back its own name, note and seeds"
    )


def test_its_seeds_were_used_for_nothing_else():
    seeds = set(load_scale("study").seeds)
    assert len(seeds) == 12 and not seeds & SEEN
    for file in SCALES.glob("*.yaml"):
        assert file.stem == "study" or not seeds & set(load_scale(file.stem).seeds)


def test_its_seeds_can_resolve_the_primary_claims():
    folder = ROOT / "config" / "tables"
    tables = {
        file.stem: load_table(file) for file in folder.glob("*.yaml") if file.stem != "figures"
    }
    claims = load_claims(Path(ROOT / "config" / "claims.yaml"), tables)
    primary = [one for one in claims if one.claim.family == PRIMARY]
    assert smallest(len(load_scale("study").seeds), len(primary)) <= ALPHA
