"""The panel's text: counts, bars, running jobs, in any size; and the last lines."""

from collections import Counter

import pytest
from rich.console import Console

from fame.operate.panel.asked import Asked
from fame.operate.panel.progress import Cost, Progress, key_of
from fame.operate.panel.render import SHOWN, ending, headline, panel, shown

LINEAR = key_of("linear", {"run": "a", "data": "ucf101-w0"})
RULES = [f"rule{n:02}" for n in range(30)]


def drawn(thing, width=90):
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_a_panel_says_what_is_done_what_runs_and_how_long():
    state = Progress({LINEAR: Cost("k", 60, 1.0)}, Counter(pretrain=2, linear=1))
    state.done["pretrain"], state.failed["pretrain"] = 1, 1
    state.announce(1, "linear", dict(LINEAR[1]), 100)
    text = drawn(panel(state, 110, 40, 40, 90))
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
    text = drawn(panel(state, 1, 0, 40, 90))
    assert "world of w7" in text and "world of w8" not in text and "and 3 more" in text


@pytest.mark.parametrize("height", [6, 12, 24, 60])
@pytest.mark.parametrize("width", [40, 60, 120])
def test_a_small_terminal_shows_what_runs(height, width):
    state = Progress(total=Counter(dict.fromkeys(RULES, 2)))
    state.done["rule03"] = 2
    for number, rule in enumerate(RULES[20:24]):
        state.announce(number, rule, {"run": "moco-fame-r2plus1d-kinetics400-s0-1a2b3c4d"}, 0)
    lines = drawn(panel(state, 3661, 0, height, width), width).splitlines()
    assert len(lines) <= height and max(map(len, lines)) <= width
    assert sum("running" in line and "61 min" in line for line in lines) == min(4, height // 3)
    if height == 24:  # the finished one makes room
        assert not any("rule03" in line for line in lines) and any("0/2" in line for line in lines)
        assert any(line.startswith("  rule20") for line in lines)
    assert any("rule03" in line for line in lines) == (height == 60)


def test_the_last_lines_say_how_to_go_on():
    asked = Asked("fame run table5")
    state = Progress(total=Counter(world=3))
    state.announce(1, "world", {}, 0)
    assert ending(state, 9, True, asked) == [
        "stopped after 9.0 s: 0 of 3 jobs are done, 3 did not run to their end",
        "go on: fame run table5",
    ]
    state.fail(1)
    assert ending(state, 9, False, asked) == [
        "not finished after 9.0 s: 0 of 3 jobs are done, 1 failed, 2 did not run to their end",
        "go on when that is mended: fame run table5",
    ]
    state.failed.clear()
    state.done["world"] = 3
    assert ending(state, 90, False, asked) == ["done: 3 jobs in 1.5 min"]


def test_lines_are_not_read_as_markup():
    assert drawn(shown(["failed", "no [red]room"])) == "failed\nno [red]room\n"
