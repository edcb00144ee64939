"""The page's templates and its style sheet."""

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """A template of this folder; what it is given is escaped, and what it lacks is an error."""
    environment = Environment(
        loader=PackageLoader("fame.report.page", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(name)
