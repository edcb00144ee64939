"""Videos for the tests of clips."""

import pytest
from small_videos import write_dataset


@pytest.fixture
def small(tmp_path):
    """Videos of 40, 36, 5 and 50 frames (one shorter than the window), in two sizes."""
    return write_dataset(tmp_path, [40, 36, 5, 50], [(24, 32), (24, 32), (24, 32), (16, 48)])
