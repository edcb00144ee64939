"""Provide a real dataset of a scale: check that it is in place, or download it."""

from collections.abc import Mapping, Set
from typing import Any

from fame.acquire.dataset import Places, acquire, missing_parts, refuse
from fame.acquire.part import Settings
from fame.config.datasets import Synthetic
from fame.config.reading import check_keys, expand_both
from fame.config.scale import Scale
from fame.config.sources import DatasetSource
from fame.core.errors import FameError
from fame.pipeline.runs import split_data_id


def provide(
    scale: Scale,
    data: str,
    sources: Mapping[str, DatasetSource],
    accepted: Set[str],
    settings: Settings,
) -> dict[str, Any]:
    """Make sure that a dataset is in place.

    Args:
        scale: says where the dataset is.
        data: for example `ucf101`.
        sources: download sources of datasets, by official name.
        accepted: official names of the datasets whose terms the user accepts.
        settings: of the downloads.

    Returns:
        A record as JSON data: the folders, and the archives that were downloaded by this call.

    Raises:
        FameError: `data` is a mini world, or missing files may not or cannot be downloaded.
    """
    name, _ = split_data_id(scale, data)
    dataset = scale.datasets[name]
    if isinstance(dataset, Synthetic):
        raise FameError(f"{data} is a mini world, which is generated; nothing is to be provided")
    check_keys(accepted, sources, "accept_terms")
    videos, annotations = expand_both(dataset.root, dataset.annotations)
    record = {"kind": dataset.kind, "root": str(videos), "annotations": str(annotations or "")}
    source = sources.get(dataset.kind)
    if source is None:
        return {**record, "downloaded": []}
    places = Places(videos, annotations, videos.parent / "archives")
    missing = missing_parts(dataset.kind, source, places)
    if missing and dataset.kind not in accepted:
        raise refuse(dataset.kind, source, missing)
    downloaded = acquire(dataset.kind, source, places, settings=settings) if missing else []
    return {**record, "downloaded": downloaded}
