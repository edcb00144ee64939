"""What the videos of a mini world show, and the keyed draws behind them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_worlds import BUSY, STEADY, config, grown

from fame.config.worlds import MOTIONS
from fame.data.synthetic import camera, render, sprites, truth
from fame.data.synthetic.motions import Beat, cycles, trajectory
from fame.data.synthetic.scenes import owned_types

SUMS = {
    ("b", 3): ([381090, 378427, 365191, 376109, 373341, 383006, 366176, 368536], 843),
    ("a", 5): ([347141, 341870, 358059, 362198, 344491, 352244, 362455, 344591], 506),
    ("b", 11): ([528515, 538813, 541730, 508019, 500126, 505798, 495696, 524656], 410),
}
"""The sum of each frame's bytes and the silhouettes' pixels, by family and number, when worlds had
no trunks, pans, waves or passers-by."""

# --- keyed draws


@pytest.mark.parametrize("changes", [{}, BUSY], ids=["plain", "busy"])
def test_videos_do_not_depend_on_their_number_or_order(changes):
    few, many = config(train=8, **changes), config(train=800, test=0, **changes)
    for video in (7, 2, 1):
        first, second = render(few, 1, "train", video), render(many, 1, "train", video)
        np.testing.assert_array_equal(first.frames, second.frames)
        np.testing.assert_array_equal(first.masks, second.masks)


@pytest.mark.parametrize(("family", "video"), SUMS)
def test_videos_are_those_of_the_first_generator(family, video):
    """A setting that is off takes no draw from the rest of a video."""
    shown = render(config(scenes=family, sprites=family), 1, "train", video)
    sums = shown.frames.astype(int).sum(axis=(1, 2, 3))
    # Another processor may round one byte in a frame the other way.
    np.testing.assert_allclose(sums, SUMS[family, video][0], rtol=0, atol=4)
    assert shown.masks.sum() == SUMS[family, video][1]


def test_seed_stream_split_layout_and_number_each_change_the_video():
    base = render(config(), 0, "train", 0).frames
    others = [
        render(config(), 1, "train", 0),
        render(config(seed=1), 0, "train", 0),
        render(config(), 0, "test", 0),
        render(config(layout="kinetics400", test=0), 0, "train", 0),
        render(config(), 0, "train", 1),
        render(config(scenes="b"), 0, "train", 0),
        render(config(sprites="b"), 0, "train", 0),
    ]
    assert all((other.frames != base).mean() > 0.01 for other in others)


def test_a_scene_type_is_a_new_place_in_every_video():
    made = config(scene_types=8, scene_bias=1.0, **STEADY)
    seen = [n for n in range(64) if truth(made, 0, "train", n).scene == 0][:2]
    first, second = (np.median(render(made, 0, "train", n).frames, axis=0) for n in seen)
    assert np.abs(first - second).mean() > 5


@pytest.mark.parametrize("bias", [0.0, 0.25, 1.0])
def test_the_scene_follows_the_class_as_often_as_asked(bias):
    made, videos = config(scene_bias=bias), 800
    owned = owned_types(0, "a", 16, len(MOTIONS))
    assert sorted(kind for kinds in owned for kind in kinds) == list(range(16))
    for split in ("train", "test"):
        meant = [truth(made, 0, split, n) for n in range(videos)]
        hits = sum(video.scene in owned[video.motion] for video in meant) / videos
        assert hits == pytest.approx(bias + (1 - bias) / 8, abs=0.06)
        assert {video.scene for video in meant} == set(range(16))


def test_classes_come_in_shuffled_balanced_blocks():
    blocks = [[truth(config(), 0, "train", 8 * b + n).motion for n in range(8)] for b in range(6)]
    assert all(sorted(block) == list(range(8)) for block in blocks)
    assert len({tuple(block) for block in blocks}) == 6


# --- what the videos show


@pytest.mark.parametrize("family", ["a", "b"])
def test_masks_are_exactly_what_is_not_background(family):
    made = config(frames=16, scenes=family, sprites=family, **STEADY)
    for video in range(8):
        shown = render(made, 0, "train", video)
        away = ~grown(shown.masks)
        known = away.any(axis=0)
        rows, columns = np.indices(known.shape)
        background = shown.frames[away.argmax(axis=0), rows, columns]
        same = (shown.frames == background).all(axis=-1)
        assert same[away].all()
        assert same[shown.masks & known].mean() < 0.01 or not (shown.masks & known).any()
        assert known.mean() > 0.5


def test_motion_stands_out_of_the_nuisances():
    made = config(frames=16)
    shares = []
    for video in range(16):
        shown = render(made, 0, "train", video)
        change = np.abs(np.diff(shown.frames.astype(int), axis=0)).sum(-1)
        near = grown(shown.masks[1:] | shown.masks[:-1])
        if near.any():
            shares.append(change[near].mean() / change[~near].mean())
    assert np.median(shares) > 3


def best_period(track):
    """Period in frames, of 8 to 32, whose sinusoid fits a track (T,) best."""
    time, errors = np.arange(len(track)), {}
    for period in np.arange(8, 32, 0.5):
        angle = 2 * np.pi * time / period
        basis = np.stack([np.sin(angle), np.cos(angle), np.ones_like(angle)], axis=1)
        fit = np.linalg.lstsq(basis, track, rcond=None)[0]
        errors[period] = ((basis @ fit - track) ** 2).sum()
    return min(errors, key=errors.get)


def class_seen_in(masks):
    """The class that the silhouettes show, by measurement alone."""
    area = masks.sum(axis=(1, 2))
    if (area == 0).mean() > 0.2:
        return ("steady", "blink")
    grid = np.arange(masks.shape[1])
    x, y = (masks.sum(axis) @ grid / area for axis in (1, 2))
    far = max(x.std(), y.std()) > 3
    if far and min(x.std(), y.std()) > 3:
        return ("wide", "circle")
    if far:
        track, name = (x, "sway") if x.std() > y.std() else (y, "bounce")
        return ("slow" if best_period(track) > 17 else "fast", name)
    return ("steady", "pulse") if area.std() / area.mean() > 0.2 else ("steady", "spin")


@pytest.mark.parametrize("family", ["a", "b"])
def test_silhouettes_show_the_labelled_class(family):
    made = config(frames=32, scenes=family, sprites=family)
    for video in range(40):
        shown = render(made, 2, "test", video)
        assert class_seen_in(shown.masks) == MOTIONS[truth(made, 2, "test", video).motion]


@pytest.mark.parametrize("pan", [0, 0.2])
def test_sprites_stay_inside_the_frame(pan):
    made = config(frames=32, pan=pan, **STEADY)
    for video in range(24):
        if MOTIONS[truth(made, 0, "train", video).motion][1] not in ("pulse", "blink"):
            area = render(made, 0, "train", video).masks.sum(axis=(1, 2))
            assert area.min() > 0.9 * area.max()


def test_home_zero_puts_the_sprite_in_the_middle():
    made = config(home=0.0, **STEADY)
    for video in range(16):
        if MOTIONS[truth(made, 0, "train", video).motion] == ("steady", "spin"):
            _, y, x = np.nonzero(render(made, 0, "train", video).masks)
            assert abs(x.mean() - 19.5) < 1
            assert abs(y.mean() - 19.5) < 1


@settings(max_examples=10)
@given(seed=st.integers(0, 999), family=st.sampled_from(("a", "b")))
def test_a_silhouette_is_the_union_of_its_lobes(seed, family):
    rng = np.random.default_rng(seed)
    sprite = sprites.draw_sprite(rng, family, (5, 7), 1.0)
    pose = sprites.Pose(*rng.uniform((9, 9, 0.7, 0), (15, 15, 1.3, 7), (2, 4)).T, np.array([1, 0]))
    pictures = np.zeros((2, 24, 24, 3), dtype=np.float32)
    silhouette = sprites.paint(sprite, pose, pictures)
    reach, lobes = sprite.radius * pose.scale[0], sprites.LOBES[family]
    for row, column in np.ndindex(24, 24):
        depths = []
        for turn in pose.angle[0] + sprite.tilt + 2 * np.pi * np.arange(lobes) / lobes:
            x = pose.x[0] + sprites.LOBE_DISTANCE * reach * np.cos(turn)
            y = pose.y[0] + sprites.LOBE_DISTANCE * reach * np.sin(turn)
            away = np.hypot(column + 0.5 - x, row + 0.5 - y)
            depths.append((1 - sprites.LOBE_DISTANCE) * reach - away)
        if abs(max(depths)) > 1e-3:
            assert silhouette[0, row, column] == (max(depths) > 0)
        assert (pictures[0, row, column] > 0).any() == (max(depths) > -0.5 + 1e-3) or (
            abs(max(depths) + 0.5) < 2e-3
        )
    assert not silhouette[1].any()
    assert not pictures[1].any()


def test_the_camera_moves_the_picture_right_and_down():
    canvas = np.random.default_rng(0).random((14, 14, 3), dtype=np.float32)
    scene = np.broadcast_to(canvas, (4, *canvas.shape))
    seen = camera.film(scene, np.array([[0, 0], [2, 0], [0, -1], [0.5, 0]]), 8)
    np.testing.assert_array_equal(seen[0], canvas[3:11, 3:11])
    np.testing.assert_array_equal(seen[1], canvas[3:11, 1:9])
    np.testing.assert_array_equal(seen[2], canvas[4:12, 3:11])
    np.testing.assert_allclose(seen[3], (canvas[3:11, 2:10] + canvas[3:11, 3:11]) / 2, atol=1e-6)


def test_dots_are_small_and_drift():
    pictures = np.zeros((60, 40, 40, 3), dtype=np.float32)
    camera.add_dots(np.random.default_rng(1), pictures, np.zeros((60, 2)), 1)
    dots = pictures.any(axis=-1)
    assert 0 < dots.sum(axis=(1, 2)).max() <= 9
    assert (dots[0] != dots[-1]).any()


def test_flicker_and_noise_have_the_strength_asked():
    grey = np.full((64, 20, 20, 3), 0.5, dtype=np.float32)
    rng = np.random.default_rng(0)
    noisy = camera.develop(rng, grey.copy(), 0, 0.05)
    assert noisy.std() / 255 == pytest.approx(0.05, rel=0.05)
    assert (noisy[..., :1] == noisy).all()
    flicker = camera.develop(rng, grey.copy(), 0.1, 0)
    assert flicker.mean(axis=(1, 2, 3)).std() / 127.5 == pytest.approx(0.1, rel=0.3)
    np.testing.assert_array_equal(camera.develop(rng, grey.copy(), 0, 0), 128)


BEATS = st.builds(
    Beat,
    period=st.floats(20, 28),
    amplitude=st.floats(1, 9),
    phase=st.floats(0, 2 * np.pi),
    direction=st.sampled_from((-1, 1)),
)


@settings(max_examples=20)
@given(beat=BEATS, motion=st.integers(0, len(MOTIONS) - 1))
def test_a_mirrored_motion_is_another_video_of_its_class(beat, motion):
    seen = trajectory(motion, 16, beat)
    candidates = [
        trajectory(motion, 16, Beat(beat.period, beat.amplitude, beat.phase + turn, way))
        for turn in (0, np.pi)
        for way in (-1, 1)
    ]
    assert any(
        np.allclose(other.x, -seen.x)
        and np.allclose(other.y, seen.y)
        and np.allclose(np.exp(1j * other.angle), np.exp(-1j * seen.angle))
        and np.allclose(other.scale, seen.scale)
        and np.array_equal(other.visible, seen.visible)
        for other in candidates
    )


@settings(max_examples=20)
@given(beat=BEATS, motion=st.integers(0, len(MOTIONS) - 1))
def test_motions_repeat_after_their_period(beat, motion):
    whole = Beat(24, beat.amplitude, beat.phase, beat.direction)
    path, period = trajectory(motion, 48, whole), 24 // cycles(motion)
    for track in (path.x, path.y, path.scale, np.exp(1j * path.angle)):
        np.testing.assert_allclose(track[period:], track[:-period], atol=1e-9)
    moving = np.concatenate([np.ptp(t)[None] for t in vars(path).values()])
    assert (moving > 0).any()


def test_sprites_without_variety_wear_the_same_colours():
    rng = np.random.default_rng(0)
    plain = [sprites.draw_sprite(rng, "a", (5, 7), 0.0).colours for _ in range(5)]
    varied = [sprites.draw_sprite(rng, "a", (5, 7), 1.0).colours for _ in range(5)]
    assert all((colours == plain[0]).all() for colours in plain)
    assert len(np.unique(np.stack(varied), axis=0)) == 5
