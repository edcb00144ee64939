"""Accuracy against reliance and against time: a dot for each seed that has both."""

import pytest

from fame.report.page.runs import cards
from fame.report.page.scatters import reliance, training
from fame.report.page.seeds import measured
from fame.report.page.variants import variants

BIAS = """arm,dataset,seed,original,background_reliance
MoCo,ucf101,0,50,0.8
MoCo,ucf101,1,40,
MoCo,ucf101,all,45,0.8
FAME,ucf101,0,60,0.4
"""


def test_reliance_from_the_probes_of_single_seeds(mini_results, tmp_path):
    scale = mini_results[0].scale
    (tmp_path / "bias.csv").write_text(BIAS)
    found = reliance(tmp_path, scale)
    assert dict(found.legend) == {"c0": "MoCo", "c1": "FAME"}
    (panel,) = found.panels
    assert panel.count("<circle") == 2
    assert "FAME, seed 0: 60.0 %, reliance 0.40" in panel


@pytest.mark.parametrize("text", [None, "arm\n", BIAS.partition("\n")[0] + "\n"])
def test_nothing_where_nothing_was_measured(mini_results, tmp_path, text):
    if text is not None:
        (tmp_path / "bias.csv").write_text(text)
    assert reliance(tmp_path, mini_results[0].scale) is None


def test_time_has_a_panel_where_recipes_compare_and_dots_lead_to_cards(mini_results):
    given, folder = mini_results
    cells, known = measured(given, folder), variants(given.runs.values(), given.scale)
    found = training(cells, known, cards(given, folder), given.scale)
    assert found.panels
    for panel in found.panels:
        assert panel.count("<circle") >= 6
        assert panel.count('href="#card-') == panel.count("<circle")
    assert not any("random" in words for _, words in found.legend)


def test_no_time_no_panels(mini_results):
    given, folder = mini_results
    cells, known = measured(given, folder), variants(given.runs.values(), given.scale)
    assert training(cells, known, [], given.scale) is None
