"""GDT (Patrick et al., ICCV 2021): picture and sound find each other, whatever else must differ.

Videos are encoded by the encoder, sound by a 2-D network of nine layers on log-mel features. One
noise-contrastive loss runs across the two senses (`toolbox.losses.two_senses`). For two
transformations, playing backwards and a shift in time, `hypothesis` says whether a transformed
moment must be distinguished from its original (variant) or be the same to it (invariant); the nine
are in `toolbox.losses.hypotheses`.

1 has one clip of a video, 2 to 5 have two, the others four: two moments, each forward and backward.
The loss is the mean of its terms: one for each pair of a moment and its transformed one, and the
plain contrast for each invariant transformation. Sound played backwards is the spectrogram flipped,
as in the release, and has the same masks; every clip has a crop and colours of its own.

Videos without sound pass through the networks and are left out of the loss, as queries and as keys;
the card counts them. If no video has sound, training is refused.

`protocol: own` has the release's jitter without grey or blur, vectors of 256 and temperature, and
starts drawn independently. `protocol: fame` has the scale's views, vectors and temperature, and
starts apart where there is room. Both keep the two networks, the heads with dropout and the changes
of the sound. Batch, epochs, optimiser, crops and normalisation are the scale's, for an equal
budget.

Different from the release: a shift by less than half a window is left out of the variant terms,
where the release may tell a moment from itself; short videos loop, where they are left out there;
BatchNorm works in groups; dropout is keyed; transformed moments of other videos are negatives of
variant terms only, as on one of its GPUs. Which hypothesis gave the published numbers is not known.
"""

from typing import Annotated, Any, Literal

from pydantic import Field
from torch import Tensor

from fame.augment.log_mel import LogMel
from fame.config.methods import MoCo as Settings
from fame.core.schema import Model, Positive, PositiveFloat
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw
from fame.data.clips.sounds import HEARD, OUTCOMES, Hearing
from fame.models.audio_resnet import AudioResNet9
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.draws.two_moments import TwoMoments
from fame.pretext.toolbox.heads.dropout_head import DropoutHead, dropout
from fame.pretext.toolbox.losses.hypotheses import Hypothesis
from fame.pretext.toolbox.losses.two_senses import TwoSenses, pairs_of
from fame.pretext.toolbox.own_stride import OwnStride
from fame.pretext.toolbox.protocols import by_options, need_frames
from fame.pretext.toolbox.tally import Tally
from fame.pretext.toolbox.views.listening import spectrograms
from fame.pretext.toolbox.views.slots import interleaved

USES = ("moco",)
HEARS = True
DROPOUT = 0.3
OWN_VIEWS = {"jitter": 1.0, "hue": 0.0, "gray": 0.0, "blur": 0.0}
OWN_VIEWS |= dict.fromkeys(("brightness", "contrast", "saturation"), 0.4)

REMARKS = [
    "learns from sound too: a step also encodes as many pieces of sound as clips",
    "videos without sound are in the batch and in BatchNorm, and not in the loss",
    "which hypothesis gave the published numbers is not known",
    "sound begins with its clip and has its own length, whatever the video's frame rate",
]
TOLD = "chance is of a picture being more like its own sound than like the transformed moment's"
FOUND = "chance is of finding a picture's own sound among a batch that is all heard"


class LikeWithLike(Model):
    """Options of `protocol: fame`; here and below the examples are the release's values.

    Attributes:
        hypothesis: 1 to 9, the release's numbers.
        seconds: of sound beside each clip, as long as a clip or so.
    """

    protocol: Literal["fame"]
    hypothesis: Annotated[int, Field(ge=1, le=9, examples=[1])]
    seconds: Annotated[float, Field(ge=0.1, le=10, examples=[1.0])]


class AsReleased(LikeWithLike):
    """Options of `protocol: own`.

    Attributes:
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
        temperature: of the loss, instead of the scale's.
        dim: of the vectors, instead of the scale's.
    """

    protocol: Literal["own"]  # type: ignore[assignment]
    stride: Annotated[Positive, Field(examples=[2])]
    temperature: Annotated[PositiveFloat, Field(examples=[0.07])]
    dim: Annotated[Positive, Field(examples=[256])]


class GDT(OwnStride, Method):
    """An encoder for videos and one for sound, each with a head."""

    clips = 4

    def __init__(self, setup: Setup, options: LikeWithLike | AsReleased) -> None:
        super().__init__(setup)
        self.options, self.encoder, self.views = options, setup.encoder, setup.views
        self._world, self._seed = setup.world, setup.run.seed
        moco, width = setup.section("moco", Settings), setup.encoder.feature_dim
        self._temperature, dim = moco.temperature, moco.dim
        if isinstance(options, AsReleased):
            self.views, dim = setup.views.with_settings(**OWN_VIEWS), options.dim
        self.hypothesis = Hypothesis(options.hypothesis)
        self.slots = self.hypothesis.slots
        self.features = LogMel()
        self.ear = setup.head(lambda: AudioResNet9(max(width // 8, 1)), "sound")
        self.video_head = setup.head(lambda: DropoutHead(width, dim), "video head")
        heard = self.ear.feature_dim
        self.sound_head = setup.head(lambda: DropoutHead(heard, dim), "sound head")
        self.sounds = Tally(OUTCOMES, setup.world)
        self.shifts = Tally(("too_small", "apart"), setup.world)
        self.to(setup.world.device)

    def hearing(self) -> Hearing:
        """One piece of sound for each clip."""
        return Hearing(self.options.seconds)

    def sampling(self, frames: int, stride: int) -> Draw:
        """One or two moments of a video, each forward and perhaps backward."""
        need_frames("gdt", 2, frames)
        apart = self.options.protocol == "fame"
        return TwoMoments(frames, self.own_stride(stride), self.slots, apart)

    def chance(self, batch: int) -> float | None:
        """A half where something is told from its transformed self; else 1 / batch."""
        return 0.5 if self.hypothesis.tells else 1 / batch

    def facts(self) -> dict[str, Any]:
        """Protocol, hypothesis, and what became of the videos' sound and of their shifts."""
        return {
            "negatives": "in-batch",
            "protocol": self.options.protocol,
            "hypothesis": self.options.hypothesis,
            "sound": self.sounds.shares(),
            "shifts": self.shifts.shares() if self.hypothesis.kinds[1] else None,
            "remarks": [*REMARKS, TOLD if self.hypothesis.tells else FOUND],
        }

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean of the hypothesis's terms, and the shares found and told apart."""
        keep = self._keep(batch)
        spectra = spectrograms(batch, self.slots, self.features, self._seed)
        videos = self.video_head(self.encoder(interleaved(self.views(batch, step))), keep[:, 0])
        sounds = self.sound_head(self.ear(interleaved(spectra)), keep[:, 1])
        senses = TwoSenses(self._world, batch.outcomes == HEARD, self._temperature)
        pairs = pairs_of(self._world, self.slots, videos, sounds)
        apart = batch.drawn[:, 0]
        self.sounds.add(batch.outcomes)
        self.shifts.add(apart)
        found = senses.found(pairs[0, False])
        tells = self.hypothesis.tells
        right = self.hypothesis.told(senses, pairs, apart == 1) if tells else found
        loss = self.hypothesis.loss(senses, pairs, apart == 1)
        return loss, {"contrast": found, "accuracy": right}

    def _keep(self, batch: Batch) -> Tensor:
        """Factors of dropout for each clip, sense and layer; ones in evaluation."""
        share = DROPOUT if self.training else 0.0
        drawn = dropout(self._seed, batch, self.clips, self.encoder.feature_dim, share)
        return drawn.to(self.video_head.last.weight)


class TwoClips(GDT):
    """GDT with one transformation."""

    clips = 2


class OneClip(GDT):
    """GDT without transformations."""

    clips = 1


def _make(setup: Setup, options: LikeWithLike | AsReleased) -> Method:
    sizes = {kind.clips: kind for kind in (OneClip, TwoClips, GDT)}
    return sizes[len(Hypothesis(options.hypothesis).slots)](setup, options)


def gdt(setup: Setup) -> Method:
    """GDT in the protocol and by the hypothesis that the recipe's options name."""
    return by_options(setup, "gdt", _make, {"own": AsReleased, "fame": LikeWithLike})


METHOD = gdt
