"""Examples of retrieval: chosen without a look at results, hits by class."""

import pandas as pd
import pytest

from fame.core.errors import FameError
from fame.pipeline.experiments import result_file
from fame.pipeline.paths import Places
from fame.pipeline.runs import data_id
from fame.report.page.neighbours import NEAREST, QUERIES, _chosen, examples
from fame.report.page.pairs import pairs
from fame.report.page.seeds import measured


@pytest.fixture
def given(mini_results, tmp_path):
    experiments, folder = mini_results
    scale, places = experiments.scale, Places(tmp_path)
    found = pairs(measured(experiments, folder), scale)
    both = next(one for one in found if one.fame.cell.task == "retrieval")
    run = both.fame.run
    manifest = places.manifest(data_id(scale, both.fame.cell.dataset, run.seed))
    manifest.parent.mkdir(parents=True)
    videos = {"q1": "A", "q0": "A", "r": "B", "a": "A", "b": "B"}
    pd.DataFrame({"video": list(videos), "label": videos.values()}).to_parquet(manifest)
    for one, nearest in ((both.moco, ["b", "a"]), (both.fame, ["a", "b"])):
        file = places.evaluations / result_file(scale, one.run, one.cell.dataset, "retrieval")
        file.parent.mkdir(parents=True)
        rows = {"query": ["q1", "q0", "r"], "neighbours": [nearest * 10] * 3}
        pd.DataFrame(rows).to_parquet(file.with_suffix(".parquet"))
    return found, scale, tmp_path, file.with_suffix(".parquet")


def test_the_first_query_of_each_class_with_hits_by_class(given):
    found, scale, folder, _ = given
    (made,) = examples(found, scale, folder)
    assert made.title == "retrieval, mini UCF101 (generated), R(2+1)D, 8 wide"
    assert (made.seed, made.encoders) == (0, ("MoCo", "FAME"))
    assert [(query.video, query.label) for query in made.queries] == [("q0", "A"), ("r", "B")]
    moco, fame = ([one.hit for one in found] for found in made.queries[0].found)
    assert moco == [False, True, False, True, False]
    assert fame == [not hit for hit in moco]
    assert len(fame) == NEAREST


def test_queries_lie_evenly_among_many_classes():
    labels = {f"v{number:03}": f"c{number // 2:03}" for number in range(202)}
    found = _chosen(list(labels), labels)
    assert len(found) == QUERIES == len({labels[name] for name in found})
    assert found[0] == "v000"
    assert all(int(name[1:]) % 2 == 0 for name in found)


def test_nothing_without_the_files_and_a_file_of_others_is_named(given):
    found, scale, folder, file = given
    pd.DataFrame({"video": ["q0"]}).to_parquet(file)
    with pytest.raises(FameError, match=r"retrieval\.parquet: holds no neighbours"):
        examples(found, scale, folder)
    file.unlink()
    assert examples(found, scale, folder) == ()
