"""Still trunks with a moving limb: what is foreground, what moves, and what one frame tells."""

from dataclasses import replace

import numpy as np
import pytest
from small_worlds import BUSY, STEADY, config, grown

from fame.config.worlds import MOTIONS
from fame.data.synthetic import bodies, render, truth
from fame.data.synthetic.draws import draws
from fame.data.synthetic.motions import Beat, trajectory
from fame.data.synthetic.sprites import LOBE_DISTANCE, LOBES, Pose, draw_sprite, paint

TRUNKS = {"still_trunk": 1.0, "limb": 0.6}


def body(made, motion, seed):
    """The parts of a body, and its video's generators."""
    draw = draws(made, seed, "train", 0)
    sprite = draw_sprite(draw("sprite"), made.sprites, made.radius, 1.0)
    beat = Beat(24, 8.0, seed, 1)
    path = trajectory(motion, made.frames, beat)
    still = np.zeros((made.frames, 2))
    return bodies.assemble(draw, made, sprite, path, beat.amplitude, still, np.zeros(2))


def seen_and_bare(monkeypatch, made, video):
    """A video, and its frames without the body."""
    shown = render(made, 0, "train", video)
    with monkeypatch.context() as patch:
        patch.setattr(bodies, "paint_all", lambda _, seen: np.zeros(seen.shape[:3], dtype=bool))
        return shown, render(made, 0, "train", video).frames


@pytest.mark.parametrize("changes", [{}, TRUNKS, BUSY], ids=["plain", "trunks", "busy"])
@pytest.mark.parametrize("family", ["a", "b"])
def test_masks_are_where_the_body_changes_the_picture(monkeypatch, family, changes):
    made = config(scenes=family, sprites=family, **changes)
    for video in range(16):
        shown, bare = seen_and_bare(monkeypatch, made, video)
        changed = (shown.frames != bare).any(axis=-1)
        assert not (changed & ~grown(shown.masks)).any()
        assert (shown.masks & ~changed).mean() < 0.001
        assert shown.masks.any() or not changed.any()


@pytest.mark.parametrize("family", ["a", "b"])
@pytest.mark.parametrize("motion", range(len(MOTIONS)))
def test_a_silhouette_is_the_union_of_all_lobes_of_trunk_and_limb(family, motion):
    made = config(sprites=family, frames=4, size=36, **TRUNKS)
    parts = body(made, motion, seed=motion)
    assert len(parts) == 2
    silhouette = bodies.paint_all(parts, np.zeros((4, 36, 36, 3), dtype=np.float32))
    for frame, row, column in np.ndindex(4, 36, 36):
        depth = -np.inf
        for part in parts:
            angle, radius = part.pose.angle[frame] + part.sprite.tilt, part.sprite.radius
            radius *= part.pose.scale[frame]
            for lobe in range(LOBES[family] if part.pose.visible[frame] else 0):
                turn = angle + 2 * np.pi * lobe / LOBES[family]
                x = part.pose.x[frame] + LOBE_DISTANCE * radius * np.cos(turn)
                y = part.pose.y[frame] + LOBE_DISTANCE * radius * np.sin(turn)
                away = np.hypot(column + 0.5 - x, row + 0.5 - y)
                depth = max(depth, (1 - LOBE_DISTANCE) * radius - away)
        assert silhouette[frame, row, column] == (depth > 0) or abs(depth) < 1e-3


def test_only_the_limb_moves():
    made = config(frames=16, **TRUNKS, **STEADY)
    still = []
    for video in range(16):
        shown = render(made, 0, "train", video)
        kept = (shown.frames == shown.frames[0]).all(axis=(0, -1))
        assert shown.masks.any(axis=(1, 2)).all()  # the trunk is there when the limb blinks off
        still.append((shown.masks.all(axis=0) & kept).sum() / shown.masks.any(axis=0).sum())
        assert not kept.all()
    # Of the foreground of a clip, a good part never moves: Seed cannot find it.
    assert 0.2 < np.mean(still) < 0.8


def test_the_limb_has_the_trunk_s_colours():
    trunk, limb = body(config(**TRUNKS), 0, seed=3)
    np.testing.assert_array_equal(trunk.sprite.colours, limb.sprite.colours)
    assert limb.sprite.radius == pytest.approx(0.6 * trunk.sprite.radius)


@pytest.mark.parametrize("family", ["a", "b"])
def test_a_trunk_is_of_one_colour_and_has_no_look_of_its_own(family):
    one, other = (body(config(sprites=family, **TRUNKS), 0, seed)[0].sprite for seed in (3, 4))
    alike = replace(other, radius=one.radius, colours=one.colours)
    assert one.radius != other.radius
    pictures = []
    for sprite in (one, alike):
        picture = np.full((1, 40, 40, 3), -1, dtype=np.float32)
        centre = Pose(*np.array([[20.0], [20.0], [1.0], [0.0], [1.0]]))
        inside = paint(sprite, centre, picture)
        np.testing.assert_allclose(np.median(picture[inside], 0), one.colours[0], atol=1e-5)
        pictures.append(picture)
    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_as_many_bodies_have_a_still_trunk_as_asked_in_every_class(share):
    made = config(still_trunk=share, limb=0.6)
    for motion in (0, 5):
        trunks = [len(body(made, motion, seed)) == 2 for seed in range(200)]
        assert np.mean(trunks) == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("motion", range(len(MOTIONS)))
def test_bodies_stay_inside_the_frame_and_limbs_beside_their_trunk(motion):
    made = config(frames=24, pan=0.1, **TRUNKS)
    for seed in range(50):
        trunk, limb = body(made, motion, seed)
        room = max(trunk.sprite.radius, 8.0) + 1e-9
        for place, home in ((limb.pose.x, trunk.pose.x), (limb.pose.y, trunk.pose.y)):
            assert np.abs(place - home).max() <= room
            extent = limb.sprite.radius * limb.pose.scale
            assert (place - extent).min() >= -1e-6
            assert (place + extent).max() <= 40 + 1e-6


@pytest.mark.parametrize("motion", range(len(MOTIONS)))
def test_a_mirrored_body_is_painted_as_the_mirrored_picture(motion):
    parts = body(config(frames=6, **TRUNKS), motion, seed=4)
    mirrored = [
        bodies.Part(
            replace(part.sprite, tilt=np.pi - part.sprite.tilt),
            Pose(
                40 - part.pose.x,
                part.pose.y,
                part.pose.scale,
                -part.pose.angle,
                part.pose.visible,
            ),
        )
        for part in parts
    ]
    one, other = (np.zeros((6, 40, 40, 3), dtype=np.float32) for _ in range(2))
    first, second = bodies.paint_all(parts, one), bodies.paint_all(mirrored, other)
    assert (first != second[:, :, ::-1]).mean() < 0.001
    np.testing.assert_allclose(one, other[:, :, ::-1], atol=1e-3)


def test_a_limb_is_as_often_left_as_right_of_its_trunk():
    made = config(frames=2, **TRUNKS)
    aside = []
    for seed in range(400):
        trunk, limb = body(made, 6, seed)
        aside.append([limb.pose.x[0] - trunk.pose.x[0], limb.pose.y[0] - trunk.pose.y[0]])
    assert np.abs(np.mean(aside, axis=0)).max() < 4 * 5 / np.sqrt(400)
    assert np.std(aside, axis=0).min() > 3


# --- what one frame tells


def of_class(made, motion, number):
    """The first videos of a class."""
    found = (n for n in range(100_000) if truth(made, 0, "train", n).motion == motion)
    return [render(made, 0, "train", next(found)) for _ in range(number)]


def coarse(pictures):
    """Pictures (N, 40, 40, ...) as (N, features): means over squares of 5 pixels."""
    squares = pictures.reshape(len(pictures), 8, 5, 8, 5, -1).mean(axis=(2, 4))
    return squares.reshape(len(pictures), -1)


def accuracy(first, second):
    """Of nearest class means, learnt on the odd and tested on the even of two classes' features."""
    means = [features[1::2].mean(axis=0) for features in (first, second)]
    right = []
    for label, features in enumerate((first, second)):
        away = [np.linalg.norm(features[::2] - mean, axis=1) for mean in means]
        right.append(np.argmin(away, axis=0) == label)
    return np.mean(right)


@pytest.mark.parametrize("kind", ["sway", "bounce"])
@pytest.mark.parametrize("changes", [TRUNKS, BUSY], ids=["trunks", "busy"])
def test_no_single_frame_tells_slow_from_fast(kind, changes):
    made = config(frames=16, scene_bias=0.0, **changes)
    slow, fast = (of_class(made, MOTIONS.index((speed, kind)), 100) for speed in ("slow", "fast"))
    for frame in (0, 9):
        for look in (lambda v: v.masks[frame], lambda v: v.frames[frame] / 255.0):  # noqa: B023
            features = [
                coarse(np.stack([look(video) for video in videos])) for videos in (slow, fast)
            ]
            # 100 tests: three standard deviations around chance.
            assert abs(accuracy(*features) - 0.5) < 0.15
    # The same classifier knows them by how much changes from frame to frame.
    steps = [
        np.array([[np.abs(np.diff(v.masks.astype(int), axis=0)).mean()] for v in videos])
        for videos in (slow, fast)
    ]
    assert accuracy(*steps) > 0.65
