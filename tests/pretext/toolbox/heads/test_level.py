"""The heads of a level: shapes, order of rows, and the reversed copy."""

import torch
from torch.nn.functional import normalize

from fame.pretext.toolbox.heads.level import Level

MAPS = torch.rand(6, 4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
"""Of three clips of two videos."""


def test_the_high_level_is_the_average_over_space():
    level = Level(4, 5, moving=False)
    main, fine, graph = level(MAPS, 3)
    assert main.shape == (2, 3, 1, 5) and fine.shape == (2, 3, 5, 2) and graph.shape == (2, 3, 5)
    last = MAPS[5].mean(dim=(2, 3))[None]  # third clip of the second video
    torch.testing.assert_close(main[1, 2], normalize(level.main(last).mean(dim=2), dim=1))
    torch.testing.assert_close(graph[1, 2:], normalize(level.graph(last).mean(dim=2), dim=1))
    torch.testing.assert_close(fine[1, 2:], level.fine(last))


def test_lower_levels_see_the_map_reversed_as_well():
    level = Level(4, 5, moving=True).eval()
    main, fine, graph = level(MAPS, 3)
    back, _, _ = level(MAPS.flip(2), 3)
    assert main.shape == (2, 3, 2, 5) and fine.shape == (2, 3, 5, 2) and graph.shape == (2, 3, 5)
    torch.testing.assert_close(main[:, :, 0], back[:, :, 1])
    torch.testing.assert_close(main[:, :, 1], back[:, :, 0])


def test_heads_are_separate():
    main, _, graph = Level(4, 5, moving=False)(MAPS, 3)
    assert not torch.equal(main[:, :, 0], graph)
