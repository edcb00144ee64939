"""Every pretext method: two processes train what one trains, and a kill changes nothing."""

import signal

from children import Stop
from commands import OFTEN, pretraining
from exact import EXACT, QUEUED, assert_equal_trainings, same_products, table_of
from method_runs import NEEDS, mostly, options_of

EPOCHS = {"pretrain.epochs.kinetics400": 3}
EXACTLY = {"speednet": {"sizes": [1.0, 1.5]}, "temptrans": {"batchnorm": False}}
"""Options without which rounding errors grow. SpeedNet's smaller views would have maps of single
pixels, see EXACT; BatchNorm of two features, EXACT's groups, gives little more than a sign."""

LARGER = {method: {"pretrain.group": 4} for method in ("ascnet", "gdt", "mlrep")}
"""Groups for the same: their heads have a BatchNorm each, which no option takes away."""


def training_of(fork, micro, place, method, protocol, changes):
    """A pretraining of the method in a folder of its own, not started."""
    place.mkdir()
    options = options_of(method, protocol, **EXACTLY.get(method, {}))
    recipe = {"method": method, "backbone": "r2plus1d", "pretrain": "kinetics400"}
    tables = table_of(place / "tables", recipe | {"options": options})
    scale = micro.scale(f"every-{method}", NEEDS.get(method, {}) | changes)
    return pretraining(fork, micro, place, scale, f"{method}-", tables)


@mostly("fame")
def test_two_processes(fork, micro, tmp_path, method, protocol):
    trainings = []
    for processes in (1, 2):
        place = tmp_path / str(processes)
        changes = EXACT | QUEUED | EPOCHS | LARGER.get(method, {})
        training = training_of(fork, micro, place, method, protocol, changes)
        statuses = training.run_in(processes, keep=True, log_every=1)
        assert statuses == [0] * processes, training.text()
        trainings.append(training)
    assert_equal_trainings(*trainings, list(range(1, 7)))


@mostly("own")
def test_a_killed_training_ends_in_the_same_bits(fork, micro, tmp_path, method, protocol):
    calm, killed = (
        training_of(fork, micro, tmp_path / name, method, protocol, QUEUED | OFTEN | EPOCHS)
        for name in ("calm", "killed")
    )
    assert calm.run() == 0, calm.text()
    assert killed.run(stop=Stop("stepped", 4)) == -signal.SIGKILL
    assert killed.step() == 3
    assert killed.run() == 0, killed.text()
    assert same_products(killed, calm)
