"""The margin on scaled cosines, by hand."""

import pytest
import torch

from fame.pretext.toolbox.losses.ranking import ranked, ranking

# Cosines with the query: 0.6 and 0.5.
QUERY = torch.tensor([[1.0, 0.0]])
KEY, OTHER = torch.tensor([[0.6, 0.8]]), torch.tensor([[0.5, 0.75**0.5]])


def test_the_margin_is_of_the_cosine():
    assert ranking(QUERY, KEY, OTHER, 0.14, 0.07).item() == pytest.approx(0.571429, abs=1e-5)
    assert ranking(QUERY, KEY, OTHER, 2, 1).item() == pytest.approx(1.9)
    assert ranking(QUERY, KEY, OTHER, 0.1, 0.07).item() == pytest.approx(0, abs=1e-5)
    assert ranking(QUERY, KEY, -KEY, 0.14, 0.07).item() == 0


def test_the_share_that_is_ranked_right_counts_ties_half():
    query, key = QUERY.expand(3, 2), torch.cat([KEY, OTHER, KEY])
    assert ranked(query, key, torch.cat([OTHER, KEY, KEY])).item() == 0.5
    assert ranked(QUERY, KEY, OTHER).item() == 1
