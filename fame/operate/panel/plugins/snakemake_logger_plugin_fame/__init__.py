"""The panel of `fame run` under the name by which Snakemake finds it: `--logger fame`."""

from fame.operate.panel.handler import LogHandler

__all__ = ["LogHandler"]
