"""What GDT hears of a batch."""

from dataclasses import replace

import random_batch
import torch

from fame.augment.log_mel import LogMel
from fame.augment.sound_draws import draw_sound, masked
from fame.pretext.toolbox.views.listening import spectrograms

SLOTS = ((0, False), (0, True), (1, False), (1, True))


def test_backwards_is_the_same_spectrogram_flipped_with_the_same_masks():
    batch = random_batch.batch(slots=4)
    generator = torch.Generator().manual_seed(0)
    moments = torch.randint(-5000, 5000, (8, 2, 2400), generator=generator, dtype=torch.int16)
    batch = replace(batch, sound=moments.repeat_interleave(2, dim=1))
    features = LogMel()
    found = spectrograms(batch, SLOTS, features, seed=3)
    assert [one.shape for one in found] == [(8, 1, 40, 9)] * 4
    for moment in (0, 1):
        drawn = draw_sound(3, f"gdt-sound{moment}", batch)
        wanted = masked(features(moments[:, moment], drawn.volume), drawn.places)
        assert torch.equal(found[2 * moment][:, 0], wanted)
        assert torch.equal(found[2 * moment + 1][:, 0], wanted.flip(-1))
