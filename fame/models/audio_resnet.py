"""GDT's network for sound (Patrick et al., ICCV 2021): a 2-D ResNet of nine layers.

One basic block in each of four stages, torchvision's own; full size is 64 wide, with 4.90 million
parameters.
"""

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock


class AudioResNet9(nn.Module):
    """Features of spectrograms.

    Shape:
        (B, 1, bands, steps) to (B, 8 * width); stem and pool halve both sides, and so does each
        stage after the first.

    Args:
        width: channels of the stem and the first stage; each later stage doubles them.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, kernel_size=7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        blocks = [_block(width, width, 1)]
        blocks += [_block(width * 2**stage, width * 2 ** (stage + 1), 2) for stage in range(3)]
        self.stages = nn.Sequential(*blocks)
        self.feature_dim = 8 * width
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, spectrograms: Tensor) -> Tensor:
        """The last map averaged over bands and time."""
        maps: Tensor = self.stages(self.stem(spectrograms))
        return maps.mean(dim=(2, 3))


def _block(inputs: int, outputs: int, stride: int) -> BasicBlock:
    shortcut = None
    if stride > 1:
        shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False),
            nn.BatchNorm2d(outputs),
        )
    return BasicBlock(inputs, outputs, stride, shortcut)
