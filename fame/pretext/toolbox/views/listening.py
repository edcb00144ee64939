"""GDT's way of hearing a batch: the spectrograms of its sound, changed at random."""

from collections.abc import Sequence

from torch import Tensor

from fame.augment.log_mel import LogMel
from fame.augment.sound_draws import draw_sound, masked
from fame.data.clips.batch import Batch
from fame.pretext.toolbox.draws.two_moments import Slot


def spectrograms(batch: Batch, slots: Sequence[Slot], features: LogMel, seed: int) -> list[Tensor]:
    """Features (B, 1, bands, steps) of the sound of each slot.

    Volume and masks are drawn for each moment; backwards it is the same, flipped in time.

    Args:
        batch: with the sound of the slots.
        slots: moments, each forward before backward.
        features: of sound.
        seed: the run's seed.
    """
    moments: dict[int, Tensor] = {}
    for number, (moment, back) in enumerate(slots):
        if not back:
            drawn = draw_sound(seed, f"gdt-sound{moment}", batch)
            heard = features(batch.sound[:, number], drawn.volume)
            moments[moment] = masked(heard, drawn.places)[:, None]
    return [moments[moment].flip(-1) if back else moments[moment] for moment, back in slots]
