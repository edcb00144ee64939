"""Mask variants by name, by file, with options bound."""

import pytest
import torch

from fame.augment import masks
from fame.core.errors import FameError
from fame.evaluate.masks.variants import PAPER, variant, variants

CLIPS = torch.rand(2, 3, 4, 16, 20, generator=torch.Generator().manual_seed(0))


def plug_in(path, body):
    path.write_text(f"import torch\n\ndef mask(clips, beta):\n    return {body}\n")
    return str(path)


@pytest.mark.parametrize("name", PAPER)
def test_built_in_variants_are_the_methods_own(name):
    found = variant(name, "correct")
    assert found.name == name
    assert torch.equal(found.mask(CLIPS, 0.4), masks.get(name)(CLIPS, 0.4))
    assert torch.equal(found.soft_map(CLIPS), masks.get(name, "soft_map")(CLIPS))


def test_the_hue_reaches_both_functions_of_fame():
    right, slip = variant("fame", "correct"), variant("fame", "official")
    assert torch.equal(slip.soft_map(CLIPS), masks.get("fame", "soft_map")(CLIPS, hue="official"))
    assert torch.equal(slip.mask(CLIPS, 0.5), masks.get("fame")(CLIPS, 0.5, hue="official"))
    assert not torch.equal(slip.soft_map(CLIPS), right.soft_map(CLIPS))


def test_a_file_needs_no_soft_map(tmp_path):
    found = variant(plug_in(tmp_path / "half.py", "torch.ones_like(clips[:, 0, 0])"), "correct")
    assert found.name == "half"
    assert found.soft_map is None
    assert found.mask(CLIPS, 0.5).all()


@pytest.mark.parametrize("body", ["clips[:, 0]", "clips[:, 0, 0] * 0 - 1", "clips[:, 0, 0] / 0"])
def test_a_file_that_makes_no_mask_is_named(tmp_path, body):
    name = plug_in(tmp_path / "wrong.py", body)
    with pytest.raises(FameError, match=r"wrong\.py: its mask must be \(2, 16, 20\)"):
        variant(name, "correct").mask(CLIPS, 0.5)


def test_a_file_whose_mask_is_no_tensor_is_named(tmp_path):
    name = plug_in(tmp_path / "wrong.py", "7")
    with pytest.raises(FameError, match=r"wrong\.py: its mask must be a tensor .*, not int"):
        variant(name, "correct").mask(CLIPS, 0.5)


def test_a_missing_file_and_an_unknown_name_are_refused(tmp_path):
    with pytest.raises(FameError, match="no plug-in file"):
        variant(str(tmp_path / "none.py"), "correct")
    with pytest.raises(FameError, match="did you mean 'seed'"):
        variant("sed", "correct")


def test_two_of_a_name_are_refused(tmp_path):
    own = plug_in(tmp_path / "fame.py", "torch.ones_like(clips[:, 0, 0])")
    with pytest.raises(FameError, match="Two mask variants are called 'fame'"):
        variants(["fame", own], "correct")
    with pytest.raises(FameError, match="'fame' is named twice; name it once"):
        variants(["fame", "fame"], "correct")
