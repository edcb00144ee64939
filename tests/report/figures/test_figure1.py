"""Figure 1: files in, picture out; what was not measured alike is not drawn together."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps

from fame.core.errors import FameError
from fame.evaluate.results import write_result
from fame.report.figures import figure1
from fame.report.style import style

VIDEOS, TIMES, SIDE = 3, 5, 12


def measured(path, seed=0, share=0.4, foreground="true", data="ucf101-w0", size=128):
    """What `fame activation` leaves, with a hot spot that moves with time."""
    draw = np.random.default_rng(seed)
    frames = draw.integers(0, 256, (VIDEOS, TIMES, SIDE, SIDE, 3), dtype=np.uint8)
    maps = np.zeros((VIDEOS, TIMES, SIDE, SIDE), dtype=np.float16)
    masks = np.zeros(maps.shape, dtype=bool)
    for time in range(TIMES):
        maps[:, time, 1, time] = 1
        masks[:, time, 2:6, time : time + 4] = True
    names = np.array([f"v{n}" for n in range(VIDEOS)])
    np.savez(
        path, videos=names, labels=np.array(list("abc")), frames=frames, maps=maps, masks=masks
    )
    write_result(
        path.with_suffix(".json"),
        task="activation",
        run=f"moco-s{seed}",
        data=data,
        dataset="ucf101",
        seed=seed,
        metrics={"share": share, "area": 0.2, "elsewhere": 0.25},
        details={
            "scale": "micro",
            "encoder": "0",
            "foreground": foreground,
            "size": size,
            "trained_size": 32,
            "pictures": names.tolist(),
            "videos": [*names.tolist(), "v9"],
            "shares": [share] * 4,
            "areas": [0.2] * 4,
        },
    )
    return path


def edit(path, **details):
    content = json.loads(path.with_suffix(".json").read_text())
    content["details"] |= details
    path.with_suffix(".json").write_text(json.dumps(content))


@pytest.fixture
def encoders(tmp_path):
    """Two encoders of two seeds."""
    found = {}
    for title, shares in {"MoCo": (0.3, 0.2), "FAME": (0.5, 0.4)}.items():
        found[title] = [
            measured(tmp_path / f"{title}-{seed}.npz", seed, share, data=f"ucf101-w{seed}")
            for seed, share in enumerate(shares)
        ]
    return found


def test_it_writes_picture_page_and_numbers(encoders, tmp_path):
    files = figure1.write(encoders, tmp_path / "figure1")
    assert [path.name for path in files] == ["figure1.png", "figure1.pdf", "figure1.csv"]
    table = pd.read_csv(files[-1])
    assert table["encoder"].tolist() == ["MoCo", "MoCo", "FAME", "FAME"]
    assert table["seed"].tolist() == [0, 1, 0, 1]
    assert table["share"].tolist() == [0.3, 0.2, 0.5, 0.4]
    assert set(table["area"]) == {0.2}
    assert set(table["elsewhere"]) == {0.25}
    assert set(table["videos"]) == {4}


def test_equal_files_give_equal_figures(encoders, tmp_path):
    first = figure1.write(encoders, tmp_path / "a")
    for one, two in zip(first, figure1.write(encoders, tmp_path / "b"), strict=True):
        assert one.read_bytes() == two.read_bytes()


def drawn(encoders):
    with style():
        figure = figure1.draw([figure1.read(*item) for item in encoders.items()])
        figure.canvas.draw()
    plt.close(figure)
    return figure


def test_rows_are_frame_then_encoders_and_show_the_middle_of_the_clip(encoders):
    *pictures, _ = drawn(encoders).axes
    assert [ax.get_ylabel() for ax in pictures[::VIDEOS]] == ["Frame", "MoCo", "FAME"]
    assert [ax.get_title() for ax in pictures[:VIDEOS]] == ["a", "b", "c"]
    shown = np.asarray(pictures[1].images[0].get_array())
    with np.load(encoders["MoCo"][0]) as arrays:
        frame, heat = arrays["frames"][1, TIMES // 2], arrays["maps"][1, TIMES // 2]
    np.testing.assert_array_equal(shown, frame)
    heated = np.asarray(pictures[VIDEOS + 1].images[0].get_array()).astype(int)
    np.testing.assert_array_equal(heated, figure1.overlay(frame, heat))


def test_points_lines_and_chance_stand_at_their_values(encoders):
    ax = drawn(encoders).axes[-1]
    points = [part.get_offsets() for part in ax.collections if len(part.get_offsets()) > 1]
    assert [values[:, 1].tolist() for values in points] == [[0.3, 0.2], [0.5, 0.4]]
    assert [np.round(values[:, 0]).tolist() for values in points] == [[0, 0], [1, 1]]
    levels = [
        segment[0, 1]
        for part in ax.collections
        if hasattr(part, "get_segments")
        for segment in part.get_segments()
    ]
    assert levels == pytest.approx([0.25, 0.25, 0.45, 0.25])  # mean, elsewhere; mean ...
    assert ax.lines[0].get_ydata() == pytest.approx([0.2, 0.2])
    low, high = ax.get_ylim()
    assert low < 0.2 < 0.5 < high


def test_the_overlay_is_jet_over_the_frame():
    frame = np.full((1, 2, 3), 200, dtype=np.uint8)
    found = figure1.overlay(frame, np.array([[0.0, 1.0]]))
    jet = colormaps["jet"](np.array([0.0, 1.0]))[:, :3]
    np.testing.assert_allclose(found[0], 100 + 127.5 * jet, atol=0.51)


def test_the_note_says_what_is_unlike_training_and_whose_foreground_it_is(tmp_path):
    small = figure1.read("A", [measured(tmp_path / "a.npz", foreground="fame")])
    assert "trained on 32 pixels see 128" in figure1.note([small])
    assert "the true foreground is unknown" in figure1.note([small])
    same = figure1.read("A", [measured(tmp_path / "b.npz", size=32)])
    assert "trained on" not in figure1.note([same])
    assert "the true foreground." in figure1.note([same])


def test_one_encoder_and_a_mask_of_nothing_can_be_drawn(tmp_path):
    path = measured(tmp_path / "a.npz")
    with np.load(path) as arrays:
        content = dict(arrays)
    content["masks"][0], content["masks"][1] = False, True
    np.savez(path, **content)
    assert len(figure1.write({"FAME": [path]}, tmp_path / "figure1")) == 3


@pytest.mark.parametrize(
    "change",
    [{"foreground": "fame"}, {"size": 64}, {"videos": ["v0"]}, {"areas": [0.1]}, {"scale": "x"}],
)
def test_encoders_that_were_measured_unlike_are_refused(encoders, tmp_path, change):
    edit(encoders["FAME"][1], **change)
    with pytest.raises(FameError, match="'FAME' and 'MoCo' were not measured on the same videos"):
        figure1.write(encoders, tmp_path / "figure1")
    assert not list(tmp_path.glob("figure1*"))


def test_encoders_of_unlike_seeds_are_refused(encoders, tmp_path):
    encoders["FAME"].reverse()
    with pytest.raises(FameError, match="seed by seed"):
        figure1.write(encoders, tmp_path / "figure1")


def test_pictures_and_numbers_of_two_measurements_are_refused(encoders, tmp_path):
    edit(encoders["MoCo"][0], pictures=["v0", "v2", "v1"])
    with pytest.raises(FameError, match="different measurements"):
        figure1.write(encoders, tmp_path / "figure1")


ONE_ARRAY = b"\x93NUMPY\x01\x00v\x00" + (
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n" + bytes(8)
)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off", ONE_ARRAY])
def test_a_damaged_file_is_named(encoders, tmp_path, content):
    encoders["MoCo"][0].write_bytes(content)
    with pytest.raises(FameError, match=r"MoCo-0.npz: not what `fame activation` writes"):
        figure1.write(encoders, tmp_path / "figure1")


def test_another_archive_and_another_task_are_named(encoders, tmp_path):
    np.savez(encoders["MoCo"][0], something=np.zeros(2))
    with pytest.raises(FameError, match="not what `fame activation` writes"):
        figure1.write(encoders, tmp_path / "figure1")
    content = json.loads(encoders["FAME"][0].with_suffix(".json").read_text())
    encoders["FAME"][0].with_suffix(".json").write_text(json.dumps(content | {"task": "linear"}))
    with pytest.raises(FameError, match="holds linear, not activation"):
        figure1.read("FAME", encoders["FAME"])


def test_a_missing_file_is_named(encoders, tmp_path):
    encoders["MoCo"][0].unlink()
    with pytest.raises(FameError, match=r"MoCo-0.npz: no such file; make it with"):
        figure1.write(encoders, tmp_path / "figure1")
