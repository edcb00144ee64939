"""Figure 3: the numbers beside it are the weights' own, and unlike networks are refused."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from fame.core.errors import FameError
from fame.core.files import sha256, write_json
from fame.evaluate.metrics.kernels import LAYERS
from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.files import save_encoder
from fame.report.figures import figure3
from fame.report.style import style

SMALL = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4)


def encoder(place, seed, settings=SMALL, widen=1.0):
    """An encoder's file with its card; its weights are `widen` times a fresh one's."""
    network = build_encoder(settings, seed=seed)
    for parameter in network.parameters():
        parameter.data *= widen
    path = place / f"{seed}" / "encoder.safetensors"
    save_encoder(path, network)
    card = {"scale": "micro", "seed": seed, "encoder_sha256": sha256(path)}
    write_json(path.with_name("card.json"), card)
    return path, network


@pytest.fixture
def written(tmp_path):
    """Three encoders of two seeds each; the networks, and the files."""
    networks, paths = {}, {}
    for place, (title, widen) in enumerate([("Supervised", 2), ("MoCo", 0.5), ("FAME", 1)]):
        made = [encoder(tmp_path / title, 10 * place + seed, widen=widen) for seed in range(2)]
        paths[title] = [path for path, _ in made]
        networks[title] = [network for _, network in made]
    return networks, figure3.write(paths, tmp_path / "figure3")


def weights(network, layer):
    """The stage's temporal weights, found by walking through the network."""
    state = network.state_dict()
    names = [name for name in state if name.startswith(layer) and name.endswith(".0.3.weight")]
    return np.concatenate([state[name].numpy().ravel() for name in names])


def test_it_writes_picture_page_and_numbers(written):
    _, files = written
    assert [path.name for path in files] == ["figure3.png", "figure3.pdf", "figure3.csv"]
    assert all(path.stat().st_size > 500 for path in files)


def test_the_csv_holds_the_weights_own_numbers(written):
    networks, files = written
    table = pd.read_csv(files[-1])
    assert table["layer"].tolist() == [layer for layer in LAYERS for _ in networks]
    for row in table.itertuples():
        rows = [weights(network, row.layer) for network in networks[row.encoder]]
        assert (row.networks, row.convolutions, row.weights) == (2, 2, len(rows[0]))
        assert row.std == pytest.approx(np.mean([one.std() for one in rows]), rel=1e-5)
        assert row.min == pytest.approx(min(one.min() for one in rows), rel=1e-5)
        assert row.max == pytest.approx(max(one.max() for one in rows), rel=1e-5)
        assert row.std_low < row.std < row.std_high
        assert row.kurtosis_low < row.kurtosis < row.kurtosis_high
        assert row.interval == "Student's t over 2 seeds"


def test_violins_stand_left_to_right_and_are_raw(written, tmp_path):
    networks, _ = written
    arms = [
        figure3.read(title, [tmp_path / title / str(10 * place) / "encoder.safetensors"])
        for place, title in enumerate(networks)
    ]
    with style():
        figure = figure3.draw(arms)
        figure.canvas.draw()
        for layer, ax in zip(LAYERS, figure.axes, strict=True):
            assert ax.get_title().endswith(layer)
            assert ax.get_ylabel() == "WEIGHT"
            assert [text.get_text() for text in ax.get_xticklabels()] == list(networks)
            for place, title in enumerate(networks):
                drawn = ax.collections[place].get_paths()[0].get_extents()
                row = weights(networks[title][0], layer)
                assert drawn.ymin <= row.min()
                assert drawn.ymax >= row.max()
                assert drawn.ymax - drawn.ymin < 2 * np.ptp(row)
        plt.close(figure)


def test_equal_encoders_give_equal_files(written, tmp_path):
    networks, files = written
    paths = {
        title: [
            tmp_path / title / str(10 * place + seed) / "encoder.safetensors" for seed in (0, 1)
        ]
        for place, title in enumerate(networks)
    }
    for one, two in zip(files, figure3.write(paths, tmp_path / "again"), strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_another_architecture_is_refused(tmp_path):
    small, _ = encoder(tmp_path / "small", 0)
    wide, _ = encoder(tmp_path / "wide", 0, SMALL.model_copy(update={"width": 8}))
    with pytest.raises(FameError, match="'MoCo' and 'FAME' differ in size"):
        figure3.write({"MoCo": [small], "FAME": [wide]}, tmp_path / "figure3")
    assert not list(tmp_path.glob("figure3*"))


def test_a_strange_card_is_refused(tmp_path):
    path, _ = encoder(tmp_path, 0)
    card = json.loads(path.with_name("card.json").read_text())
    write_json(path.with_name("card.json"), card | {"encoder_sha256": "0" * 64})
    with pytest.raises(FameError, match="does not describe"):
        figure3.write({"MoCo": [path]}, tmp_path / "figure3")
