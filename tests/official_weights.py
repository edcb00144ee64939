"""Checkpoints as the authors published them, with drawn weights."""

import torch

from fame.models import I3DSettings, R2Plus1DSettings, build_encoder

PUBLISHED = {
    "i3d": I3DSettings(arch="i3d", width=64),
    "r2plus1d": R2Plus1DSettings(arch="r2plus1d", width=64, layers=(2, 2, 2, 2), round_middle=1),
}
HEADS = {"i3d": ("id_head.2", "id_head.4"), "r2plus1d": ("fc.0", "fc.2")}


def checkpoint(path, arch):
    """An official pretraining checkpoint with drawn weights; returns the query encoder."""
    encoder = build_encoder(PUBLISHED[arch], seed=5)
    dim = encoder.feature_dim
    head = {}
    for layer, outputs in zip(HEADS[arch], (dim, 128), strict=True):
        head[f"{layer}.weight"] = torch.zeros(1).expand(outputs, dim)
        head[f"{layer}.bias"] = torch.zeros(outputs)
    state = {f"module.encoder_q.{k}": v for k, v in {**encoder.state_dict(), **head}.items()}
    torch.save({"epoch": 200, "state_dict": state}, path)
    return encoder
