"""FAME: motion-aware contrastive video representation learning, reproduced.

Rooms, each importing only those before it: `data`, `augment`, `models` and
`pretext`, `train`, `evaluate`, `report`. `cli` sits on top of all of them.
"""

__version__ = "0.1.0"
