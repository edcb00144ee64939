"""Sound on one time line with the frames: made files, damaged ones, and real clips."""

import av
import numpy as np
import pytest
from small_sounds import RATE, clicks, noise, write_heard
from small_videos import pictures, write_video

from fame.data.video.decode import DecodeError, probe
from fame.data.video.sound import read_sound, resampled

FRAMES = 10
SECOND = RATE
WHOLE = FRAMES * RATE // 25


@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mkv"])
def test_each_sample_is_where_its_frame_is(tmp_path, suffix):
    samples = noise(WHOLE)
    track = read_sound(write_heard(tmp_path / f"v{suffix}", FRAMES, [(0, samples)]))
    assert np.array_equal(track.samples, samples[0])
    assert track.times == pytest.approx(np.arange(FRAMES) / 25, abs=1e-3)
    assert track.seconds == pytest.approx(0.4, abs=1e-3) and track.rate == RATE


def test_shorter_sound_ends_in_silence_and_longer_is_cut(tmp_path):
    samples = noise(WHOLE + 5000)
    short = read_sound(write_heard(tmp_path / "s.avi", FRAMES, [(0, samples[:, :4000])]))
    assert len(short.samples) == WHOLE and not short.samples[4000:].any()
    assert np.array_equal(short.samples[:4000], samples[0, :4000])
    long = read_sound(write_heard(tmp_path / "l.avi", FRAMES, [(0, samples)]))
    assert np.array_equal(long.samples, samples[0, :WHOLE])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_shifted_sound_stays_where_its_times_say(tmp_path, suffix):
    samples = noise(WHOLE)
    late = read_sound(write_heard(tmp_path / f"a{suffix}", FRAMES, [(0.12, samples)]))
    assert not late.samples[: int(0.12 * RATE)].any()
    assert np.array_equal(late.samples[int(0.12 * RATE) :], samples[0, : -int(0.12 * RATE)])
    # The first picture comes 3 frames after the sound's beginning.
    early = read_sound(write_heard(tmp_path / f"b{suffix}", FRAMES, [(0, samples)], first=3))
    kept = WHOLE - int(0.12 * RATE)
    assert np.array_equal(early.samples[:kept], samples[0, int(0.12 * RATE) :])
    assert not early.samples[kept:].any()


def test_a_gap_is_silent_and_what_follows_is_not_moved(tmp_path):
    samples = noise(WHOLE)
    parts = [(0, samples[:, :2400]), (0.3, samples[:, 7200:])]
    track = read_sound(write_heard(tmp_path / "v.mkv", FRAMES, parts))
    assert np.array_equal(track.samples[:2400], samples[0, :2400])
    assert not track.samples[2400:7200].any()
    assert np.array_equal(track.samples[7200:], samples[0, 7200:])


def test_channels_are_averaged(tmp_path):
    samples = noise(WHOLE, channels=2)
    track = read_sound(write_heard(tmp_path / "v.avi", FRAMES, [(0, samples)]))
    assert np.abs(track.samples - samples.astype(float).mean(axis=0)).max() <= 1


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_another_rate_keeps_every_click_at_its_time(tmp_path, rate):
    seconds = np.array([0.05, 0.15, 0.3])
    samples = clicks(np.rint(seconds * rate).astype(int), round(0.4 * rate))
    track = read_sound(write_heard(tmp_path / "v.avi", FRAMES, [(0, samples)], rate=rate))
    assert len(track.samples) == WHOLE
    for second in seconds:
        near = round(second * RATE)
        loudest = near - 200 + np.abs(track.samples[near - 200 : near + 200].astype(int)).argmax()
        assert abs(loudest - near) <= RATE / rate
    own = read_sound(tmp_path / "v.avi", None)
    assert own.rate == rate and np.array_equal(own.samples, samples[0])


def test_a_tone_keeps_its_pitch_and_loudness():
    tone = (10_000 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)).astype(np.int16)
    found = resampled(tone, 44_100, RATE, RATE)
    wanted = 10_000 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert np.abs(found - wanted)[100:-100].max() < 20


@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
def test_codecs_that_begin_with_silence_of_their_own_are_in_time(tmp_path, codec):
    places = [4000, 7000]
    path = write_heard(
        tmp_path / "v.mp4", FRAMES, [(0, clicks(places, WHOLE))], codec=codec, video="mpeg4"
    )
    heard = np.abs(read_sound(path).samples.astype(int))
    for place in places:
        assert abs(place - 500 + heard[place - 500 : place + 500].argmax() - place) < 48  # 2 ms


def test_a_video_without_sound_has_no_track(tmp_path):
    write_video(tmp_path / "v.avi", pictures(4))
    assert read_sound(tmp_path / "v.avi") is None


def test_damaged_packets_are_silent_and_the_rest_is_heard(tmp_path):
    path = write_heard(tmp_path / "v.mkv", 25, [(0, noise(RATE))], codec="flac")
    content = bytearray(path.read_bytes())
    sizes = packets(path)
    at, size = sizes[len(sizes) // 2]
    content[at : at + size] = bytes(size)
    path.write_bytes(content)
    samples = read_sound(path).samples
    assert samples.any() and (samples == 0).sum() > 1000
    for at, size in sizes:
        content[at : at + size] = bytes(size)
    path.write_bytes(content)
    with pytest.raises(DecodeError, match="nothing of its sound can be decoded"):
        read_sound(path)


def packets(path):
    """Where the packets of a file's sound are, and how large they are."""
    with av.open(str(path)) as container:
        content = path.read_bytes()
        found = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    return [(content.index(one), len(one)) for one in found]


def test_a_missing_file_and_one_that_is_no_video_are_refused(tmp_path):
    with pytest.raises(DecodeError, match="there is no such video"):
        read_sound(tmp_path / "v.mp4")
    (tmp_path / "v.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(DecodeError, match="cannot be decoded"):
        read_sound(tmp_path / "v.mp4")


# --- real clips


def straight(path):
    """The sound as the decoder gives it, piece after piece, at its own rate; one channel."""
    mixer = av.AudioResampler("s16", "mono")
    with av.open(str(path)) as container:
        first = None
        found = []
        for frame in container.decode(audio=0):
            first = frame.time if first is None else first
            found += [one.to_ndarray()[0] for one in mixer.resample(frame)]
    return np.concatenate(found), first


@pytest.mark.parametrize(
    "name",
    [
        "UCF-101/BabyCrawling/v_BabyCrawling_g01_c01.avi",
        "UCF-101/BabyCrawling/v_BabyCrawling_g09_c01.avi",
        "kinetics400/arm wrestling/BdMiTo_OtnU_000024_000034.mp4",  # the sound is 9 ms late
        "kinetics400/bungee jumping/b6yQZjPE26c_000023_000033.mp4",
        "odd/torchcodec/sine_stereo_mp2.mpg",  # the sound is 11 ms early
    ],
)
def test_real_clips_are_heard_from_their_first_frame_on(shared, name):
    path = shared / "videos" / name
    track, (plain, first) = read_sound(path, None), straight(path)
    with av.open(str(path)) as container:
        picture = container.streams.video[0]
        begin = float(picture.start_time * picture.time_base)
    skipped = round((first - begin) * track.rate)  # negative: sound from before the first frame
    heard = track.samples[max(skipped, 0) :]
    wanted = plain[max(-skipped, 0) :][: len(heard)]
    assert np.array_equal(heard[: len(wanted)], wanted)
    assert track.seconds == pytest.approx(len(track.times) / 25, rel=0.25)
    assert len(track.times) == probe(path).frames


def test_a_real_file_with_a_gap_in_its_sound_is_silent_there(shared):
    # Pictures begin at 0.2 s; pieces of sound begin at 0, 0.20023, and at 0.30401 after a gap.
    track = read_sound(shared / "videos" / "odd" / "go-mp4" / "sample_fragmented.mp4", None)
    assert not track.samples[:10].any() and track.samples[10:40].any()
    end = round((0.26988662 - 0.2) * 44_100) + 1024
    after = round((0.30401361 - 0.2) * 44_100)
    assert track.samples[end - 5 : end].any() and not track.samples[end:after].any()
    assert track.samples[after : after + 50].any()
    assert track.times == pytest.approx(np.arange(10) / 10) and track.seconds == pytest.approx(1)


def test_real_clips_without_sound_have_no_track(shared):
    clips = sorted((shared / "videos" / "weizmann").rglob("*.avi"))[:3]
    assert clips and all(read_sound(clip) is None for clip in clips)


def test_a_real_file_whose_sound_is_encrypted_is_refused(shared):
    with pytest.raises(DecodeError, match="nothing of its sound can be decoded"):
        read_sound(shared / "videos" / "odd" / "mp4parse-rust" / "short-cenc.mp4")
