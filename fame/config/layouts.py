"""The datasets and their splits, read from the datasets' files without importing them."""

from typing import Annotated

from pydantic import AfterValidator

from fame.core.errors import FameError
from fame.core.registry import check_name, declared

DATASETS = "fame.data.datasets"
"""The package with one file per dataset; lower packages may name it but not import it."""

SPLITS = ("train", "val", "test", "unused")
"""The splits that a video can belong to; only `test` is evaluated on."""


def splits_of(layout: str) -> tuple[str, ...]:
    """The splits of a dataset that have labelled videos, a subset of `SPLITS`.

    Raises:
        FameError: no such dataset, or its file states no valid `SPLITS`.
    """
    splits = declared(DATASETS, layout, "SPLITS", None)
    if not isinstance(splits, tuple) or not set(splits) <= set(SPLITS):
        raise FameError(f"SPLITS of '{layout}' must be a tuple of some of {', '.join(SPLITS)}.")
    return splits


def official_splits_of(layout: str) -> int:
    """The number of official divisions of a dataset into these splits.

    Raises:
        FameError: no such dataset, or its file does not state `OFFICIAL_SPLITS` as a positive
            number.
    """
    number = declared(DATASETS, layout, "OFFICIAL_SPLITS", None)
    if not isinstance(number, int) or number < 1:
        raise FameError(f"OFFICIAL_SPLITS of '{layout}' must be a whole number from 1.")
    return number


def _checked(name: str) -> str:
    try:
        check_name(DATASETS, name)
        splits_of(name)
        official_splits_of(name)
    except FameError as error:
        raise ValueError(str(error)) from None
    return name


Layout = Annotated[str, AfterValidator(_checked)]
"""A dataset by the name of its file, or by the path of a `.py` file."""
