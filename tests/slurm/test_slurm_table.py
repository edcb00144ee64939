"""A table through a real Slurm: what its jobs ask for, see and leave."""

import itertools
import json
import re
from pathlib import Path

IDLE = r"FAME_DEVICE is cpu: GPU\(s\) (\S+) of (n\d), job (\d+), stay idle"


def logs(made, pattern):
    """The texts of logs below results/, by path."""
    paths = made.place.result("micro").glob(pattern)
    return {str(path): path.read_text() for path in paths}


def test_the_table_is_the_one_that_this_machine_makes(made, local):
    table = made.place.result("table1.csv").read_bytes()
    assert table == local.result("table1.csv").read_bytes()
    assert b",micro," in table


def test_one_slurm_job_for_each_group_and_each_training(made):
    assert {job.state for job in made.jobs} == {"COMPLETED"}
    kinds = sorted(re.split("_wildcards", job.comment)[0] for job in made.jobs)
    assert len([kind for kind in kinds if kind == "rule_pretrain"]) == 2
    # Two datasets, two encoders on one of them, one table, one finetuning.
    assert len(kinds) == 2 + 2 + 2 + 1 + 1, kinds


def test_jobs_ask_for_what_their_rules_say(made):
    asked = {
        job.comment.split("-r2plus1d")[0]: (
            job.told("NumNodes"),
            job.told("TresPerJob", ""),
            job.told("MinMemoryNode"),
        )
        for job in made.jobs
    }
    memory = "1500M"
    assert asked["rule_pretrain_wildcards_moco-fame"] == ("2", "gres:gpu:2", memory)
    assert asked["rule_pretrain_wildcards_random"] == ("1", "gres:gpu:1", memory)
    assert asked["rule_finetune_wildcards_moco-fame"] == ("1", "gres:gpu:1", memory)
    assert asked["rule_evaluation_features_linear"] == ("1", "gres:gpu:1", memory)
    assert asked["rule_table_publish_table"] == ("1", "", memory)


def test_each_machine_trains_with_its_gpu(made):
    (text,) = logs(made, "pretrain/moco-fame*/pretrain.log").values()
    seen = re.findall(IDLE, text)
    assert sorted(node for _, node, _ in seen) == ["n1", "n2"]
    # Another job may hold the machine's first GPU.
    assert all(gpu in {"0", "1"} for gpu, _, _ in seen), seen
    (card,) = made.place.result("micro").glob("pretrain/moco-fame*/card.json")
    assert json.loads(card.read_text())["environment"]["processes"] == 2


def test_jobs_that_share_a_machine_see_different_gpus(made):
    """Evaluations, one GPU each: there are three, and some of them run at the same time."""
    texts = [*logs(made, "evaluate/*/*/finetune.log").values()]
    texts += logs(made, "evaluate/*/*/features.log").values()
    seen = [found for text in texts for found in re.findall(IDLE, text)]
    assert len(seen) == len(texts) == 3, texts
    jobs = {job.number: job for job in made.jobs}
    pairs = [
        (one, other)
        for one, other in itertools.combinations(seen, 2)
        if one[1] == other[1] and overlap(jobs[one[2]], jobs[other[2]])
    ]
    assert pairs
    assert all(one[0] != other[0] for one, other in pairs)


def overlap(one, other):
    """Whether two jobs ran at the same time."""
    begun = max(job.told("StartTime") for job in (one, other))
    return begun < min(job.told("EndTime") for job in (one, other))


def test_jobs_without_a_gpu_see_none(made):
    texts = logs(made, "evaluate/*/*/linear.log")
    assert len(texts) == 2
    assert not any(re.search(IDLE, text) for text in texts.values())


def test_every_job_leaves_its_log_beside_its_result(made):
    kinds = ("data/*/manifest.parquet", "pretrain/*/card.json", "evaluate/*/*/*.json")
    found = [path for kind in kinds for path in made.place.result("micro").glob(kind)]
    products = [path for path in found if "slow-" not in str(path)]  # other tests' trainings
    assert len(products) == 2 + 2 + 3
    for product in products:
        assert any(Path(path).suffix in {".log", ".txt"} for path in product.parent.iterdir())


def test_a_second_call_submits_nothing(made):
    text = made.place.make(
        made.place.path / "nodes.yaml", "--workflow-profile", profile(), "results/table1.csv"
    )
    assert "Nothing to be done" in text


def profile():
    return Path(__file__).resolve().parents[2] / "profiles" / "slurm"
