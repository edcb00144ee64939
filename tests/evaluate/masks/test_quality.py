"""Mask quality on hand-made worlds whose truth is known, and on a generated one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from micro_world import MICRO
from small_videos import write_video

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.data.index import index
from fame.data.manifest import Manifest
from fame.data.synthetic import true_masks, write_world
from fame.data.video.decode import read_frames
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.masks.quality import METRICS, OWN, TOP_SHARE, binarised, measure, write
from fame.evaluate.masks.variants import PAPER, Variant, variant, variants

SPEC = ClipSpec(2, 4, 2, 32, "native", (0, 0, 0), (1, 1, 1), None)


def moving_square(frames=16, size=32, side=8):
    """A white square that walks to the right on black: pixels and silhouettes."""
    masks = np.zeros((frames, size, size), bool)
    for number, mask in enumerate(masks):
        mask[size // 4 : size // 4 + side, number : number + side] = True
    return np.where(masks[..., None], 255, 0).astype(np.uint8).repeat(3, -1), masks


def make_world(root, videos, starts=None, statuses=None):
    """A world's folder with videos and true masks, and its manifest."""
    rows = []
    for number, (pixels, masks) in enumerate(videos):
        (root / "videos").mkdir(parents=True, exist_ok=True)
        (root / "masks").mkdir(exist_ok=True)
        write_video(root / "videos" / f"v{number}.avi", pixels)
        np.savez(root / "masks" / f"v{number}.avi.npz", masks=masks)
        start = starts[number] if starts else 0
        rows.append(
            {
                **{"video": f"v{number}", "path": f"v{number}.avi", "dataset": "hand"},
                **{"label": None, "group": None, "split": "test", "start": start},
                **{"frames": len(pixels) - start, "fps": 25.0, "status": "ok"},
                **{"width": pixels.shape[2], "height": pixels.shape[1]},
            }
        )
    return Manifest("hand", root / "videos", pd.DataFrame(rows), [])


def bright(clips):
    """Where any frame is bright: on a hand-made world, the truth."""
    return clips.amax((1, 2))


PERFECT = Variant("perfect", lambda clips, beta: (bright(clips) >= 0.5).float(), bright)
INVERTED = Variant("inverted", lambda clips, beta: (bright(clips) < 0.5).float(), None)


def test_a_perfect_mask_scores_one_and_its_inverse_zero(tmp_path):
    manifest = make_world(tmp_path, [moving_square(), moving_square(side=12)])
    found = measure(manifest, tmp_path, SPEC, [PERFECT, INVERTED], [0.5]).set_index("variant")
    assert found["clips"].tolist() == [4, 4]
    for name in METRICS:
        assert found.loc["perfect", name] == 1
        assert found.loc["perfect", f"{name}_limit"] == 1
    for name in ("iou", "precision", "recall"):
        assert found.loc["inverted", name] == 0
    assert np.isnan(found.loc["inverted", "ap"])


def test_the_truth_is_the_union_over_the_clips_frames(tmp_path):
    manifest = make_world(tmp_path, [moving_square()])
    found = measure(manifest, tmp_path, SPEC, [PERFECT], [0.5]).iloc[0]
    # Frames 0, 2, 4, 6 and 8, 10, 12, 14 of a square of 8 x 8: 8 rows of 8 + 6 columns.
    assert found["area"] == pytest.approx(8 * 14 / 32**2)
    assert found["precision_chance"] == found["ap_chance"] == found["area"]
    assert found["recall_chance"] == found["area"]  # the mask is as large as the truth


@pytest.mark.parametrize("crop", ["native", "short-side"])
def test_pixels_and_truth_are_cropped_alike(tmp_path, crop):
    manifest = make_world(tmp_path, [moving_square(size=48, side=20)])
    spec = replace(SPEC, crop=crop)
    assert measure(manifest, tmp_path, spec, [PERFECT], [0.5])["iou"].iloc[0] == 1


def test_frames_scaled_down_when_read_scale_their_truth(tmp_path):
    pixels, masks = (part.repeat(2, 1).repeat(2, 2) for part in moving_square())
    manifest = make_world(tmp_path, [(pixels, masks)])
    whole = measure(manifest, tmp_path, replace(SPEC, max_short_side=32), [PERFECT], [0.5]).iloc[0]
    assert whole["iou"] == 1
    assert whole["area"] == pytest.approx(8 * 14 / 32**2)


def test_a_manifests_start_is_heeded(tmp_path):
    manifest = make_world(tmp_path, [moving_square(frames=20)], starts=[6])
    assert measure(manifest, tmp_path, SPEC, [PERFECT], [0.5])["iou"].iloc[0] == 1


def test_seed_finds_what_moves(tmp_path):
    pixels, masks = moving_square()
    manifest = make_world(tmp_path, [(pixels, masks)])
    share = 8 * 14 / 32**2
    found = measure(manifest, tmp_path, SPEC, [variant("seed", "correct")], [share, 0.5])
    assert found["ap"].min() > 0.95
    assert found["iou"].iloc[0] > 0.8 * found["iou_limit"].iloc[0]
    assert found["recall"].iloc[1] == 1
    assert found["recall_chance"].tolist() == [112 / 1024, 0.5]
    assert found["ap_chance"].tolist() == [share, share]
    # A mask of half the crop holds the truth and can do no better.
    assert (
        found["precision"].iloc[1] == found["precision_limit"].iloc[1] == pytest.approx(2 * share)
    )


def test_clips_without_a_foreground_are_left_out(tmp_path):
    pixels, masks = moving_square()
    manifest = make_world(tmp_path, [(pixels, masks), (pixels, np.zeros_like(masks))])
    assert measure(manifest, tmp_path, SPEC, [PERFECT], [0.5])["clips"].tolist() == [2]
    nothing = make_world(tmp_path / "bare", [(pixels, np.zeros_like(masks))])
    with pytest.raises(FameError, match="no clip shows a true foreground"):
        measure(nothing, tmp_path / "bare", SPEC, [PERFECT], [0.5])


def test_another_world_is_refused(tmp_path):
    manifest = make_world(tmp_path / "one", [moving_square()])
    make_world(tmp_path / "two", [moving_square()])
    with pytest.raises(FameError, match="not under"):
        measure(manifest, tmp_path / "two", SPEC, [PERFECT], [0.5])


def test_soft_masks_are_cut_at_their_share_and_say_so():
    soft = torch.rand(2, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1
    cut, how = binarised(soft, 0.25)
    assert how == TOP_SHARE
    assert cut.flatten(1).sum(1).tolist() == [16, 16]
    assert soft[cut].min() > 0  # and they are the highest of each
    for mask, chosen in zip(soft, cut, strict=True):
        assert mask[chosen].min() >= mask[~chosen].max()
    kept, how = binarised((soft > 0.5).float(), 0.25)
    assert how == OWN
    assert torch.equal(kept, soft > 0.5)


@pytest.fixture
def generated(tmp_path):
    """A small generated world and its manifest."""
    config = load_scale(str(MICRO)).datasets["ucf101"].world
    write_world(config.model_copy(update={"train": 4, "test": 2}), 0, tmp_path / "world")
    root = tmp_path / "world"
    places = {"root": root / "videos", "annotations": root / "annotations"}
    return index("ucf101", **places, name="ucf101"), root


def test_a_generated_world_by_another_route(generated):
    """Scores of whole frames, clip by clip, in plain NumPy."""
    manifest, world = generated
    spec = replace(SPEC, clips=1, frames=8, stride=1, size=40)
    found = measure(manifest, world, spec, variants(PAPER, "correct"), [0.5])
    found = found.set_index("variant")
    assert set(found["clips"]) == {6}
    assert found["cut"].to_dict() == {"gauss": TOP_SHARE, "seed": OWN, "grid": OWN, "fame": OWN}
    for choice in variants(["seed", "fame"], "correct"):
        scores = []
        for path in manifest.table["path"]:
            pixels = torch.from_numpy(read_frames(manifest.root / path, range(8))).movedim(-1, 0)
            mask = choice.mask(pixels[None].float() / 255, 0.5)[0].numpy() > 0
            truth = true_masks(manifest.root / path, world)[:8].any(0)
            scores.append((mask & truth).sum() / (mask | truth).sum())
        assert found.loc[choice.name, "iou"] == pytest.approx(np.mean(scores), abs=0.005)
        assert found.loc[choice.name, "iou_std_clips"] == pytest.approx(
            np.std(scores, ddof=1), abs=0.005
        )


def test_the_file_names_its_data(tmp_path):
    manifest = make_world(tmp_path, [moving_square()])
    write(measure(manifest, tmp_path, SPEC, [PERFECT], [0.3, 0.5]), "hand-w0", tmp_path / "q.csv")
    table = pd.read_csv(tmp_path / "q.csv")
    assert table["data"].tolist() == ["hand-w0"] * 2
    assert table["beta"].tolist() == [0.3, 0.5]
