"""The mini study (docs/mini_study.md): settings from validation worlds, results from sealed ones.

    python -m benchmarks.mini_study world       --work study   # how much the background helps
    python -m benchmarks.mini_study search      --work study   # every arm, every candidate
    python -m benchmarks.mini_study finetuning  --work study   # a protocol for all arms
    python -m benchmarks.mini_study final       --work study   # sealed worlds, what was chosen
    python -m benchmarks.mini_study ablations   --work study   # sealed worlds, FAME otherwise
    python -m benchmarks.mini_study real        --work study   # filmed clips
    python -m benchmarks.mini_study report      --work study   # choices, tests, pictures

Each stage is a few calls of the workflow in folders of their own, so a stage that was stopped goes
on where it was, and one that is finished does nothing. A stage refuses to begin before the one that
it rests on is complete, here or (`--known`) elsewhere. `report` tells of what there is.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.study import background, choice, pictures, plan, reuse, rows, values, verdicts
from fame.core.errors import FameError
from fame.core.files import write_json

ROOT = Path(__file__).resolve().parents[1]


def run(study: plan.Plan, stage: str, work: Path, known: Path | None = None) -> int:
    """Run a stage to its end; returns the first exit status that is not 0."""
    environment = clips() if study.stages[stage].filmed else dict(os.environ)
    for batch in choice.batches(study, stage, values.collect(work, known)):
        folder = work / stage / batch.name
        scale, tables = plan.prepare(study, stage, batch, folder)
        reuse.take_over(folder)
        wanted = [f"results/{plan.named(task)}.csv" for task in study.stages[stage].tasks]
        wanted += ["results/bias.csv"] if study.stages[stage].bias else []
        print(f"{stage}: {batch.name}", flush=True)
        status = subprocess.call(command(wanted, scale, tables, folder), cwd=ROOT, env=environment)
        if status:
            return status
        backgrounds = study.stages[stage].background
        if backgrounds and not any((work / stage).glob(f"*/{background.NAME}")):
            # Once a stage: all its batches have the same evaluation videos.
            write_json(folder / background.NAME, background.measure(folder, backgrounds))
    return 0


def clips() -> dict[str, str]:
    """The environment, with the folders of filmed clips and lists that the scale files ask for.

    Raises:
        FameError: a folder is not there.
    """
    shared = ROOT.parent / "shared"
    found = {
        "FAME_CLIPS": os.environ.get("FAME_CLIPS", str(shared / "videos")),
        "FAME_LISTS": os.environ.get("FAME_LISTS", str(shared / "annotations")),
    }
    found["OWN_VIDEOS"] = os.environ.get("OWN_VIDEOS", f"{found['FAME_CLIPS']}/weizmann")
    for name, folder in found.items():
        if not Path(folder).is_dir():
            raise FameError(f"stage real reads filmed clips, and there is no {folder}; set {name}")
    return {**os.environ, **{name: str(Path(it).resolve()) for name, it in found.items()}}


def command(wanted: Sequence[str], scale: Path, tables: Path, folder: Path) -> list[str]:
    """One call of the workflow."""
    words = ["run", *wanted, "--quiet", "rules", "--scale", scale.resolve()]
    words += ["--tables", tables.resolve(), "--directory", folder.resolve()]
    words += ["--snakefile", ROOT / "Snakefile"]
    return [sys.executable, "-m", "fame", *map(str, words)]


def report(study: plan.Plan, work: Path, out: Path, known: Path | None = None) -> None:
    """Print what was measured, chosen and found, and write it down: two CSV files, and pictures."""
    found = values.collect(work, known)
    out.mkdir(parents=True, exist_ok=True)
    found.to_csv(out / "mini_study.csv", index=False, float_format="%.4g")
    for stage in plan.STAGES:
        part = found[found["stage"] == stage]
        if len(part):
            several = part["settings"].nunique() > 1 and stage in {"search", "finetuning"}
            shown = summary(part).to_string() if several else rows.markdown(study, part, stage)
            print(f"\n== {stage}\n{shown}")
    for title, rule in (
        ("each arm's own settings", choice.pretraining),
        ("settings for mini", choice.shared),
        ("finetuning", choice.finetuning),
    ):
        try:
            print(f"\n{title}: {rule(study, found)}")
        except FameError as error:
            print(f"\n{title}: not chosen ({error})")
    draw(study, found, out)
    stages = set(found["stage"])
    if "final" in stages:
        lists = {"primary": list(study.primary), "secondary": verdicts.secondary(study)}
        tests = [verdicts.judge(found, pairs).assign(list=name) for name, pairs in lists.items()]
        if "real" in stages:
            tests.append(verdicts.effects(found, verdicts.filmed(study)).assign(list="filmed"))
        judged = pd.concat(tests, ignore_index=True)
        judged.to_csv(out / "mini_study_tests.csv", index=False, float_format="%.4g")
        print(f"\n{judged.to_string()}")


def draw(study: plan.Plan, found: pd.DataFrame, out: Path) -> None:
    """A picture of each stage that has one and has begun."""
    begun = set(found["stage"])
    if "search" in begun:
        pictures.search(study, found, out / "mini_study_search")
    if "ablations" in begun:
        pictures.ablations(study, found, out / "mini_study_ablations")
    for stage in begun & {"final", "real"}:
        pictures.outcome(study, found, stage, out / f"mini_study_{stage}")


def summary(part: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation and number of seeds of each arm and cell."""
    groups = part.groupby(["cell", "settings", "arm"], sort=False)["value"]
    return groups.agg(["mean", "std", "count"]).round(1)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", choices=[*plan.STAGES, "report"])
    parser.add_argument("--work", type=Path, default=Path("study"), help="a folder for all of it")
    parser.add_argument("--out", type=Path, help="where `report` writes; by default WORK/report")
    parser.add_argument(
        "--known", type=Path, help="numbers of stages that ran elsewhere: docs/mini_study.csv"
    )
    chosen = parser.parse_args()
    study = plan.load()
    try:
        if chosen.stage != "report":
            return run(study, chosen.stage, chosen.work, chosen.known)
        report(study, chosen.work, chosen.out or chosen.work / "report", chosen.known)
    except FameError as error:
        print(f"mini_study: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
