"""Progress by events: counts, time left by measured paces, and what is told twice."""

from fame.operate.panel.progress import Cost, Progress, key_of

WORLD, LINEAR = {"data": "ucf101-w0"}, {"run": "a", "data": "ucf101-w0"}


def state():
    """Two worlds of 10 s, and a probe that nobody measured, on two cores."""
    costs = {
        key_of("world", WORLD): Cost("world", 10, 0.5),
        key_of("world", {"data": "ucf101-w1"}): Cost("world", 10, 0.5),
        key_of("linear", LINEAR): Cost("linear", None, 0.5),
    }
    return Progress(costs)


def test_time_left_falls_as_jobs_run_and_end():
    found = state()
    assert found.left(0) == (10, False)
    found.announce(1, "world", WORLD, 0)
    assert found.left(4) == (8, False)  # half of 6 and half of 10
    assert found.left(30) == (5, False)  # longer than expected: as if it were done
    found.finish(1, 4)
    # Its 4 s are what the other world takes.
    assert found.left(4) == (2, False)
    assert found.seconds(key_of("world", {"data": "ucf101-w1"})) == 4
    found.announce(2, "linear", LINEAR, 5)
    found.finish(2, 11)
    assert found.left(11) == (2, True)
    assert (found.done["world"], found.done["linear"]) == (1, 1)


def test_the_longest_running_job_bounds_the_rest():
    found = state()
    found.announce(1, "world", WORLD, 0)
    found.announce(2, "world", {"data": "ucf101-w1"}, 0)
    assert found.left(2)[0] == 8
    found.announce(3, "somebody's", {}, 0)
    assert found.left(2)[0] == 8


def test_a_failure_is_told_once_and_is_no_longer_waited_for():
    found = state()
    found.announce(1, "world", WORLD, 0)
    assert found.fail(1) and not found.fail(1)
    assert found.failed["world"] == 1 and found.left(0) == (5, False)
    found.finish(1, 3)
    found.finish(99, 3)
    assert not found.done


def test_a_job_that_starts_again_has_not_failed():
    found = state()
    found.total.update(world=2, linear=1)
    found.announce(1, "world", WORLD, 0)
    found.fail(1)
    assert found.counts() == (3, 0, 1)
    found.announce(1, "world", WORLD, 2)
    assert found.counts() == (3, 0, 0) and found.left(2)[0] == 10
    found.finish(1, 4)
    assert found.counts() == (3, 1, 0)
