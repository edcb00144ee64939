"""Learning rates in closed form."""

import math

import pytest

from fame.config.optimiser import Optimiser
from fame.train.schedule import rate


def optimiser(kind, warmup=0, milestones=()):
    schedule = {"kind": kind, "milestones": milestones, "gamma": 0.1, "warmup_steps": warmup}
    return Optimiser(lr=0.4, momentum=0.9, weight_decay=0, schedule=schedule)


def test_cosine_starts_at_the_base_rate_halves_midway_and_ends_near_zero():
    settings = optimiser("cosine")
    assert rate(settings, 0, 10, 4) == pytest.approx(0.4)
    assert rate(settings, 20, 10, 4) == pytest.approx(0.2)
    assert rate(settings, 39, 10, 4) == pytest.approx(0.2 * (1 + math.cos(math.pi * 39 / 40)))


def test_steps_fall_at_the_milestones():
    settings = optimiser("step", milestones=(2, 3))
    rates = [rate(settings, step, 10, 4) for step in (0, 19, 20, 29, 30, 39)]
    assert rates == pytest.approx([0.4, 0.4, 0.04, 0.04, 0.004, 0.004])


def test_warmup_rises_linearly_to_the_schedule():
    settings = optimiser("step", warmup=4, milestones=(100,))
    assert [rate(settings, step, 10, 4) for step in range(5)] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.4]
    )


def test_the_released_cosine_stands_still_within_an_epoch():
    settings = optimiser("cosine-epoch")
    rates = [rate(settings, step, 10, 4) for step in range(40)]
    by_epoch = [0.2 * (1 + math.cos(math.pi * epoch / 4)) for epoch in range(4)]
    assert rates == pytest.approx([one for one in by_epoch for _ in range(10)])
    every_step = [rate(optimiser("cosine"), step, 10, 4) for step in range(40)]
    assert rates[::10] == pytest.approx(every_step[::10])
    assert rates[1] != pytest.approx(every_step[1])
