"""The panel's text: counts, bars, running jobs, and a failed job without its shell command."""

from collections import Counter

from rich.console import Console

from fame.operate.panel.progress import Cost, Progress, key_of
from fame.operate.panel.render import SHOWN, failure, headline, named, panel, shown

LINEAR = key_of("linear", {"run": "a", "data": "ucf101-w0"})


def drawn(thing):
    console = Console(width=90, force_terminal=False)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_a_panel_says_what_is_done_what_runs_and_how_long():
    state = Progress({LINEAR: Cost("k", 60, 1.0)}, Counter(pretrain=2, linear=1))
    state.done["pretrain"], state.failed["pretrain"] = 1, 1
    state.announce(1, "linear", dict(LINEAR[1]), 100)
    text = drawn(panel(state, 110, 40))
    assert text.startswith("1 of 3 jobs, 1 failed, 70 s so far, about 50 s left")
    assert "1/2, 1 failed" in text and "0/1" in text
    assert "linear of a on ucf101-w0  10 s of about 60 s" in text


def test_unknown_times_are_said_to_be_unknown():
    other = key_of("bias", {})
    state = Progress({other: Cost("b", None, 1.0)}, Counter(bias=1))
    assert headline(state, 5, 0).endswith("time left unknown")
    state.costs[LINEAR] = Cost("k", 60, 1.0)
    assert headline(state, 5, 0).endswith("at least 60 s left")


def test_of_many_running_jobs_some_are_listed():
    state = Progress(total=Counter(world=20))
    for number in range(SHOWN + 3):
        state.announce(number, "world", {"data": f"w{number}"}, 0)
    text = drawn(panel(state, 1, 0))
    assert "world of w7" in text and "world of w8" not in text and "and 3 more" in text


def test_a_job_in_words():
    assert named(LINEAR) == "linear of a on ucf101-w0"
    assert named(key_of("world", {"data": "d"})) == "world of d"
    assert named(key_of("table", {"table": "table5"})) == "table of table5"
    assert named(key_of("all", {})) == "all"


def test_a_failure_is_the_end_of_its_log_and_a_command(tmp_path):
    log = tmp_path / "linear.log"
    log.write_text("".join(f"line {n}\n" for n in range(20)) + "fame: no [red]room\x1b[31m\n")
    lines = failure(LINEAR, [str(log)], "results/a.json", "fame run {} --scale micro")
    assert lines[0] == "failed: linear of a on ucf101-w0"
    assert lines[-1] == "  repeat it: fame run results/a.json --scale micro"
    assert lines[-2] == "    fame: no [red]room[31m"
    assert len(lines) == 1 + 1 + 8 + 1
    assert "no [red]room" in drawn(shown(lines))
    assert failure(LINEAR, [str(tmp_path / "absent")], None, "") == [lines[0]]
