"""Paths of results. No other module of fame spells them; a test compares the rules' own copy.

results/<scale>/data/<data>/                a dataset or a generated world, indexed
results/<scale>/pretrain/<run>/             an encoder and its card
results/<scale>/evaluate/<run>/<data>/      features and results of an encoder on a dataset
results/<scale>/{figures,tables}/           figures and tables; copies in results/
"""

from dataclasses import dataclass
from pathlib import Path

from fame.config.scale import Scale
from fame.core.cards import CARD, ENCODER

RESULTS = Path("results")
"""The folder of all results, relative to the working folder."""

MANIFEST = "manifest.parquet"
BIAS = "bias"
"""Name of the features of test videos that were altered for the bias probes."""


def features_file(name: str) -> str:
    """The file name of features."""
    return f"features-{name}.npz"


@dataclass(frozen=True)
class Places:
    """The paths of one scale.

    Attributes:
        root: `results/<scale>`.
    """

    root: Path

    @classmethod
    def of(cls, scale: Scale, results: Path = RESULTS) -> "Places":
        """The paths of a scale below the folder of all results."""
        return cls(results / scale.name)

    def data(self, data: str) -> Path:
        """The folder of a data instance."""
        return self.root / "data" / data

    def world(self, data: str) -> Path:
        """The folder of a generated world."""
        return self.data(data) / "world"

    def manifest(self, data: str) -> Path:
        """The manifest of a data instance."""
        return self.data(data) / MANIFEST

    @property
    def runs(self) -> Path:
        """The folder of all runs."""
        return self.root / "pretrain"

    def run(self, run: str) -> Path:
        """The folder of a run."""
        return self.runs / run

    def encoder(self, run: str) -> Path:
        """The weights of a run."""
        return self.run(run) / ENCODER

    def card(self, run: str) -> Path:
        """The card of a run."""
        return self.run(run) / CARD

    @property
    def evaluations(self) -> Path:
        """The folder of all evaluations."""
        return self.root / "evaluate"

    def evaluation(self, run: str, data: str) -> Path:
        """The folder of a run's features and results on a data instance."""
        return self.evaluations / run / data

    @property
    def tables(self) -> Path:
        """The folder of the tables."""
        return self.root / "tables"

    @property
    def figures(self) -> Path:
        """The folder of the figures."""
        return self.root / "figures"
