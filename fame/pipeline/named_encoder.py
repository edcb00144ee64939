"""Which encoder a user means: a file of weights, a folder that holds one, or a run. No torch.

What lies at the path that is given comes first; a text that is no path is the id of a run.
"""

import difflib
from pathlib import Path

from fame.core.cards import ENCODER
from fame.core.errors import FameError
from fame.pipeline.experiments import Experiments
from fame.pipeline.paths import RESULTS, Places
from fame.pipeline.runs import Run


def file_at(path: Path) -> Path:
    """The weights at a path that exists: the file itself, or the encoder in the folder.

    Raises:
        FameError: the folder holds no encoder.
    """
    if path.is_dir() and not (path / ENCODER).is_file():
        raise FameError(
            f"{path} is a folder without {ENCODER}; give the folder of a pretrained run, its id, "
            "or a file of weights"
        )
    return path / ENCODER if path.is_dir() else path


def named_encoder(experiments: Experiments, encoder: str, results: Path = RESULTS) -> Run | Path:
    """The run of the tables that is meant, pretrained or not; else the file of weights.

    Args:
        experiments: a scale and its tables.
        encoder: a path, also of the folder of a run, or a run's id.
        results: the folder of all results, where runs have their folders.

    Raises:
        FameError: it is none of these.
    """
    path, places = Path(encoder), Places.of(experiments.scale, results)
    name = path.parent.name if path.name == ENCODER else path.name
    if name in experiments.every_run:
        own = {place.resolve() for place in (places.run(name), places.encoder(name))}
        if path.resolve() in own or (encoder == name and not path.exists()):
            return experiments.every_run[name]
    if path.exists():
        return file_at(path)
    raise _unknown(experiments, encoder)


def _unknown(experiments: Experiments, encoder: str) -> FameError:
    near = difflib.get_close_matches(encoder, experiments.every_run, 1)
    hint = f"did you mean {near[0]}?" if near else "`fame runs` lists those"
    return FameError(
        f"{encoder}: neither a file, a folder nor a run of scale {experiments.scale.name}; {hint}"
    )
