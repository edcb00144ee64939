import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from micro_world import ROOT
from packed_clips import packed

from fame.evaluate.bias import altered

sys.path.insert(0, str(ROOT))

from benchmarks import gpu_check
from benchmarks.checks import (
    evaluation,
    loop,
    parity,
    pretraining,
    resume,
    sections,
    throughput,
)
from benchmarks.checks.clips import Clips, Span, generated
from benchmarks.checks.sizes import SIZES, micro, moco

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return packed(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def checked(pack, tmp_path_factory):
    """The whole check, run as users do: its status and its report.

    Micro size on the CPU; from a folder where benchmarks would not be found, and with no decoder.
    """
    place = tmp_path_factory.mktemp("check")
    for decoder in ("av", "decord"):
        (place / f"{decoder}.py").write_text("raise ImportError('no decoder on this machine')")
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu_check.py"), "--device", "cpu"]
    command += ["--size", "micro", "--minutes", "4", "--clips", str(pack), "--out", "report.json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(place)}
    process = subprocess.run(command, cwd=place, env=environment, check=False)
    return process.returncode, json.loads((place / "report.json").read_text())


# --- The whole check


@pytest.mark.slow
def test_every_section_passes_on_the_cpu(checked):
    status, report = checked
    statuses = {name: entry["status"] for name, entry in report["sections"].items()}
    expected = dict.fromkeys(gpu_check.SECTIONS, "passed") | {"kernels": "skipped"}
    assert statuses == expected, report
    assert status == 0


@pytest.mark.slow
def test_parity_of_the_cpu_with_itself_is_exact_and_covers_all_variants(checked):
    findings = checked[1]["sections"]["parity"]["findings"]
    for variant in ("fame", "gauss", "grid", "seed"):
        for backbone in ("r2plus1d", "i3d"):
            mask = findings[f"mask {variant}, {backbone}"]
            assert mask["iou_least"] == pytest.approx(1, abs=1e-6)
            assert mask["soft"]["max_abs"] == 0
    for part in ("geometry", "photometric", "normalise", "views"):
        assert findings[f"{part}, r2plus1d"]["max_abs"] == 0
    errors = findings["step, r2plus1d"]["relative_errors"]
    assert errors["device float64"] == {"loss": 0, "gradient": 0}
    assert errors["device float32"] == errors["cpu"]
    assert 0 < errors["cpu"]["gradient"] < 0.1


@pytest.mark.slow
def test_evaluation_of_the_cpu_with_itself_is_exact(checked):
    findings = checked[1]["sections"]["evaluation"]["findings"]
    for backbone in ("r2plus1d", "i3d"):
        for part in ("conditions", "features", "activation"):
            assert findings[f"{part}, {backbone}"]["relative"] == 0
    assert findings["finetuning, r2plus1d"]["gradients"] > 10


@pytest.mark.slow
def test_without_a_gpu_speeds_and_memory_are_empty_and_the_report_says_so(checked):
    report = checked[1]
    assert report["note"] == gpu_check.NO_GPU
    rows = report["sections"]["throughput"]["findings"].items()
    cases = [row for title, row in rows if not title.startswith("views")]
    assert len(cases) == 14
    assert all(row["pairs_per_second"] is row["peak_memory_mib"] is None for row in cases)
    assert report["sections"]["environment"]["findings"]["machine"]["gpu"] is None or (
        torch.cuda.is_available()
    )


@pytest.mark.slow
def test_the_loop_takes_its_steps_with_and_without_the_fused_kernels(checked):
    findings = checked[1]["sections"]["loop"]["findings"]
    assert sorted(findings) == [
        "i3d, eager",
        "i3d, fused and recorded",
        "r2plus1d, eager",
        "r2plus1d, fused and recorded",
    ]
    for finding in findings.values():
        assert finding["loop_steps"] == 2 and finding["batchnorm"] == "pytorch"
        assert finding["pairs_per_second"] is finding["share_of_bare"] is None


@pytest.mark.slow
def test_curves_in_three_arithmetics_take_the_same_steps(checked):
    findings = checked[1]["sections"]["precision"]["findings"]
    assert {findings[kind]["steps"] for kind in ("float32", "tf32", "bfloat16")} == {4}
    assert findings["float32"]["loss"] == findings["tf32"]["loss"] != findings["bfloat16"]["loss"]
    assert all(np.isfinite(findings["bfloat16"]["loss"]))


@pytest.mark.slow
def test_pretraining_takes_packed_clips_and_both_methods_as_many_steps(checked):
    findings = checked[1]["sections"]["pretraining"]["findings"]
    assert len(findings["moco"]["loss"]) == len(findings["fame"]["loss"]) == 4
    assert findings["moco"]["loss"] != findings["fame"]["loss"]
    assert findings["untrained"]["largest_class_percent"] == 50


@pytest.mark.slow
def test_the_training_was_killed_by_signal_9_and_resumed_to_the_same_bits(checked):
    findings = checked[1]["sections"]["resume"]["findings"]
    assert findings["killed"]["checkpoints"] == ["step-1.pt", "step-2.pt"]
    digests = findings["resumed"]["encoder_sha256"]
    assert digests["broken"] == digests["whole"]


def test_without_a_gpu_the_default_device_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_check.main(["--out", str(tmp_path / "r.json")]) == 1
    assert "--device cpu --size micro" in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()


# --- Sections and the report


def context(seconds=100.0):
    size = micro()
    clips = generated(4, 16, 20, 24, 0)
    deadline = sections.time.monotonic() + seconds
    return sections.Context(CPU, "micro", size, clips, None, deadline)


def report_of(tmp_path, section, seconds=100.0):
    path = tmp_path / "report.json"
    report = sections.Report(path, {"device": "cpu"})
    status = report.run("one", section, context(seconds))
    return status, json.loads(path.read_text())["sections"]["one"]


def test_an_exception_fails_a_section_and_keeps_what_was_found(tmp_path):
    def section(context):
        yield sections.Finding("first", {"value": 1})
        raise ValueError("no such kernel")

    status, entry = report_of(tmp_path, section)
    assert status == entry["status"] == "failed"
    assert entry["message"] == "ValueError: no such kernel"
    assert entry["findings"]["first"] == {"value": 1, "passed": None}


def test_a_broken_threshold_fails_a_section_and_is_named(tmp_path):
    def section(context):
        yield sections.Finding("good", {}, True)
        yield sections.Finding("bad", {}, False)
        yield sections.Finding("later", {}, True)

    status, entry = report_of(tmp_path, section)
    assert status == "failed" and "bad" in entry["message"] and "later" in entry["findings"]


def test_a_section_out_of_time_stops_and_says_so(tmp_path):
    def section(context):
        yield sections.Finding("first", {})
        raise AssertionError("must not go on")

    def slow(context):
        object.__setattr__(context, "deadline", 0.0)
        yield from section(context)

    status, entry = report_of(tmp_path, slow)
    assert status == "stopped" and "out of time" in entry["message"]
    status, entry = report_of(tmp_path, section, seconds=-1)
    assert status == "skipped" and entry["findings"] == {}


def test_a_kill_between_findings_loses_nothing(tmp_path):
    seen = []

    def section(context):
        yield sections.Finding("first", {"value": 1})
        seen.append(json.loads((tmp_path / "report.json").read_text()))
        yield sections.Finding("second", {"value": 2})

    report_of(tmp_path, section)
    assert seen[0]["sections"]["one"]["findings"]["first"]["value"] == 1
    assert seen[0]["sections"]["one"]["status"] == "running"


def test_pretraining_without_packed_clips_is_skipped(tmp_path):
    status, entry = report_of(tmp_path, pretraining.pretraining)
    assert status == "skipped" and "pack_clips.py" in entry["message"]


def test_a_failed_section_gives_status_1(tmp_path, monkeypatch):
    def broken(context):
        raise RuntimeError("broken")
        yield

    monkeypatch.setitem(gpu_check.SECTIONS, "environment", (broken, 0.1))
    arguments = ["--device", "cpu", "--size", "micro", "--only", "environment"]
    assert gpu_check.main([*arguments, "--out", str(tmp_path / "r.json")]) == 1


def test_a_case_that_cannot_be_computed_does_not_hide_the_others(monkeypatch):
    def timed(context, name, case, batch):
        if case.kind == "tf32":
            raise RuntimeError("no engine")
        return {"batch": batch}

    monkeypatch.setattr(throughput, "timed", timed)
    findings = {f.name: f for f in throughput.throughput(context())}
    broken = findings["i3d, tf32, channels-last, groups BatchNorm"]
    assert broken.passed is False and broken.data == {"error": "RuntimeError: no engine"}
    assert findings["i3d, float32, contiguous, groups BatchNorm"].data == {"batch": 4}


def test_the_batch_is_halved_until_it_fits(monkeypatch):
    tried = []

    def timed(context, name, case, batch):
        tried.append(batch)
        if batch > 16:
            raise torch.OutOfMemoryError("too much")
        return {"batch": batch}

    monkeypatch.setattr(throughput, "timed", timed)
    small = context()
    object.__setattr__(small, "size", dataclasses.replace(small.size, throughput_batch=64))
    assert throughput.largest_batch(small, "r2plus1d", throughput.CASES[0]) == {"batch": 16}
    assert tried == [64, 32, 16]


def test_a_training_that_takes_too_long_is_stopped_and_fails(tmp_path, monkeypatch):
    def run(command, timeout, **options):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    status, entry = report_of(tmp_path, resume.resume)
    assert status == "failed" and "took longer than" in entry["message"]


# --- The measures


def test_a_mask_moved_by_two_rows_breaks_parity(monkeypatch):
    true, calls = parity.masks.get, []

    def get(name, attribute="mask"):
        function = true(name, attribute)

        def moved_at_first(clips, *rest):
            calls.append(name)
            return function(clips, *rest).roll(2 * (len(calls) % 2), 1)

        return moved_at_first if attribute == "mask" else function

    monkeypatch.setattr(parity.masks, "get", get)
    small = context()
    findings = parity.mask_findings(small, "r2plus1d", small.size.scale.backbones["r2plus1d"])
    passed = {finding.name.split(",")[0]: finding.passed for finding in findings}
    assert passed["mask fame"] is passed["mask seed"] is False


def test_a_background_moved_by_a_row_breaks_evaluation(monkeypatch):
    true, calls = altered.erase, []

    def moved_at_first(clips, masks):
        calls.append(masks)
        return true(clips, masks).roll(len(calls) % 2, 4)

    monkeypatch.setattr(altered, "erase", moved_at_first)
    small = context()
    findings = evaluation.probe_findings(small, "r2plus1d", small.size.scale.backbones["r2plus1d"])
    passed = {finding.name: finding.passed for finding in findings}
    assert len(calls) == 2
    assert passed["conditions, r2plus1d"] is False


def test_overlap_of_masks():
    ours = torch.tensor([[[1.0, 1.0], [0.0, 0.0]], [[1.0, 0.5], [0.0, 0.0]]])
    reference = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]])
    assert parity.iou(ours, reference).tolist() == pytest.approx([1 / 3, 3 / 4])


def test_the_loops_rate_is_that_between_the_first_and_the_last_step(monkeypatch):
    given = context()
    monkeypatch.setattr(type(given), "on_gpu", True)
    bare = {"batch": 4, "pairs_per_second": 8.0}
    monkeypatch.setattr(loop, "largest_batch", lambda *arguments: bare)
    monkeypatch.setattr(loop, "_steps", lambda *arguments: [1.0, 2.0, 4.0])
    finding = next(loop.loop(given))
    assert finding.name == "r2plus1d, eager" and finding.data["bare"] == bare
    assert finding.data["pairs_per_second"] == 2.7 and finding.data["share_of_bare"] == 0.333


def test_fused_gradients_must_keep_the_thresholds_too():
    fine = {"loss": 1e-9, "gradient": 1e-9}
    wrong = {"loss": 1e-9, "gradient": 1.0}
    errors = {"cpu": fine, "device float64 fused": fine, "device float32 fused": wrong}
    assert parity.right(errors | {"device float32 fused": fine}, " fused")
    assert not parity.right(errors, " fused")


def test_videos_are_repeated_until_there_are_enough():
    clips = generated(3, 8, 8, 8, 0).at_least(7)
    assert len(clips) == 9 and clips.labels.tolist() == [0, 1, 0] * 3


@pytest.mark.parametrize(
    ("double", "single", "passed"),
    [
        (1e-9, 5e-5, True),
        (1e-9, 5e-3, False),
        (1e-9, float("nan"), False),
        (1e-5, 5e-5, False),
    ],
)
def test_gradients_agree_in_float64_and_err_ten_times_as_much_in_float32_at_most(
    monkeypatch, double, single, passed
):
    exact = torch.ones(100, dtype=torch.float64)
    errors = (0, 1e-5, double, single)
    taken = iter([parity.Step(1.0, exact * (1 + error)) for error in errors])
    monkeypatch.setattr(parity, "taken", lambda *arguments: next(taken))
    assert parity.step_finding(context(), "r2plus1d").passed is passed


def test_nearest_never_asks_a_video_of_the_same_group():
    features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    features = torch.nn.functional.normalize(features, dim=1)
    labels, groups = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    clips = Clips([torch.zeros(1)] * 4, labels, groups)
    # 0 and 1 would find each other; outside their group the nearest is 2, of the other class.
    # 2 finds 0 or 1 (wrong), 3 finds 2 (right).
    assert pretraining.nearest(features, clips) == 25


def test_generated_clips_are_functions_of_seed_epoch_and_video():
    clips, span = generated(4, 24, 20, 24, 0), Span(4, 2, 2)
    first = clips.drawn([(0, 1), (0, 3)], span, 7)
    again = clips.drawn([(0, 3)], span, 7)
    assert torch.equal(first.clips[1], again.clips[0])
    assert first.clips.shape == (2, 2, 3, 4, 20, 24)
    assert not torch.equal(clips.drawn([(1, 3)], span, 7).clips, again.clips)
    assert clips.some(6, span, 7).indices.tolist() == [0, 1, 2, 3, 0, 1]


def test_both_sizes_make_runs_for_both_backbones():
    for make in SIZES.values():
        size = make()
        runs = [moco(size.scale, name, "fame") for name in ("r2plus1d", "i3d")]
        assert all(run.merge is not None and run.merge.mask == "fame" for run in runs)
    paper = SIZES["paper"]()
    assert (paper.throughput_batch, paper.scale.pretrain.group) == (64, 8)
    assert [paper.scale.backbones[name].size for name in ("r2plus1d", "i3d")] == [112, 224]
