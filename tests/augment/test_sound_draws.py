"""Masks and volumes of sound."""

import random_batch
import torch

from fame.augment.sound_draws import VOLUME, draw_sound, masked


def test_draws_are_keyed_and_volumes_are_in_their_range():
    batch = random_batch.batch()
    first, again = (draw_sound(0, "a", batch) for _ in range(2))
    assert torch.equal(first.places, again.places) and torch.equal(first.volume, again.volume)
    assert not torch.equal(first.places, draw_sound(0, "b", batch).places)
    part = draw_sound(0, "a", random_batch.batch(rows=slice(2, 5)))
    assert torch.equal(part.places, first.places[2:5])
    assert ((first.volume >= VOLUME[0]) & (first.volume <= VOLUME[1])).all()


def test_a_band_and_a_stretch_are_masked_where_the_draw_says():
    features = torch.ones(3, 40, 99)
    places = torch.tensor([[0.0, 0.5, 0.0, 0.5], [0.99, 0.0, 0.99, 0.999], [0.5, 0.999, 0.2, 0.0]])
    found = masked(features, places.double())
    assert found[0].all()  # floor(3 * 0) bands and floor(6 * 0) steps
    assert not found[1, :2].any() and not found[1, :, -5:].any()  # 2 bands, 5 steps
    assert found[1, 2:, :-5].all()
    assert not found[2, 39].any() and not found[2, :, 0].any() and found[2, :39, 1:].all()
