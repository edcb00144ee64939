"""What no job imports: what it does not use and what takes longer than many a job."""

import subprocess
import sys

from micro_world import MICRO

STEPS = """
import sys, torch
from torch.nn.functional import one_hot
import fame.data.synthetic
from fame.config.reading import load_scale
from fame.core.distributed import fixed_order
from fame.evaluate.tasks.linear import Clips, fit
from fame.models import build_encoder
from fame.models.multiplications import multiplications
from fame.train.sgd import SGD

scale = load_scale(sys.argv[1])
for backbone in scale.backbones.values():
    with fixed_order(True):
        encoder = build_encoder(backbone.encoder, seed=0)
        sgd = SGD(encoder.parameters(), momentum=0.9, weight_decay=0)
        encoder(torch.zeros(2, 3, backbone.frames, backbone.size, backbone.size)).sum().backward()
        sgd.step(0.1)
    assert multiplications(backbone)
labels = torch.arange(4)
fit(Clips(one_hot(labels)[:, None].float(), labels), 4, scale.evaluate.linear, lr=1, seed=0)
unused = {"torch._dynamo", "torch._inductor", "torchvision", "sympy", "scipy"}
print(sorted(unused & set(sys.modules)))
"""


def test_steps_of_jobs_import_no_compiler():
    command = [sys.executable, "-c", STEPS, MICRO.with_name("micro_grid.yaml")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
