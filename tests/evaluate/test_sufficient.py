"""What no evaluation can use is refused before anything is trained."""

from dataclasses import replace

import pytest
from made_results import experiments
from small_videos import rows

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.data.manifest import Manifest
from fame.evaluate.sufficient import check, tasks_on


@pytest.fixture
def videos(tmp_path):
    """Six training and four test videos."""
    table = rows([9] * 10, [(8, 8)] * 10).assign(split=["train"] * 6 + ["test"] * 4)
    return Manifest("own", tmp_path, table, ["even", "odd"])


def ranked(*ranks):
    mini = load_scale("mini")
    retrieval = mini.evaluate.retrieval.model_copy(update={"ranks": ranks})
    evaluate = mini.evaluate.model_copy(update={"retrieval": retrieval})
    return mini.model_copy(update={"evaluate": evaluate})


def with_column(videos, **columns):
    return replace(videos, table=videos.table.assign(**columns))


def test_as_many_neighbours_as_there_are_training_videos(videos):
    check(videos, ranked(1, 6), {"linear", "retrieval"})
    check(videos, ranked(1, 50), {"linear", "finetune"})
    said = r"asks for 50 neighbours but own has only 6 usable .*ranks to at most 6$"
    with pytest.raises(FameError, match=said):
        check(videos, ranked(1, 50), {"retrieval"})
    with pytest.raises(FameError, match=r"knn\.neighbours asks for 10 .*neighbours to at most 6$"):
        check(videos, ranked(1), {"linear", "knn"})


def test_quarantined_videos_do_not_count(videos):
    first = ["broken"] + ["ok"] * 9
    with pytest.raises(FameError, match=r"at most 5$"):
        check(with_column(videos, status=first), ranked(6), {"retrieval"})


@pytest.mark.parametrize(("split", "lacking"), [("train", "test"), ("test", "train")])
def test_both_sides_are_needed_to_evaluate_and_neither_to_pretrain(videos, split, lacking):
    one_sided = with_column(videos, split=split)
    check(one_sided, ranked(1), set())
    with pytest.raises(FameError, match=f"own has no usable {lacking} video, .*{lacking} as their"):
        check(one_sided, ranked(1), {"linear"})


def test_a_quarantine_may_take_the_last_test_video(videos):
    with pytest.raises(FameError, match="no usable test video"):
        check(with_column(videos, status=["ok"] * 6 + ["broken"] * 4), ranked(1), {"linear"})


def test_the_tables_say_what_is_evaluated(root):
    given = experiments("mini", root)
    assert tasks_on(given, "ucf101") >= {"linear", "finetune", "retrieval"}
    assert tasks_on(given, "kinetics400") == set()
    assert tasks_on(given, "nowhere") == set()
