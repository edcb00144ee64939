"""Optical flow: shifts by hand, the generated worlds' true motion, TV-L1, mirrors and rounding."""

import cv2
import numpy as np
import pytest
from skimage.registration import optical_flow_tvl1
from true_motion import moving

from fame.pretext.toolbox.labels.flow import REACH, STEP, flow, stored

MARGIN = 8


def texture(size):
    """A smooth random picture (S, S, 3) uint8."""
    noise = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 1.5), None, 0, 255, cv2.NORM_MINMAX)


def shifted(size, right, down, count=3):
    """Frames of a picture that moves by whole pixels."""
    whole, frames = texture(size + 2 * MARGIN), []
    for number in range(count):
        top, left = MARGIN - down * number, MARGIN - right * number
        frames.append(whole[top : top + size, left : left + size])
    return np.stack(frames)


@pytest.mark.parametrize("size", [16, 32, 112])
@pytest.mark.parametrize("step", [(2, 0), (-1, 1), (0, 3)])
def test_shifts_by_hand(size, step):
    found = flow(shifted(size, *step))
    assert found.shape == (2, 2, size, size) and found.dtype == np.float32
    np.testing.assert_allclose(np.median(found, axis=(0, 2, 3)), step, atol=0.05)


def test_what_stands_still_has_no_flow():
    assert not flow(shifted(32, 0, 0)).any()


def test_a_mirrored_clip_flows_the_other_way():
    frames = shifted(32, 2, 1)
    there, back = flow(frames), flow(frames[:, :, ::-1])[..., ::-1]
    np.testing.assert_allclose(back, there * np.array([-1, 1])[:, None, None], atol=0.3)


def test_other_threads_change_nothing():
    frames = shifted(48, 1, 1)
    before = flow(frames)
    cv2.setNumThreads(2)
    np.testing.assert_array_equal(flow(frames), before)
    assert cv2.getNumThreads() == 1


def errors(video, fields):
    """End-point errors on the body, one for each pair of frames."""
    pairs = zip(fields, video.inside, video.steps, strict=True)
    return [np.hypot(*(f[:, m] - step[:, None])).mean() for f, m, step in pairs]


def test_bodies_of_a_generated_world_flow_as_they_move():
    far, signs = [], []
    for video in moving(16):
        fields = flow(video.frames)
        far += errors(video, fields)
        for field, inside, step in zip(fields, video.inside, video.steps, strict=True):
            fast = np.abs(step) > 0.5
            signs += list((np.sign(field[:, inside].mean(axis=1)) == np.sign(step))[fast])
    assert np.median(far) < 0.15
    assert len(signs) > 80 and np.mean(signs) > 0.9


def test_it_is_no_further_off_than_tv_l1():
    (video,), ours, theirs = moving(1), [], []
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) / np.float32(255) for frame in video.frames]
    for number in range(3):
        down, right = optical_flow_tvl1(greys[number], greys[number + 1])
        theirs.append(np.stack([right, down]))
    ours, theirs = flow(video.frames)[:3], np.stack(theirs)
    three = type(video)(video.frames[:4], video.inside[:3], video.steps[:3], video.fields[:3])
    assert np.mean(errors(three, ours)) < np.mean(errors(three, theirs)) + 0.1


def test_rounding_by_hand():
    fields = np.array([0.0, 0.07, -0.07, 0.08, -0.1, 1.0, 19.99, 20.3, -300])
    units = np.array([0, 0, 0, 1, -1, 6, 127, 127, -127])
    found = stored(fields) / STEP
    np.testing.assert_allclose(found[:-3], units[:-3], atol=1e-9)
    assert np.abs(found).max() * STEP <= REACH + STEP / 2
