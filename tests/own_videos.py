"""The entry of a dataset of one's own videos, as a scale file has it."""

OWN = {
    "kind": "folder",
    "title": "Own",
    "root": "videos",
    "labels": "none",
    "annotations": None,
    "group": None,
    "val": 0,
    "test": 0,
    "split_seed": 0,
    "missing": "error",
    "tolerance": 0,
    "verify": {"frames": "all", "seconds": 60},
    "prepare": None,
}
