"""The soak's own judgement: what counts as a difference, whom it can kill. It is not run here."""

import itertools
import json
import random
import signal
import subprocess
import sys

import psutil

from benchmarks import soak


def product(place, name, content):
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def table(place, seconds, top1=50.0):
    details = {"seconds": seconds, "epoch": 2}
    result = {"metrics": {"top1": top1}, "details": details}
    product(place, "results/table5.csv", "a,b\n")
    product(place, "results/table5.log", str(seconds))
    product(place, "results/micro/evaluate/r/u/finetune.json", json.dumps(result))
    product(place, "results/micro/evaluate/r/u/finetune.work/metrics.jsonl", str(seconds))
    product(place, "results/micro/pretrain/r/encoder.safetensors", "weights")
    return place


def test_only_times_may_differ(tmp_path):
    expected = soak.digests(table(tmp_path / "calm", 1.0))
    assert len(expected) == 3
    assert soak.compare(table(tmp_path / "same", 2.0), expected) == []
    name = "results/micro/evaluate/r/u/finetune.json"
    assert soak.compare(table(tmp_path / "other", 1.0, 60.0), expected) == [f"other/{name}"]


def test_a_product_that_is_missing_is_a_difference(tmp_path):
    expected = soak.digests(table(tmp_path / "calm", 1.0))
    (table(tmp_path / "other", 1.0) / "results/table5.csv").unlink()
    assert soak.compare(tmp_path / "other", expected) == ["other/results/table5.csv"]


def test_a_strike_kills_one_of_the_kind_that_it_names(tmp_path):
    code = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"
    (tmp_path / "fame.py").write_text("print('ready', flush=True); import time; time.sleep(600)")
    words = [sys.executable, "-c", code, "-m", "fame"]
    master = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert master.stdout.readline() == "ready\n"
        victims = soak.victims(psutil.Process(master.pid))
        (trainer,) = victims["trainer"]
        assert victims["worker"] == [] and victims["snakemake"][0].pid == master.pid
        chance = random.Random(0)
        chance.choice = lambda items: "trainer" if "trainer" in items else items[0]
        assert soak.strike(psutil.Process(master.pid), chance) == "trainer"
        assert master.wait(60) == 0 and not trainer.is_running()
    finally:
        master.send_signal(signal.SIGKILL)
        master.wait()
        master.stdout.close()


def test_a_soak_goes_on_where_it_stopped(tmp_path, monkeypatch):
    """With a table that is made by a shell: kills are faked, starts are real processes."""
    ended, strikes = tmp_path / "ended", itertools.count(1)
    script = f"until [ -e '{ended}' ]; do sleep 0.02; done; rm '{ended}'"

    def command(place, scale):
        return ["true"] if place.name == "undisturbed" else ["sh", "-c", script]

    def strike(master, chance):
        if next(strikes) % 2 == 0:  # a table lasts until it has had its two
            ended.touch()
        return chance.choice(soak.KINDS)

    monkeypatch.setattr(soak, "micro", lambda work: work / "micro.yaml")
    monkeypatch.setattr(soak, "command", command)
    monkeypatch.setattr(soak, "JOBS", 0.0)
    monkeypatch.setattr(soak, "strike", strike)
    first = soak.soak(tmp_path, kills=3, each=2, pause=0.001, seed=1)
    assert first.total == 4 and first.differences == first.manual_steps == []
    again = soak.soak(tmp_path, kills=first.total, each=2, pause=0.001, seed=9)
    assert again == first and again.seed == 1
    more = soak.soak(tmp_path, kills=first.total + 1, each=2, pause=0.001, seed=1)
    assert more.total == first.total + 2 and more.tables == first.tables + 1


def test_a_command_that_fails_by_itself_is_a_manual_step(tmp_path, monkeypatch):
    monkeypatch.setattr(soak, "command", lambda place, scale: ["false"])
    record = soak.Record(left=0)
    soak.disturbed(tmp_path, tmp_path, 1.0, random.Random(0), record, tmp_path / "soak.json")
    assert record.manual_steps == [f"{tmp_path}: exit status 1 with nothing killed"]
