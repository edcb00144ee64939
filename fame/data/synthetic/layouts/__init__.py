"""How each dataset names its files and writes its annotations, one module per dataset.

A layout module has `class_name(words)`, `video_path(class_name, split, number, rng)` (relative to
`videos/`) and `write_annotations(folder, entries)`.
"""

from types import ModuleType

from fame.data.synthetic.layouts import diving48, hmdb51, kinetics400, ucf101

LAYOUTS: dict[str, ModuleType] = {
    "diving48": diving48,
    "hmdb51": hmdb51,
    "kinetics400": kinetics400,
    "ucf101": ucf101,
}
