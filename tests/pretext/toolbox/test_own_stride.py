"""The stride of a recipe's options, where they name one."""

from types import SimpleNamespace

import pytest

from fame.pretext.toolbox.own_stride import OwnStride


@pytest.mark.parametrize(("options", "stride"), [({}, 2), ({"stride": 3}, 3)])
def test_it_takes_the_place_of_the_backbones(options, stride):
    method = OwnStride()
    method.options = SimpleNamespace(**options)
    assert method.own_stride(2) == stride
    assert method.span(4, 2) == 4 * stride
