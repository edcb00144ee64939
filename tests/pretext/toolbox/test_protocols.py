"""Clips that are too short for a method."""

import pytest

from fame.core.errors import FameError
from fame.pretext.toolbox.protocols import need_frames


def test_short_clips_are_refused_with_the_remedy():
    need_frames("speednet", 4, 4)
    with pytest.raises(FameError, match="'speednet' needs clips of 4 frames or more and its back"):
        need_frames("speednet", 4, 3)
