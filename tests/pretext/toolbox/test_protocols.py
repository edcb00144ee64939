"""Clips that are too short, and views that are too small, for a method."""

import pytest

from fame.core.errors import FameError
from fame.pretext.toolbox.protocols import need_frames, need_size


def test_short_clips_are_refused_with_the_remedy():
    need_frames("speednet", 4, 4)
    with pytest.raises(FameError, match="'speednet' needs clips of 4 frames or more and its back"):
        need_frames("speednet", 4, 3)


def test_small_views_are_refused_with_the_remedy():
    need_size("videomoco", 11, 11)
    with pytest.raises(FameError, match="needs views of 11 pixels or more and its backbone has 10"):
        need_size("videomoco", 11, 10)
