import errno
import shutil
from collections import namedtuple

import pytest

from fame.core.errors import FameError
from fame.data.disk import RESERVE, check_space, human, writing


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (6_960_400_115, "6.96 GB"),
        (443_000_000_000, "443 GB"),
        (1_250_000_000_000, "1.25 TB"),
    ],
)
def test_bytes_for_people(count, text):
    assert human(count) == text


def test_what_fits_to_the_byte_is_let_through(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, RESERVE + 100))
    check_space(tmp_path / "not/there/yet", 100, "it")
    with pytest.raises(FameError, match=r"it needs 101 bytes at .*yet, but only"):
        check_space(tmp_path / "not/there/yet", 101, "it")


@pytest.mark.parametrize(
    ("number", "remedy"), [(errno.ENOSPC, "free space"), (errno.EACCES, "make the folder writable")]
)
def test_a_disk_that_cannot_be_written(tmp_path, number, remedy):
    with pytest.raises(FameError, match=rf"it could not be written .*; {remedy}"), writing("it"):
        raise OSError(number, "reason")
