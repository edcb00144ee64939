"""A failed job: the error of its log, or what a cluster says, never a shell command."""

import pytest

from fame.operate.panel.asked import Asked
from fame.operate.panel.failure import failed_of, failure_of, named
from fame.operate.panel.progress import key_of

LINEAR = key_of("linear", {"run": "a", "data": "ucf101-w0"})
ASKED = Asked("fame run table5", "fame run {} --scale micro")


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "linear.log"
    path.write_text("linear. Train.\n  scale: x\nfame: no [red]room\x1b[31m; clear the disk\n")
    return path


def test_a_failure_is_an_error_a_log_and_a_command(log, tmp_path):
    told = {"log": [str(log), str(tmp_path / "absent")], "output": ["results/a.json", "b"]}
    assert failure_of(LINEAR, told).whole(ASKED) == [
        "failed: linear of a on ucf101-w0",
        "  no [red]room[31m; clear the disk",
        f"  log: {log}",
        "  this job alone: fame run results/a.json --scale micro",
    ]
    assert len(failure_of(LINEAR, told).short(ASKED)) == 3


def test_a_long_error_keeps_its_remedy(log):
    log.write_text(f"fame: {'x' * 500}; mend it\n")
    assert failure_of(LINEAR, {"log": [str(log)]}).error.endswith("; mend it")


def test_a_cluster_has_a_message_and_a_log_of_its_own(log, tmp_path):
    message = (
        "SLURM-job '12' failed,\n status is: 'TIMEOUT'. For further error details see the logs."
    )
    other = tmp_path / "12.log"
    other.touch()
    found = failure_of(LINEAR, {"log": [str(log)], "rule_msg": message}, [str(other)])
    end = "clear the disk - SLURM-job '12' failed, status is: 'TIMEOUT'."
    assert found.error.endswith(end) and found.logs == (str(log), str(other))
    log.write_text("step 3\n")
    found = failure_of(LINEAR, {"log": [str(log)], "rule_msg": message})
    assert found.error == "SLURM-job '12' failed, status is: 'TIMEOUT'."


@pytest.mark.parametrize("text", ["", "linear. Train.\nstep 3\n", None])
def test_a_job_that_was_killed_says_nothing(log, text):
    log.unlink() if text is None else log.write_text(text)
    lines = failure_of(LINEAR, {"log": [str(log)]}).whole(ASKED)
    assert "stopped from outside (memory, time, kill)" in lines[1]
    assert len(lines) == (2 if text is None else 3)


def test_of_a_group_the_job_with_an_error_is_to_blame(tmp_path):
    names = ("features", "linear", "knn")
    features, linear, knn = ({"rule_name": name, "log": [str(tmp_path / name)]} for name in names)
    jobs = [features, linear, knn]
    assert failed_of(jobs) == [features]
    (tmp_path / "features").write_text("Done in 3 s\n")
    (tmp_path / "linear").write_text("step 1\n")
    assert failed_of(jobs) == [linear]
    (tmp_path / "features").write_text("fame: no room\n")
    assert failed_of(jobs) == [features]


def test_a_job_in_words():
    assert named(LINEAR) == "linear of a on ucf101-w0"
    assert named(key_of("world", {"data": "d"})) == "world of d"
    assert named(key_of("table", {"table": "table5"})) == "table of table5"
    assert named(key_of("all", {})) == "all"
