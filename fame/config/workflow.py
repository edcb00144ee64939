"""The schema of the workflow's own configuration, config/config.yaml."""

from fame.core.schema import Model


class Workflow(Model):
    """The workflow's settings; `--config` may replace each key.

    Attributes:
        scale: a file of config/scales by its name, or the path of one.
        tables: a folder of table files instead of config/tables.
        accept_terms: datasets whose terms you have read and accept; `--config` gives them as one
            text, joined by commas.
        sources: a file of download sources instead of config/datasets.yaml.
    """

    scale: str
    tables: str | None = None
    accept_terms: tuple[str, ...] | str | None = None
    sources: str | None = None
