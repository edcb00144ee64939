"""The scale of harder worlds: mini's networks and training, on bodies that move only in part."""

import yaml

from fame.config.reading import SCALES, load_scale

HARDER = {"amplitude", "radius", "still_trunk", "limb", "pan"}


def settings(name):
    return yaml.safe_load((SCALES / f"{name}.yaml").read_text(encoding="utf-8"))


def test_it_is_mini_in_everything_but_its_worlds_the_pseudocount_and_the_rate():
    mini, limbs = settings("mini"), settings("limbs")
    different = {key for key in mini | limbs if mini.get(key) != limbs.get(key)}
    assert different == {"name", "note", "datasets", "pretrain"}
    for name, entry in limbs["datasets"].items():
        easy, hard = mini["datasets"][name]["world"], entry["world"]
        assert {key for key in easy if easy[key] != hard[key]} == HARDER
    assert limbs["pretrain"]["merge"].pop("pseudocount") == 0.08
    assert mini["pretrain"]["merge"].pop("pseudocount") == 1
    # Each by the rule of studies/regime in its own worlds.
    assert limbs["pretrain"]["optimiser"].pop("lr") == 0.3
    assert mini["pretrain"]["optimiser"].pop("lr") == 0.5
    # Of methods that diverge there: a tenth in both.
    assert limbs["pretrain"].pop("rates") == {"cbt": 0.03, "memdpc": 0.03}
    assert mini["pretrain"].pop("rates") == {"cbt": 0.05, "memdpc": 0.05}
    assert mini["pretrain"] == limbs["pretrain"]


def test_its_pseudocount_is_the_release_s_share_of_the_background_sample():
    pixels = load_scale("limbs").backbones["r2plus1d"].size ** 2
    assert abs(0.08 - pixels / 112**2) < 0.002
