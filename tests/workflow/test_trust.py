"""What must hold in every file: nothing unpickles code, nothing reaches a shell unquoted."""

import ast
import re

import pytest
from micro_world import ROOT

SOURCES = sorted([*(ROOT / "fame").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])
RULES = sorted([*(ROOT / "workflow" / "rules").glob("*.smk"), ROOT / "Snakefile"])
HARMLESS = re.compile(r"threads|resources\.\w+")
"""Numbers."""

UNSAFE_CALLS = {
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "joblib.load", "pd.read_pickle"),
    *("os.system", "os.popen", "eval", "exec", "yaml.load", "yaml.unsafe_load", "shelve.open"),
}


def calls(source):
    """Every call in a file: its dotted name, its keyword arguments, its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {k.arg: k.value for k in node.keywords}, node.lineno


def faults(source):
    """What a file does that could run a stranger's code."""
    for name, keywords, line in calls(source):
        wanted = {key: ast.unparse(value) for key, value in keywords.items()}
        if name in UNSAFE_CALLS:
            yield f"{line}: {name}"
        if name == "torch.load" and wanted.get("weights_only") != "True":
            yield f"{line}: torch.load without weights_only=True"
        if name in {"np.load", "numpy.load"} and wanted.get("allow_pickle", "False") != "False":
            yield f"{line}: np.load with allow_pickle"
        if wanted.get("shell", "False") != "False":
            yield f"{line}: a command through a shell"


def unquoted(rules):
    """What shell commands of rules take in without quotes."""
    for command in re.findall(r"^    shell:\n((?:        .*\n)+)", rules, flags=re.MULTILINE):
        for inserted in re.findall(r"\{([^{}]+)\}", command):
            if not inserted.endswith(":q") and not HARMLESS.fullmatch(inserted):
                yield inserted
        yield from re.findall(r'(?<!["\w])\$\w+', command)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_runs_a_strangers_code(path):
    assert list(faults(path.read_text())) == []


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_quote_all_that_they_insert(path):
    assert list(unquoted(path.read_text())) == []


@pytest.mark.parametrize(
    "line",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "pickle.load(file)",
        "subprocess.run(command, shell=True)",
        "os.system(command)",
    ],
)
def test_the_search_finds(line):
    assert len(list(faults(line))) == 1


def test_the_search_finds_what_is_unquoted():
    rule = 'rule a:\n    shell:\n        "x {input} {output:q} {threads}"\n        " --s $SCALE"\n'
    assert list(unquoted(rule)) == ["input", "$SCALE"]
    assert list(unquoted(rule.replace("{input}", "y").replace("$SCALE", "'\"$SCALE\"'"))) == []
