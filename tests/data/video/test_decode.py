import logging
import os
import shutil
import sys
from fractions import Fraction
from importlib.util import find_spec

import av
import numpy as np
import pytest
from small_videos import nearest, pictures, write_video

from fame.core.errors import FameError
from fame.data.video import decode as video
from fame.data.video.decode import probe, read_frames, sample, stream_frames
from fame.data.video.facts import DecodeError, RefusedError, ShortReadError

needs_decord = pytest.mark.skipif(not find_spec("decord"), reason="decord is not installed")
DECODERS = [*(["decord"] if find_spec("decord") else []), "pyav", "auto"]
ORDER = [7, 0, 19, 7, 3, 18]


@pytest.mark.parametrize("decoder", DECODERS)
def test_lossless_video_is_read_bit_for_bit(tmp_path, decoder):
    truth = write_video(tmp_path / "v.avi", pictures(20))
    info = probe(tmp_path / "v.avi", decoder)
    assert (info.frames, info.fps, info.width, info.height) == (20, 25.0, 32, 24)
    frames = read_frames(tmp_path / "v.avi", ORDER, decoder)
    assert frames.dtype == np.uint8
    np.testing.assert_array_equal(frames, truth[ORDER])


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("suffix", ["avi", "mp4", "mkv"])
def test_reordered_frames_keep_their_numbers(tmp_path, decoder, suffix):
    """B-frames in AVI defeat seeks and time stamps; every number must still be exact."""
    path = tmp_path / f"v.{suffix}"
    truth = write_video(path, pictures(40), "mpeg4", "yuv420p", bf="2", g="6", qmin="1")
    order = np.random.default_rng(0).permutation(40).tolist()
    assert probe(path, decoder).frames == 40
    assert nearest(read_frames(path, order, decoder), truth) == order
    for number in (0, 13, 39):
        assert nearest(read_frames(path, [number], decoder), truth) == [number]


@pytest.mark.parametrize("inner", [{}, {"bf": "2", "g": "6"}])
@pytest.mark.parametrize("wrong", ["mp4", "mov", "mkv"])
def test_an_avi_is_read_as_one_whatever_its_name(tmp_path, inner, wrong):
    truth = write_video(tmp_path / "v.avi", pictures(40), "mpeg4", "yuv420p", qmin="1", **inner)
    path = shutil.copy(tmp_path / "v.avi", tmp_path / f"v.{wrong}")
    order = np.random.default_rng(0).permutation(40).tolist()
    assert probe(path) == sample(path) == probe(tmp_path / "v.avi")
    assert nearest(read_frames(path, order), truth) == order
    for number in (0, 13, 39):
        assert nearest(read_frames(path, [number]), truth) == [number]


@pytest.mark.parametrize(("right", "wrong"), [("mp4", "avi"), ("mkv", "mpg"), ("mkv", "data")])
def test_other_names_hide_no_presentation_times(tmp_path, right, wrong):
    path = tmp_path / f"v.{right}"
    truth = write_video(path, pictures(20), "mpeg4", "yuv420p", bf="2", g="6", qmin="1")
    path = path.rename(tmp_path / f"v.{wrong}")
    for decoder in DECODERS:
        assert nearest(read_frames(path, ORDER, decoder), truth) == ORDER


def write_times(path, times, unit):
    """A lossless video whose frame i is shown at times[i], in that unit; returns its frames."""
    truth = pictures(len(times))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 24, 32, "bgr0"
        stream.codec_context.time_base = unit
        for picture, time in zip(truth, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return truth


@pytest.mark.parametrize("close", [[12], [1], [29], [12, 13, 14], [5, 20]])
def test_frames_that_share_a_time_keep_their_numbers(tmp_path, close):
    """Matroska counts milliseconds, and a burst can have several frames in one."""
    times = [33000 * number for number in range(30)]  # microseconds
    for number in close:
        times[number] = times[number - 1] + 100
    path = tmp_path / "v.mkv"
    truth = write_times(path, times, Fraction(1, 1_000_000))
    assert probe(path) == sample(path)
    assert probe(path).frames == 30
    np.testing.assert_array_equal(list(stream_frames(path, "pyav")), truth)
    for number in range(30):
        np.testing.assert_array_equal(read_frames(path, [number])[0], truth[number])


def test_mpeg_program_stream_is_left_to_pyav(tmp_path):
    path = tmp_path / "v.mpg"
    truth = write_video(path, pictures(30), "mpeg1video", "yuv420p", bf="2", g="6", qmin="1")
    assert nearest(read_frames(path, [5, 29, 0]), truth) == [5, 29, 0]
    for name in ("v.mpg", "v.avi", "v"):
        path = path.rename(tmp_path / name)
        with pytest.raises(DecodeError, match="not exact"):
            read_frames(path, [5], "decord")


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("suffix", ["avi", "mkv"])
def test_reading_past_the_end_names_the_frame(tmp_path, decoder, suffix):
    path = tmp_path / f"v.{suffix}"
    write_video(path, pictures(5))
    with pytest.raises(ShortReadError, match=rf"v\.{suffix}: frame 5 "):
        read_frames(path, [0, 5], decoder)
    with pytest.raises(ShortReadError, match="frame 9 "):
        read_frames(path, [9], decoder)


@pytest.mark.parametrize("indices", [[], [-1, 0]])
def test_numbers_that_are_no_frames(tmp_path, indices):
    with pytest.raises(DecodeError, match="0 or more"):
        read_frames(tmp_path / "v.avi", indices)


@pytest.mark.parametrize("decoder", DECODERS)
def test_paths_that_are_no_files(tmp_path, decoder):
    os.mkfifo(tmp_path / "pipe.avi")
    (tmp_path / "folder.avi").mkdir()
    for name, said in (
        ("none.avi", "there is no such video file; check the path"),
        ("folder.avi", "it is a folder; give a video file"),
        ("pipe.avi", "it is no regular file; give a video file"),
    ):
        with pytest.raises(DecodeError, match=said):
            probe(tmp_path / name, decoder)


@pytest.mark.parametrize("decoder", DECODERS)
def test_files_that_are_no_videos(tmp_path, decoder):
    (tmp_path / "zero.avi").touch()
    (tmp_path / "text.mp4").write_text("hello" * 100)
    for name in ("zero.avi", "text.mp4", "none.avi"):
        for call in (probe, lambda path, chosen: read_frames(path, [0], chosen)):
            with pytest.raises(DecodeError, match=name):
                call(tmp_path / name, decoder)
    assert issubclass(DecodeError, FameError)


def test_a_file_cut_short_is_found(tmp_path):
    whole, cut = tmp_path / "v.mp4", tmp_path / "cut.mp4"
    write_video(whole, pictures(40), "mpeg4", "yuv420p", movflags="faststart")
    for share in (0.3, 0.6):
        cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
        with pytest.raises(DecodeError, match=r"cut\.mp4: "):
            probe(cut)


def test_a_header_that_promises_too_much_is_ignored_in_avi(shared):
    path = next((shared / "videos/jhmdb/wave").glob("wave_and_say_hi*.avi"))
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 48
    assert probe(path).frames == 40


def refuse(path, *_):
    raise RefusedError(f"{path}: refused on purpose.")


@needs_decord
def test_decord_takes_over_and_it_is_logged(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    truth = write_video(tmp_path / "v.avi", pictures(5))
    monkeypatch.setattr(video, "read_pyav", refuse)
    monkeypatch.setattr(video, "probe_pyav", refuse)
    np.testing.assert_array_equal(read_frames(tmp_path / "v.avi", [2, 1]), truth[[2, 1]])
    assert probe(tmp_path / "v.avi").decoder == "decord"
    assert len(caplog.records) == 2
    assert all("on purpose" in record.getMessage() for record in caplog.records)


@pytest.fixture
def no_decord(monkeypatch):
    monkeypatch.setitem(sys.modules, "decord", None)  # what importing it then raises


def test_without_decord_pyav_reads_alone(tmp_path, no_decord):
    truth = write_video(tmp_path / "v.avi", pictures(20))
    assert probe(tmp_path / "v.avi").decoder == "pyav"
    np.testing.assert_array_equal(read_frames(tmp_path / "v.avi", ORDER), truth[ORDER])


def test_without_decord_what_pyav_refuses_is_refused_by_its_reason(tmp_path, no_decord):
    (tmp_path / "v.avi").write_text("no video")
    for call in (probe, sample, lambda path: read_frames(path, [0])):
        with pytest.raises(RefusedError, match="Invalid data"):
            call(tmp_path / "v.avi")


def test_a_video_that_was_indexed_by_decord_asks_for_it(tmp_path, no_decord):
    write_video(tmp_path / "v.avi", pictures(5))
    for call in (
        lambda path: read_frames(path, [0], "decord"),
        lambda path: next(stream_frames(path, "decord")),
    ):
        with pytest.raises(
            RefusedError, match=r"v\.avi: decord.* not installed; pip install decord"
        ):
            call(tmp_path / "v.avi")


def test_if_both_refuse_the_first_reason_stands(tmp_path, monkeypatch):
    (tmp_path / "v.avi").write_text("no video")
    monkeypatch.setattr(video, "read_pyav", refuse)
    with pytest.raises(RefusedError, match="on purpose"):
        read_frames(tmp_path / "v.avi", [0])


@needs_decord
@pytest.mark.parametrize(
    "name",
    [
        "UCF-101/BabyCrawling/v_BabyCrawling_g02_c01.avi",  # time stamps out of order
        "UCF-101/SkyDiving/v_SkyDiving_g02_c02.avi",
        "jhmdb/*/*.avi",
        "weizmann/*/*.avi",
        "odd/mmaction2/demo.mp4",
        "odd/torchcodec/nasa_13013_rotated.mp4",
        "odd/torchcodec/test_non_zero_start.mp4",
        "odd/torchcodec/nasa_13013.mp4",
    ],
)
def test_both_decoders_agree_on_real_videos(shared, name):
    path = sorted((shared / "videos").glob(name))[0]
    info, other = probe(path, "pyav"), probe(path, "decord")
    assert (info.frames, info.width, info.height) == (other.frames, other.width, other.height)
    assert info.fps == pytest.approx(other.fps, abs=0.01)
    order = np.random.default_rng(0).permutation(info.frames)[:6].tolist()
    ours, theirs = (read_frames(path, order, decoder) for decoder in ("pyav", "decord"))
    assert ours.shape == (len(order), info.height, info.width, 3)
    assert np.abs(ours.astype(int) - theirs).mean((1, 2, 3)).max() < 0.01


@needs_decord
def test_packets_without_a_frame_are_not_counted(shared):
    """192 packets, 190 frames: decord repeats the last frame, we count what decodes."""
    path = shared / "videos/UCF-101/Diving/v_Diving_g03_c01.avi"
    assert (probe(path).frames, probe(path, "decord").frames) == (190, 192)
    order = [189, 23, 24, 25, 60, 100]
    ours, theirs = (read_frames(path, order, decoder) for decoder in ("pyav", "decord"))
    assert np.abs(ours.astype(int) - theirs).mean((1, 2, 3)).max() < 0.01
    with pytest.raises(ShortReadError):
        read_frames(path, [190])


@pytest.mark.parametrize(
    ("name", "frames", "size"),
    [
        ("torchcodec/discard_first_keyframe.mp4", 25, (64, 64)),  # the edit list hides five
        ("torchcodec/av1_video.mkv", 125, (640, 360)),  # decord cannot open it
        ("UCF11-classifier/v_biking_01_01.mpg", 151, (320, 240)),  # decord loses twelve
        ("mp4parse-rust/video_rotation_90.mp4", 1, (100, 60)[::-1]),
        ("mp4parse-rust/minimal.mp4", 1, None),
        ("torchcodec/testsrc2_odd_height_and_width_vp9.mp4", 25, (321, 241)),
        ("hachoir/10min.mkv", 600, None),
    ],
)
def test_odd_videos_that_decode(shared, name, frames, size):
    path = shared / "videos/odd" / name
    info = probe(path)
    assert info.frames == frames
    assert size in (None, (info.width, info.height))
    assert len(read_frames(path, [frames - 1, 0])) == 2


@pytest.mark.parametrize(
    "name",
    [
        "hachoir/smallville.s03e02.avi",
        "hachoir/pentax_320x240.mov",
        "mp4parse-rust/opus_audioinit.mp4",
        "mp4parse-rust/bipbop-cenc-audioinit.mp4",
        "mp4parse-rust/invalid_userdata.mp4",
        "mp4parse-rust/short-cenc.mp4",
        "mp4parse-rust/chunk_out_of_range.mp4",
        "mp4parse-rust/no_timescale.mp4",
        "go-mp4/sample_qt.mp4",
        "matroska-test-files/really_invalid_EBML_ElementDataSize_in_EBMLHeader.mkv",
    ],
)
def test_odd_videos_that_do_not_decode(shared, name):
    path = shared / "videos/odd" / name
    with pytest.raises(DecodeError, match=path.name) as caught:
        probe(path)
    assert "\n" not in str(caught.value)


def outcome(look, path):
    """What a file is, or that it is refused."""
    try:
        return look(path)
    except DecodeError:
        return "refused"


@pytest.mark.parametrize("suffix", ["avi", "mp4", "mkv"])
def test_a_sample_says_what_a_probe_says(tmp_path, suffix):
    path = tmp_path / f"v.{suffix}"
    write_video(path, pictures(40), "mpeg4", "yuv420p", bf="2", g="6")
    assert sample(path) == probe(path)


def test_a_sample_decodes_three_frames_and_no_more(tmp_path, monkeypatch):
    write_video(tmp_path / "v.mp4", pictures(40), "mpeg4", "yuv420p")
    asked = []

    def reading(path, indices, decoder):
        asked.append(indices)
        return read_frames(path, indices, decoder)

    monkeypatch.setattr(video, "read_frames", reading)
    assert video.sample(tmp_path / "v.mp4").frames == 40
    assert asked == [[0, 20, 39]]


def test_samples_and_probes_agree_on_real_videos(shared):
    for folder in ("odd", "kinetics400"):
        paths = sorted((shared / "videos" / folder).rglob("*.*"))
        for path in (path for path in paths if path.suffix in (".mp4", ".mkv", ".webm")):
            if path.name == "no_timescale.mp4":  # it breaks between the frames of a sample
                assert outcome(probe, path) == "refused"
                continue
            assert outcome(sample, path) == outcome(probe, path), path
