"""Which methods may have a learning rate of their own, and what else of the optimiser is theirs."""

import pytest
from changed_scale import scale_with

from fame.core.errors import FameError


def test_a_method_has_its_own_rate_and_all_else_of_the_scale():
    pretrain = scale_with({"pretrain.rates": {"pace": 0.15, "./mine.py": 0.05}}).pretrain
    assert pretrain.optimiser_of("moco") == pretrain.optimiser
    assert pretrain.optimiser_of("./mine.py").lr == 0.05
    own = pretrain.optimiser_of("pace")
    assert own.lr == 0.15
    assert own.model_copy(update={"lr": pretrain.optimiser.lr}) == pretrain.optimiser


@pytest.mark.parametrize("name", ["pce", "random"])
def test_what_is_no_trained_method_is_refused_in_one_sentence(name):
    with pytest.raises(FameError) as refused:
        scale_with({"pretrain.rates": {name: 0.1}})
    said = str(refused.value)
    assert said.startswith(f"mini: pretrain.rates: {name!r} is no method that is trained; choose")
    assert "pace" in said and said.endswith("or give the path of a method's file")


@pytest.mark.parametrize("rate", [0, -0.1, "fast"])
def test_a_rate_is_a_positive_number(rate):
    with pytest.raises(FameError, match=r"mini: pretrain\.rates\.pace: "):
        scale_with({"pretrain.rates": {"pace": rate}})
