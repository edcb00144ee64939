"""Where each file of an official archive goes, to give the official layout."""

from pathlib import Path, PurePosixPath

from fame.data import datasets
from fame.data.annotations import VIDEO_SUFFIXES
from fame.data.datasets.common import Place

LIST_SUFFIXES = {".txt", ".json", ".csv"}


def place_lists(dataset: str) -> Place:
    """Places for a dataset's annotation lists: by file name, without folders."""
    folder = Path(datasets.archives(dataset).list_folder)

    def place(path: PurePosixPath) -> str | None:
        return (folder / path.name).as_posix() if path.suffix.lower() in LIST_SUFFIXES else None

    return place


def place_videos(dataset: str, part: str, annotations: Path | None) -> Place:
    """Places for a dataset's videos; other files are not unpacked.

    Args:
        dataset: its name, or the path of its file.
        part: the part of the dataset in config/datasets.yaml.
        annotations: the folder of the lists, or None if there is none.

    Raises:
        FameError: the dataset has no archives, or needs lists to arrange them and none are given.
    """
    inner = datasets.archives(dataset).place_videos(part, annotations)
    return lambda path: inner(path) if path.suffix.lower() in VIDEO_SUFFIXES else None
