"""Selection on the test set, to replay the release (facts A6)."""

import numpy as np
import torch
from torch import Tensor

from fame.evaluate.metrics import accuracy


class BestOnTest(torch.nn.Module):
    """The test videos' scores at the epoch that scored best on them; the first among equals.

    A module without parameters, so that it is saved in checkpoints.

    Attributes:
        epoch: () int64, the best epoch, counted from 1; 0 before any test.
        logits: (N, classes), the test videos' scores at that epoch.
        last: () top-1 accuracy in percent at the newest tested epoch.
    """

    epoch: Tensor
    logits: Tensor
    last: Tensor

    def __init__(self, videos: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64))
        self.register_buffer("logits", torch.zeros(videos, classes))
        self.register_buffer("last", torch.zeros((), dtype=torch.float64))

    def offer(self, epoch: int, logits: np.ndarray, labels: np.ndarray) -> float:
        """Keep the scores of an epoch if they are the best so far.

        Args:
            epoch: counted from 1.
            logits: (N, classes) float32.
            labels: (N,) int64.

        Returns:
            Their top-1 accuracy in percent.

        Raises:
            FameError: if a score is not finite.
        """
        top1 = accuracy.top(logits, labels, 1)
        self.last.fill_(top1)
        if self.epoch == 0 or top1 > accuracy.top(self.scores(), labels, 1):
            self.epoch.fill_(epoch)
            self.logits.copy_(torch.from_numpy(logits))
        return top1

    def scores(self) -> np.ndarray:
        """The best logits, (N, classes) float32."""
        best: np.ndarray = self.logits.float().cpu().numpy()
        return best
