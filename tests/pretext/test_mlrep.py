"""MLRep: its sum by parts, when parts begin, and what is refused."""

import pytest
import torch
from method_runs import WORLD, built, options_of, setting
from torch.nn.functional import cross_entropy

from fame.core.errors import FameError
from fame.pretext.toolbox.draws.stretch import Stretch
from fame.pretext.toolbox.heads.level import Seen
from fame.pretext.toolbox.losses.likeness import follow_graph
from fame.pretext.toolbox.losses.match_moments import match_moments
from fame.pretext.toolbox.losses.pairs import contrast_pairs
from fame.train.pretrain import build_method

OWN, FAME = options_of("mlrep", "own"), options_of("mlrep", "fame")


def seen(directions=2):
    """What a level sees of three clips of two videos."""
    draw = torch.Generator().manual_seed(0)
    unit = torch.nn.functional.normalize
    main = unit(torch.randn(2, 3, directions, 5, generator=draw), dim=3)
    fine = torch.randn(2, 3, 5, 4, generator=draw)
    return Seen(main, fine, unit(torch.randn(2, 3, 5, generator=draw), dim=2))


@pytest.mark.parametrize("directions", [1, 2])
def test_a_levels_errors_are_contrast_time_and_graph(micro, directions):
    model = build_method(*setting(micro, "mlrep", FAME), WORLD)
    one = seen(directions)
    graph = torch.tensor([[0.7, 0.3], [0.0, 1.0]])
    a, b = one.main[:, 0], one.main[:, 1]
    own = torch.stack([a[:, 1], b[:, 1]], dim=1) if directions == 2 else None
    contrast = cross_entropy(*contrast_pairs(a[:, 0], b[:, 0], 0.1, own))
    time = match_moments(one.fine[:, 0], one.fine[:, 1], one.fine[:, 2], 0.1)
    rows = follow_graph(one.graph[:, 0], one.graph[:, 1], graph, 0.1)
    torch.testing.assert_close(model.errors(one, None)[0], contrast + time)
    torch.testing.assert_close(model.errors(one, graph)[0], contrast + time + rows.mean())


def test_the_released_graph_is_divided_by_the_batch_once_more(micro):
    found = {}
    for mean in ("rows", "released"):
        model = build_method(*setting(micro, "mlrep", OWN | {"graph_mean": mean}), WORLD)
        whole, without = (model.errors(seen(), graph)[0] for graph in (torch.eye(2), None))
        found[mean] = (whole - without).item()
    assert found["released"] == pytest.approx(found["rows"] / 2, rel=1e-4)


def test_the_sum_weighs_levels_and_prototypes(micro):
    model, batch = built(micro, "mlrep", FAME)
    model.errors = lambda *_: (torch.tensor(1.0), torch.tensor(0.5))
    model.codes.forward = lambda *_: torch.full((8, 2, 1000), 1e-3)
    model.prototypes.forward = lambda *_, **__: torch.zeros(16, 1000)
    loss, scalars = model.loss(batch, 0)
    swapped = torch.tensor(1000.0).log().item()  # of flat scores
    assert loss.item() == pytest.approx(1 + 0.5 + 0.3 + 0.5 * swapped, rel=1e-5)
    assert scalars["accuracy"] == scalars["contrast"] == 0.5
    assert scalars["codes"].item() == pytest.approx(1 / 1000)


def test_the_graph_begins_late_and_prototypes_learn_from_the_second_epoch_on(micro):
    model, batch = built(micro, "mlrep", FAME)
    given = []
    errors = model.errors
    model.errors = lambda one, graph: given.append(graph) or errors(one, graph)
    for epoch in (0, 1):
        model.zero_grad()
        batch.epochs[:] = epoch
        model.loss(batch, 0)[0].backward()
        assert (model.prototypes.rows.weight.grad is not None) == (epoch == 1)
        heads = [level.graph[0].weight.grad is not None for level in model.levels]
        assert heads == [epoch == 1] * 3
    assert [graph is None for graph in given] == [True] * 3 + [False] * 3
    torch.testing.assert_close(given[3].sum(dim=1), torch.ones(8))


def test_levels_are_the_last_three_stages_from_the_top(micro):
    model = build_method(*setting(micro, "mlrep", FAME), WORLD)
    assert [level.main[0].in_channels for level in model.levels] == [32, 16, 8]
    assert [level.gate is None for level in model.levels] == [True, False, False]
    assert len({id(head) for level in model.levels for head in level.children()}) == 11


def test_its_own_views_are_the_releases_with_colours_for_each_frame(micro):
    own, fame = (build_method(*setting(micro, "mlrep", one), WORLD) for one in (OWN, FAME))
    assert own.views.colours_by_frame and own.views.settings.crop_scale == (0.5, 1)
    assert not fame.views.colours_by_frame and fame.views.settings.crop_scale == (0.8, 1)


def test_sizes_are_the_options_or_the_scales(micro):
    own, fame = (build_method(*setting(micro, "mlrep", one), WORLD) for one in (OWN, FAME))
    assert (len(own.codes.bank), len(fame.codes.bank)) == (1024, 8)
    assert (own.prototypes.rows.in_features, fame.prototypes.rows.in_features) == (128, 16)
    assert (own.prototypes.head[0].out_features, fame.prototypes.head[0].out_features) == (512, 32)


def test_clips_span_and_chance(micro):
    model = build_method(*setting(micro, "mlrep", FAME), WORLD)
    assert model.sampling(16, 5) == Stretch(16, 3.0) and model.span(16, 5) == 32
    assert model.chance(8) == 1 / 15 and model.cost() == (3, 0)


@pytest.mark.parametrize("change", [{"fastest": 0.5}, {"prototypes": 0}, {"graph_from": 2}])
def test_wrong_options_are_refused(micro, change):
    with pytest.raises(FameError, match=next(iter(change))):
        build_method(*setting(micro, "mlrep", FAME | change), WORLD)
