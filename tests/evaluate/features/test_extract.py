import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from torchvision.transforms.v2 import functional as vision

from fame.augment.photometric import normalise
from fame.core.errors import FameError
from fame.data.manifest import COLUMNS, Manifest
from fame.data.synthetic.write import write_video
from fame.data.video.decode import read_frames
from fame.evaluate.features import extract as extraction
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work, clip_outputs, fingerprint
from fame.evaluate.features.store import Features
from fame.models.encoder import Encoder

SPEC = ClipSpec(
    clips=3,
    frames=4,
    stride=2,
    size=14,
    crop="short-side",
    mean=(0.43, 0.39, 0.37),
    std=(0.23, 0.22, 0.21),
    max_short_side=None,
)
WORK = Work(device=torch.device("cpu"), batch=2, workers=0, parts=None, part=4)
SIZES = [(20, 26), (18, 18), (26, 20), (8, 9)]  # the last is enlarged to (16, 18)


class Small(Encoder):
    """A convolution, BatchNorm and ReLU; counts the clips that it has seen."""

    def __init__(self, stop=None):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.stem = torch.nn.Conv3d(3, 6, 3, padding=1)
        self.norm = torch.nn.BatchNorm3d(6)
        self.feature_dim = 6
        self.seen = []
        self.stop = stop

    def maps(self, x):
        if self.stop is not None and len(self.seen) == self.stop:
            raise KeyboardInterrupt
        self.seen.append(len(x))
        return torch.relu(self.norm(self.stem(x)))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Ten small videos, lossless: train and test, two quarantined, one unused."""
    root = tmp_path_factory.mktemp("videos")
    draw = np.random.default_rng(0)
    rows = []
    for number in range(13):
        height, width = SIZES[number % len(SIZES)]
        frames = int(draw.integers(5, 14))  # the shortest must loop: a clip spans 8
        pixels = draw.integers(0, 256, size=(frames, height, width, 3), dtype=np.uint8)
        write_video(root / f"{number}.avi", pixels)
        rows.append(
            {
                "video": f"video{number}",
                "path": f"{number}.avi",
                "dataset": "toy",
                "label": ("run", "jump", "sit")[number % 3],
                "group": f"g{number % 2}" if number else None,
                "split": "train" if number < 7 else "test",
                "start": 0,
                "frames": frames,
                "fps": 25.0,
                "width": width,
                "height": height,
                "status": "ok",
            }
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table.loc[[2, 9], "status"] = "cannot be decoded"
    table.loc[11, "split"] = "unused"
    return Manifest("toy", root, table, ["jump", "run", "sit"])


@pytest.fixture(scope="module")
def reference(manifest):
    return extract(Small(), manifest, SPEC, WORK, {"run": "r", "data": "toy"})


def extract(*arguments):
    """Features with the normalisation of pretraining, the only one asked for."""
    return extraction.extract(*arguments)["pretraining"]


def work(**changes):
    return dataclasses.replace(WORK, **changes)


def slow_features(encoder, manifest, row):
    """One video with torchvision: read, resize, centre crop, normalise, encode each clip."""
    path = manifest.root / row["path"]
    pixels = torch.from_numpy(read_frames(path, range(row["frames"])).copy())
    last = max(row["frames"] - SPEC.frames * SPEC.stride, 0)
    features = []
    for start in np.rint(np.linspace(0, last, SPEC.clips)).astype(int):
        indices = (start + SPEC.stride * np.arange(SPEC.frames)) % row["frames"]
        clip = pixels[indices].permute(0, 3, 1, 2).float() / 255
        clip = vision.resize(clip, [16], antialias=False)
        clip = vision.center_crop(clip, [SPEC.size, SPEC.size])
        clip = vision.normalize(clip, list(SPEC.mean), list(SPEC.std))
        with torch.no_grad():
            features.append(encoder(clip.transpose(0, 1)[None])[0].numpy())
    return np.stack(features)


def test_equals_one_video_at_a_time(manifest, reference):
    encoder = Small().eval()
    rows = manifest.table.set_index("video")
    for video, features in zip(reference.videos, reference.features, strict=True):
        slow = slow_features(encoder, manifest, rows.loc[str(video)])
        assert features == pytest.approx(slow, abs=2e-5)


def test_usable_rows_in_order(manifest, reference):
    kept = [number for number in range(13) if number not in (2, 9, 11)]  # see the fixture
    assert reference.videos.tolist() == [f"video{number}" for number in kept]
    assert reference.splits.tolist() == ["train"] * 6 + ["test"] * 4
    assert reference.labels.tolist() == [(1, 0, 2)[number % 3] for number in kept]
    assert reference.groups.tolist() == [""] + [f"g{number % 2}" for number in kept[1:]]
    assert reference.features.shape == (10, 3, 6)
    assert reference.features.dtype == np.float32


def test_meta_says_where_features_come_from(manifest, reference):
    assert reference.meta["run"] == "r"
    assert reference.meta["encoder"] == fingerprint(Small())
    assert reference.meta["crop"] == "short-side"
    assert reference.meta["clips"] == 3
    assert len(reference.meta["manifest"]) == 64


@pytest.mark.parametrize("changes", [{"batch": 1}, {"batch": 7}, {"batch": 3, "part": 100}])
def test_batch_size_does_not_matter(manifest, reference, changes):
    features = extract(Small(), manifest, SPEC, work(**changes), {}).features
    np.testing.assert_allclose(features, reference.features, rtol=0, atol=1e-6)


def test_workers_do_not_matter(manifest, reference):
    features = extract(Small(), manifest, SPEC, work(workers=2), {}).features
    assert np.array_equal(features, reference.features)


def test_native_crop_differs(manifest, reference):
    native = dataclasses.replace(SPEC, crop="native")
    features = extract(Small(), manifest, native, WORK, {}).features
    assert not np.allclose(features, reference.features, atol=1e-3)


def test_named_normalisations_use_their_own_mean_and_std(manifest, reference):
    """Facts A8: ImageNet's; facts A7: none at all."""
    constants = {
        "imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        "raw": ([0, 0, 0], [1, 1, 1]),
    }
    clip = torch.rand(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    for name, (mean, std) in constants.items():
        spec = SPEC.with_normalisation(name)
        found = normalise(clip.transpose(0, 1)[None], spec.mean, spec.std)[0].transpose(0, 1)
        torch.testing.assert_close(found, vision.normalize(clip, mean, std))
        assert dataclasses.replace(spec, mean=SPEC.mean, std=SPEC.std) == SPEC
        features = extract(Small(), manifest, spec, WORK, {}).features
        assert not np.allclose(features, reference.features, atol=1e-3)
    assert SPEC.with_normalisation("pretraining") == SPEC


def test_encoder_is_evaluated_and_put_back(manifest):
    encoder = Small().train()
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    extract(encoder, manifest, SPEC, WORK, {})
    assert encoder.training
    assert encoder.norm.training
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())
    assert all(value.grad is None for value in encoder.parameters())


def test_interrupted_extraction_continues(manifest, reference, tmp_path):
    parts = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        extract(Small(stop=3), manifest, SPEC, work(parts=parts), {})
    assert len(list(parts.glob("*/*.npz"))) == 1  # three batches: a part of three videos and a half
    encoder = Small()
    features = extract(encoder, manifest, SPEC, work(parts=parts), {})
    assert sum(encoder.seen) == (10 - 3) * SPEC.clips
    assert np.array_equal(features.features, reference.features)
    assert not parts.exists()


def test_parts_of_another_encoder_or_setting_are_not_used(manifest, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        extract(Small(stop=3), manifest, SPEC, work(parts=tmp_path), {})
    (tmp_path / "mine.txt").write_text("stays")
    other = Small()
    with torch.no_grad():
        other.stem.bias.add_(1)
    again = extract(other, manifest, SPEC, work(parts=tmp_path), {})
    assert sum(other.seen) == 10 * SPEC.clips
    assert np.array_equal(again.features, extract(other, manifest, SPEC, WORK, {}).features)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_parts_of_another_length_are_not_used(manifest, reference, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        extract(Small(stop=3), manifest, SPEC, work(parts=tmp_path), {})
    features = extract(Small(), manifest, SPEC, work(parts=tmp_path, part=6), {})
    np.testing.assert_allclose(features.features, reference.features, rtol=0, atol=1e-6)


def test_a_changed_manifest_starts_again(manifest, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        extract(Small(stop=3), manifest, SPEC, work(parts=tmp_path), {})
    encoder = Small()
    fewer = dataclasses.replace(manifest, table=manifest.table.iloc[1:])
    extract(encoder, fewer, SPEC, work(parts=tmp_path), {})
    assert sum(encoder.seen) == 9 * SPEC.clips


def test_a_damaged_part_is_named(manifest, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        extract(Small(stop=3), manifest, SPEC, work(parts=tmp_path), {})
    (part,) = tmp_path.glob("*/*.npz")
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(FameError, match=f"{part.name}.*delete it"):
        extract(Small(), manifest, SPEC, work(parts=tmp_path), {})


def test_no_usable_video(manifest):
    none = dataclasses.replace(manifest, table=manifest.table.iloc[[2, 9, 11]])
    with pytest.raises(FameError, match="no usable video"):
        extract(Small(), none, SPEC, WORK, {})


def test_outputs_of_any_network(manifest):
    """Finetuning tests its classifier this way: logits of each clip."""
    classifier = torch.nn.Sequential(Small(), torch.nn.Linear(6, 3))
    test = manifest.select("test")
    outputs = clip_outputs(classifier, test, SPEC, WORK)
    pooled = extract(classifier[0], test, SPEC, WORK, {}).features
    with torch.no_grad():
        logits = classifier[1](torch.from_numpy(pooled)).numpy()
    np.testing.assert_allclose(outputs, logits, rtol=0, atol=1e-6)


def test_a_diverged_encoder_is_refused(manifest):
    encoder = Small()
    with torch.no_grad():
        encoder.stem.weight.fill_(torch.nan)
    with pytest.raises(FameError, match="diverged"):
        extract(encoder, manifest, SPEC, WORK, {})


def test_real_clips(shared, tmp_path):
    """A real avi of another size than its neighbour, at the published clip geometry."""
    files = sorted((shared / "videos" / "UCF-101").rglob("*.avi"))[:2]
    rows = []
    for number, file in enumerate(files):
        frames = 40
        height, width = read_frames(file, [0]).shape[1:3]
        rows.append([f"v{number}", file.name, "ucf", "a", None, "test", 0, frames, 25.0])
        rows[-1] += [width, height, "ok"]
        (tmp_path / file.name).symlink_to(file)
    manifest = Manifest("ucf", tmp_path, pd.DataFrame(rows, columns=list(COLUMNS)), ["a"])
    spec = dataclasses.replace(SPEC, clips=2, size=56)
    features = extract(Small(), manifest, spec, WORK, {})
    assert features.features.shape == (2, 2, 6)
    assert features.features.std(axis=0).min() > 0
    # Neighbouring moments of one video are nearer than two videos.
    a, b = features.features
    assert np.abs(a[0] - a[1]).mean() < np.abs(a - b).mean()


def test_fingerprint_sees_weights_types_and_names():
    encoder = Small()
    assert fingerprint(encoder) == fingerprint(Small())
    with torch.no_grad():
        encoder.norm.running_mean[0] = 1e-7
    assert fingerprint(encoder) != fingerprint(Small())
    assert fingerprint(Small().double()) != fingerprint(Small())


@pytest.mark.parametrize(("shape", "dtype"), [((2, 2), torch.float32), ((4,), torch.int32)])
def test_fingerprint_tells_equal_bytes_of_another_shape_or_type(shape, dtype):
    def zeros(*shape, dtype):
        network = torch.nn.Module()
        network.register_buffer("zeros", torch.zeros(*shape, dtype=dtype))
        return network

    plain, other = zeros(4, dtype=torch.float32), zeros(*shape, dtype=dtype)
    assert plain.zeros.nbytes == other.zeros.nbytes
    assert fingerprint(plain) != fingerprint(other)


def test_file_round_trip(reference, tmp_path):
    path = tmp_path / "deep" / "features.npz"
    reference.save(path)
    loaded = Features.load(path)
    for name in ("features", "labels", "videos", "groups", "splits"):
        found, wanted = getattr(loaded, name), getattr(reference, name)
        assert np.array_equal(found, wanted)
        assert found.dtype.kind == wanted.dtype.kind
    assert (loaded.classes, loaded.meta) == (reference.classes, reference.meta)
    first = path.read_bytes()
    loaded.save(path)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == ["features.npz"]


def test_missing_and_damaged_files(reference, tmp_path):
    with pytest.raises(FameError, match="no such features"):
        Features.load(tmp_path / "none.npz")
    path = tmp_path / "features.npz"
    reference.save(path)
    for content in (b"", b"text", path.read_bytes()[:-200]):
        path.write_bytes(content)
        with pytest.raises(FameError, match=r"features\.npz"):
            Features.load(path)


def test_pickled_and_foreign_arrays_are_refused(tmp_path):
    path = tmp_path / "features.npz"
    np.savez(path, features=np.array([{"no": 1}], dtype=object))
    with pytest.raises(FameError, match=r"features\.npz"):
        Features.load(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(FameError, match=r"features\.npz"):
        Features.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": np.zeros((10, 6), np.float32)}, "videos, clips, dimensions"),
        ({"features": np.zeros((10, 3, 6))}, "float64"),
        ({"features": np.full((10, 3, 6), np.nan, np.float32)}, "NaN"),
        ({"groups": np.array([""])}, "groups"),
        ({"labels": np.full(10, 3)}, "labels outside"),
        ({"labels": np.full(10, -2)}, "labels outside"),
    ],
)
def test_features_that_make_no_sense(reference, changes, message):
    with pytest.raises(FameError, match=message):
        dataclasses.replace(reference, **changes)
