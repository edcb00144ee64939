"""MLRep's motion block: amplifies the channels that change from one moment to the next."""

from torch import Tensor, nn
from torch.nn.functional import pad

REDUCTION = 16


class MotionGate(nn.Module):
    """Gates each channel and moment by the change of a map up to the next moment.

    The last moment's change is 0. A gate is in (-0.5, 0.5), and the map is multiplied by 1 + gate.

    Shape:
        (B, channels, t, h, w) -> the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(channels // REDUCTION, 1)
        self.reduce = nn.Sequential(
            nn.Conv3d(channels, narrow, 1, bias=False), nn.BatchNorm3d(narrow)
        )
        self.local = nn.Conv3d(
            narrow, narrow, (1, 3, 3), padding=(0, 1, 1), groups=narrow, bias=False
        )
        self.expand = nn.Sequential(
            nn.Conv1d(narrow, channels, 1, bias=False), nn.BatchNorm1d(channels)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """The gated maps."""
        reduced = self.reduce(maps)
        change = self.local(reduced)[:, :, 1:] - reduced[:, :, :-1]
        gate = self.expand(pad(change.mean(dim=(3, 4)), (0, 1))).sigmoid() - 0.5
        return maps * (1 + gate[..., None, None])
