"""Published weights: recognised, checked, and unable to run code."""

import json
import os
import pickle

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torchvision.models.video import r2plus1d_18

from fame.core.errors import FameError
from fame.models import build_encoder
from fame.models.backbones.i3d import published as published_i3d
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.official import import_official

PUBLISHED = {
    "i3d": published_i3d(64),
    "r2plus1d": R2Plus1DSettings(arch="r2plus1d", width=64, layers=(2, 2, 2, 2), round_middle=1),
}
HEADS = {"i3d": ("id_head.2", "id_head.4"), "r2plus1d": ("fc.0", "fc.2")}


def light(shape, value=0.5):
    """A tensor of any shape that takes one number on disk."""
    return torch.full((1,), value).expand(tuple(shape)) if shape else torch.tensor(3)


def checkpoint(arch):
    with torch.device("meta"):
        network = build_encoder(PUBLISHED[arch], seed=0)
    dim = network.feature_dim
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    for layer, outputs in zip(HEADS[arch], (dim, 128), strict=True):
        shapes |= {f"{layer}.weight": (outputs, dim), f"{layer}.bias": (outputs,)}
    query = {f"module.encoder_q.{key}": light(shape) for key, shape in shapes.items()}
    key = {f"module.encoder_k.{key}": light(shape, 9.0) for key, shape in shapes.items()}
    queue = {"module.queue": light((128, 2048)), "module.queue_ptr": light((1,))}
    return {"epoch": 200, "arch": arch, "state_dict": query | key | queue, "optimizer": {}}


def saved(tmp_path, content):
    torch.save(content, tmp_path / "official.pth")
    return tmp_path / "official.pth"


@pytest.mark.parametrize("arch", PUBLISHED)
def test_checkpoint_is_recognised_and_split(tmp_path, arch):
    before = torch.get_rng_state()
    arch_settings, encoder, head = import_official(saved(tmp_path, checkpoint(arch)))
    assert torch.equal(before, torch.get_rng_state())
    assert arch_settings == PUBLISHED[arch]
    assert list(head) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert head["2.weight"].shape[0] == 128
    floats = [t for t in (*encoder.values(), *head.values()) if t.is_floating_point()]
    assert all((t == 0.5).all() for t in floats), "the key encoder (9) must not leak in"


@pytest.mark.parametrize(("name", "arch"), [("i3d", "i3d"), ("r2plus1d_18", "r2plus1d")])
def test_every_official_key_is_accepted(tmp_path, shared, name, arch):
    listed = json.loads((shared / "golden" / "official_checkpoint_keys.json").read_text())[name]
    state = {key: light(shape) for key, shape in listed.items()}
    arch_settings, encoder, head = import_official(saved(tmp_path, {"state_dict": state}))
    assert arch_settings == PUBLISHED[arch]
    assert len(encoder) + len(head) == len(listed)


def test_torchvision_state_dict_loses_its_classifier(tmp_path):
    with torch.device("meta"):
        shapes = {key: t.shape for key, t in r2plus1d_18(weights=None).state_dict().items()}
    state = {key: light(shape) for key, shape in shapes.items()}
    arch_settings, encoder, head = import_official(saved(tmp_path, state))
    assert arch_settings == PUBLISHED["r2plus1d"]
    assert head == {}
    assert set(shapes) - set(encoder) == {"fc.weight", "fc.bias"}


def test_hostile_pickle_does_not_run(tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    for content in ({"state_dict": Hostile()}, checkpoint("i3d") | {"epoch": Hostile()}):
        with pytest.raises(FameError, match=r"refused .* run code"):
            import_official(saved(tmp_path, content))
    (tmp_path / "official.pth").write_bytes(pickle.dumps(Hostile(), protocol=2))
    with pytest.raises(FameError, match=r"refused .* run code"):
        import_official(tmp_path / "official.pth")
    assert not (tmp_path / "ran").exists()
    pickle.loads(pickle.dumps(Hostile()))
    assert (tmp_path / "ran").exists(), "the payload itself must be able to run"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv3d_1a_7x7.batch3d.bias": None}, r"missing: conv3d_1a_7x7\.batch3d\.bias"),
        ({"id_head.4.weight": (64, 1024)}, r"id_head\.4\.weight \(64, 1024\) instead of \(128"),
        ({"extra": (2,)}, "unexpected: extra"),
        ({"conv3d_1a_7x7.conv3d.weight": None}, "no I3D or R"),
    ],
)
def test_other_networks_are_refused(tmp_path, change, message):
    content = checkpoint("i3d")
    for name, shape in change.items():
        content["state_dict"].pop(f"module.encoder_q.{name}", None)
        if shape:
            content["state_dict"][f"module.encoder_q.{name}"] = light(shape)
    with pytest.raises(FameError, match=message):
        import_official(saved(tmp_path, content))


@pytest.mark.parametrize(
    "content", [[1, 2], {"a": 1}, {1: torch.zeros(1)}, {"state_dict": 3}, None]
)
def test_files_without_a_state_dict_are_refused(tmp_path, content):
    with pytest.raises(FameError, match="holds no state dict"):
        import_official(saved(tmp_path, content))


def test_absent_and_truncated_files_are_refused(tmp_path):
    with pytest.raises(FameError, match="cannot read"):
        import_official(tmp_path / "absent")
    with pytest.raises(FameError, match="cannot read"):
        import_official(tmp_path)
    path = saved(tmp_path, checkpoint("i3d"))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(FameError, match=r"official\.pth"):
        import_official(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(b"\x80\x02".__add__)))
def test_no_bytes_do_more_than_a_clear_error(tmp_path, content):
    (tmp_path / "noise").write_bytes(content)
    with pytest.raises(FameError, match="noise"):
        import_official(tmp_path / "noise")
