"""Where results lie. No other module of fame spells these paths; the rules' copy is tested.

results/<scale>/data/<data>/                a dataset or a generated world, indexed
results/<scale>/pretrain/<run>/             an encoder and its card
results/<scale>/evaluate/<run>/<data>/      features and results of an encoder on a dataset
results/<scale>/{figures,tables}/           what is drawn and tabulated; copies in results/
"""

from dataclasses import dataclass
from pathlib import Path

from fame.config.scale import Scale
from fame.core.cards import CARD, ENCODER

RESULTS = Path("results")
"""The folder of all results, in the working folder."""

MANIFEST = "manifest.parquet"
BIAS = "bias"
"""The features of test videos that are altered for the bias probes."""


def features_file(name: str) -> str:
    """The file of some features, in the folder of an encoder on a dataset."""
    return f"features-{name}.npz"


@dataclass(frozen=True)
class Places:
    """The files of one scale.

    Attributes:
        root: `results/<scale>`.
    """

    root: Path

    @classmethod
    def of(cls, scale: Scale, results: Path = RESULTS) -> "Places":
        """The files of a scale below the folder of all results."""
        return cls(results / scale.name)

    def data(self, data: str) -> Path:
        """The folder of a data instance."""
        return self.root / "data" / data

    def world(self, data: str) -> Path:
        """The folder of a generated world's videos."""
        return self.data(data) / "world"

    def manifest(self, data: str) -> Path:
        """The manifest of a data instance."""
        return self.data(data) / MANIFEST

    def run(self, run: str) -> Path:
        """The folder of a run."""
        return self.root / "pretrain" / run

    def encoder(self, run: str) -> Path:
        """The weights of a run."""
        return self.run(run) / ENCODER

    def card(self, run: str) -> Path:
        """The card of a run."""
        return self.run(run) / CARD

    @property
    def evaluations(self) -> Path:
        """The folder of all results of encoders on datasets."""
        return self.root / "evaluate"

    def evaluation(self, run: str, data: str) -> Path:
        """The folder of an encoder's features and results on a dataset."""
        return self.evaluations / run / data

    @property
    def tables(self) -> Path:
        """The folder of the tables."""
        return self.root / "tables"

    @property
    def figures(self) -> Path:
        """The folder of the figures."""
        return self.root / "figures"
