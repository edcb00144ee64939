import xml.etree.ElementTree as ElementTree

import pytest

from fame.core.errors import FameError
from fame.report.page.graph import layers, parse, svg

DOT = """digraph snakemake_dag {
    0[label = "all", color = "0 0 0", style="rounded"];
    1[label = "table", color = "0 0 0", style="rounded"];
    2[label = "probe<b>", color = "0 0 0", style="rounded"];
    3[label = "pretrain", color = "0 0 0", style="rounded"];
    1 -> 0
    2 -> 1
    3 -> 2
    3 -> 1
}"""


def test_rules_and_edges_without_the_target_that_holds_all():
    nodes, edges = parse(DOT)
    assert set(nodes.values()) == {"table", "probe<b>", "pretrain"}
    assert sorted(edges) == [("2", "1"), ("3", "1"), ("3", "2")]


def test_every_edge_goes_down():
    nodes, edges = parse(DOT)
    depth = {node: row for row, names in enumerate(layers(nodes, edges)) for node in names}
    assert all(depth[a] < depth[b] for a, b in edges)
    assert depth == {"3": 0, "2": 1, "1": 2}


def test_picture_is_well_formed_and_names_every_rule():
    root = ElementTree.fromstring(svg(DOT))
    texts = [node.text for node in root if node.tag == "text"]
    assert sorted(texts) == ["pretrain", "probe<b>", "table"]
    assert len([node for node in root if node.tag == "path"]) == 3


def test_no_graph():
    with pytest.raises(FameError, match="rulegraph"):
        svg("Building DAG of jobs...")
