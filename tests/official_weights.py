"""Checkpoints as the authors published them, with drawn weights."""

import torch

from fame.models import build_encoder
from fame.models.backbones.i3d import published as published_i3d
from fame.models.backbones.r2plus1d import R2Plus1DSettings

PUBLISHED = {
    "i3d": published_i3d(64),
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
