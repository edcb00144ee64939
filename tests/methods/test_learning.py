"""Each method learns its pretext task, and does not where there is nothing to learn.

Minutes for each case, so a tier of its own: make test-methods.
"""

import pytest
from harness import NULLS, mini_videos, null_videos, outcome
from method_runs import OPTIONS

pytestmark = [pytest.mark.methods, pytest.mark.timeout(3600)]

TELLS_VIDEOS_APART = ("ascnet", "cbt", "ccl", "memdpc", "mlrep")
"""Methods that any content of a video helps, and their accuracy says how far: no null videos."""
OWN_NULLS = {
    **{pair: () for pair in OPTIONS if pair[0] in TELLS_VIDEOS_APART},
    ("dsm", "own"): ("still",),  # query and key have the same frames of noise
    ("dsm", "fame"): ("still",),
    ("gdt", "own"): (),  # hears no sound there
    ("gdt", "fame"): (),
    ("rotnet3d", "own"): ("noise",),  # time is nothing to it: still noise is the same
    ("rotnet3d", "fame"): ("noise",),
    ("rspnet", "own"): ("still",),  # windows overlap: clips of one speed share more frames of noise
    ("spatiotemp", "own"): ("still",),  # where noise flows is there to be seen
    ("spatiotemp", "fame"): ("still",),
    ("srtc", "own"): ("still",),  # a segment of noise is the same in each view
    ("srtc", "fame"): ("still",),
    ("temptrans", "own"): ("still",),  # forward and backward at speed 1 repeats frames
    ("temptrans", "fame"): ("still",),
    ("vcp", "own"): ("noise",),  # a still picture that was turned differs from its neighbours
    ("vcp", "fame"): ("noise",),
    ("videomoco", "own"): (),  # tells videos apart, which noise and still pictures allow
    ("videomoco", "fame"): (),
}
"""Null videos of methods for which not all of NULLS are without anything to learn."""
CASES = [
    (method, protocol, kind)
    for method, protocol in OPTIONS
    for kind in OWN_NULLS.get((method, protocol), NULLS)
]


@pytest.fixture(scope="session")
def mini(tmp_path_factory):
    return mini_videos(tmp_path_factory.mktemp("methods") / "mini")


@pytest.fixture(scope="session")
def nulls(tmp_path_factory):
    place = tmp_path_factory.mktemp("nulls")
    return {kind: null_videos(place / kind, kind) for kind in NULLS}


def told(name, found):
    """Say what was found, for docs/methods.md."""
    print(f"\n{name}: {found.accuracy:.3f} of {found.items}, chance {found.chance:.3f}", end=" ")
    print(f"(limit {found.limit:.3f})")
    return found


@pytest.mark.parametrize(("method", "protocol"), OPTIONS, ids=lambda word: word)
def test_it_learns(mini, method, protocol):
    found = told(f"{method} {protocol}", outcome(method, protocol, mini))
    assert found.accuracy > found.limit


@pytest.mark.parametrize(("method", "protocol", "kind"), CASES, ids=lambda word: word)
def test_it_does_not_cheat(nulls, method, protocol, kind):
    found = told(f"{method} {protocol} on {kind}", outcome(method, protocol, nulls[kind]))
    assert found.accuracy < found.limit
