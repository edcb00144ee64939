"""The workflow's rules as a picture: Snakemake's own rule graph, laid out as inline SVG."""

import re
from html import escape

from fame.core.errors import FameError

HEIGHT = 26
LETTER, MARGIN = 7, 16  # of a rule's name, and beside it
GAP_X, GAP_Y = 14, 34
HIDDEN = {"all"}


def parse(dot: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Nodes (id to rule) and edges (from, to) of `snakemake --rulegraph`'s output.

    Raises:
        FameError: there is no graph in it.
    """
    nodes = dict(re.findall(r'(\d+)\[label = "([^"]+)"', dot))
    edges = re.findall(r"(\d+) -> (\d+)", dot)
    if not nodes:
        raise FameError("the rule graph is empty; make it with `snakemake --rulegraph`")
    kept = {number: name for number, name in nodes.items() if name not in HIDDEN}
    return kept, [(a, b) for a, b in edges if a in kept and b in kept]


def layers(nodes: dict[str, str], edges: list[tuple[str, str]]) -> list[list[str]]:
    """Nodes by their longest way from a source, which puts every edge downwards."""
    depth = dict.fromkeys(nodes, 0)
    for _ in nodes:  # a longest way has fewer edges than there are nodes
        for a, b in edges:
            depth[b] = max(depth[b], depth[a] + 1)
    rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in sorted(nodes, key=lambda number: nodes[number]):
        rows[depth[node]].append(node)
    return rows


def svg(dot: str) -> str:
    """The graph as an `<svg>` element that scales with the page."""
    nodes, edges = parse(dot)
    rows = layers(nodes, edges)
    width = LETTER * max(map(len, nodes.values())) + MARGIN
    widest = max(map(len, rows)) * (width + GAP_X) - GAP_X
    places = {}
    for depth, row in enumerate(rows):
        left = (widest - (len(row) * (width + GAP_X) - GAP_X)) / 2
        for column, node in enumerate(row):
            places[node] = (left + column * (width + GAP_X), depth * (HEIGHT + GAP_Y))
    lines = [_edge(places[a], places[b], width) for a, b in sorted(set(edges))]
    boxes = [_box(places[node], name, width) for node, name in nodes.items()]
    tall = len(rows) * (HEIGHT + GAP_Y) - GAP_Y
    return (
        f'<svg viewBox="-1 -1 {widest + 2} {tall + 2}" role="img" '
        f'aria-label="Rules of the workflow">{"".join(lines + boxes)}</svg>'
    )


def _edge(start: tuple[float, float], end: tuple[float, float], width: int) -> str:
    x1, y1 = start[0] + width / 2, start[1] + HEIGHT
    x2, y2 = end[0] + width / 2, end[1]
    bend = (y2 - y1) / 2
    path = f"M{x1},{y1}C{x1},{y1 + bend} {x2},{y2 - bend} {x2},{y2}"
    return f'<path d="{path}" class="edge"/>'


def _box(place: tuple[float, float], name: str, width: int) -> str:
    x, y = place
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="4" class="node"/>'
        f'<text x="{x + width / 2}" y="{y + 17}" text-anchor="middle">{escape(name)}</text>'
    )
