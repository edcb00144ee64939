"""Whole datasets from a loopback server: parts, marks, resumption, consent."""

import hashlib
import json
import shutil
from collections import namedtuple

import pytest
import yaml
from loopback import Fault
from official_archives import tarred, zipped
from rar_writer import entry, rar

from fame.acquire import part as part_module
from fame.acquire.dataset import Places, acquire, missing_parts
from fame.acquire.download import Patience
from fame.acquire.part import Settings, addresses
from fame.acquire.provide import provide
from fame.config.datasets import Folder
from fame.config.reading import load_scale
from fame.config.sources import DatasetSource, load_sources
from fame.core.errors import FameError

QUICK = Settings(Patience(attempts=2, wait=0, timeout=5), progress=False)
TOY = {
    "title": "Toy",
    "page": "here",
    "licence": "none",
    "terms": "be kind",
    "citation": "us",
    "missing": "nothing",
    "classes": 2,
    "counts": {1: {"train": 1, "test": 1}},
    "space": {"archives": 1000, "videos": 1000},
}
LIMITS = {"bytes": 100_000, "files": 100, "ratio": 20}
CSV = "label,youtube_id,time_start,time_end,split\n"


def part(into, kind, *urls, known=None, **more):
    settings = {"into": into, "wanted": True, "replaces": False, "keep": True, "limits": LIMITS}
    size = len(known) if known else None
    digest = hashlib.sha256(known).hexdigest() if known else None
    sources = [{"url": url, "format": kind, "size": size, "sha256": digest} for url in urls]
    return settings | {"sources": sources} | more


def toy(parts):
    return DatasetSource.model_validate(TOY | {"parts": parts})


def tree(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    inside = (path.relative_to(folder) for path in files)
    return sorted(path.as_posix() for path in inside if ".fame" not in path.parts)


UCF_LISTS = {
    "ucfTrainTestlist/classInd.txt": b"1 Archery\r\n",
    "ucfTrainTestlist/trainlist01.txt": b"Archery/v_Archery_g08_c01.avi 1\r\n",
    "__MACOSX/ucfTrainTestlist/._classInd.txt": b"x",
}
UCF_VIDEOS = {
    "UCF101/v_Archery_g08_c01.avi": b"a" * 50,
    "UCF101/v_HandstandPushups_g01_c01.avi": b"b" * 50,
    "UCF101/Thumbs.db": b"x",
}


@pytest.fixture
def ucf(web):
    """UCF101 as its zip mirror has it, flat."""
    lists, videos = zipped(UCF_LISTS), zipped(UCF_VIDEOS)
    return toy(
        {
            "videos": part("videos", "zip", web.put("v.zip", videos), known=videos),
            "lists": part("annotations", "zip", web.put("l.zip", lists), known=lists),
        }
    )


def run(name, source, folder, **more):
    return acquire(name, source, Places.below(folder), settings=QUICK, **more)


def test_ucf101_zip_comes_out_in_class_folders(web, ucf, tmp_path):
    records = run("ucf101", ucf, tmp_path)
    assert tree(tmp_path / "videos") == [
        "Archery/v_Archery_g08_c01.avi",
        "HandstandPushups/v_HandstandPushups_g01_c01.avi",
    ]
    assert tree(tmp_path / "annotations") == ["classInd.txt", "trainlist01.txt"]
    assert [record["part"] for record in records] == ["lists", "videos"]
    (archive,) = records[1]["archives"]
    assert (archive["files"], archive["left"]) == (2, ["UCF101/Thumbs.db"])
    assert archive["sha256"] == ucf.parts["videos"].sources[0].sha256
    assert [path for path, *_ in web.requests] == ["/l.zip", "/v.zip"]


def test_the_same_again_asks_for_nothing(web, ucf, tmp_path):
    run("ucf101", ucf, tmp_path)
    web.requests.clear()
    shutil.rmtree(tmp_path / "archives")
    assert run("ucf101", ucf, tmp_path) == []
    assert web.requests == []


def test_what_the_user_has_is_not_downloaded(web, ucf, tmp_path):
    for file in ("videos/Archery/v_Archery_g08_c01.avi", "annotations/classInd.txt"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    assert missing_parts("ucf101", ucf, Places.below(tmp_path)) == []
    assert run("ucf101", ucf, tmp_path) == []
    assert web.requests == []


def test_videos_without_lists_get_lists_only(web, ucf, tmp_path):
    (tmp_path / "videos/Archery").mkdir(parents=True)
    (tmp_path / "videos/Archery/v_Archery_g08_c01.avi").touch()
    run("ucf101", ucf, tmp_path)
    assert [path for path, *_ in web.requests] == ["/l.zip"]
    assert run("ucf101", ucf, tmp_path) == []


def test_videos_and_lists_may_share_a_folder(web, ucf, tmp_path):
    (tmp_path / "v_Archery_g08_c01.avi").touch()
    acquire("ucf101", ucf, Places(tmp_path, tmp_path, tmp_path / "archives"), settings=QUICK)
    assert [path for path, *_ in web.requests] == ["/l.zip"]


def test_a_single_list_may_stand_for_the_folder(web, ucf, tmp_path):
    (tmp_path / "train.csv").touch()
    places = Places(tmp_path / "videos", tmp_path / "train.csv", tmp_path / "archives")
    assert [task.name for task in missing_parts("ucf101", ucf, places)] == ["videos"]


def test_after_a_dead_link_videos_can_be_put_there_by_hand(web, ucf, tmp_path):
    del web["/v.zip"]
    with pytest.raises(FameError, match="HTTP 404"):
        run("ucf101", ucf, tmp_path)
    (tmp_path / "videos").mkdir(exist_ok=True)
    (tmp_path / "videos/v_Archery_g08_c01.avi").touch()
    assert run("ucf101", ucf, tmp_path) == []


def test_after_a_dead_link_the_archive_can_be_put_there_by_hand(web, ucf, tmp_path):
    content = web.pop("/v.zip").content
    with pytest.raises(FameError, match=r"put it into .*archives/videos as v\.zip"):
        run("ucf101", ucf, tmp_path)
    (tmp_path / "archives/videos/v.zip").write_bytes(content)
    run("ucf101", ucf, tmp_path)
    assert len(tree(tmp_path / "videos")) == 2


def test_an_interrupted_acquisition_goes_on(web, ucf, tmp_path, monkeypatch):
    real = part_module.unpack

    def dying(job):
        if job.archive.name == "v.zip":
            (job.draft / "Archery").mkdir(parents=True)
            raise KeyboardInterrupt
        return real(job)

    monkeypatch.setattr(part_module, "unpack", dying)
    with pytest.raises(KeyboardInterrupt):
        run("ucf101", ucf, tmp_path)
    assert tree(tmp_path / "videos") == []
    monkeypatch.setattr(part_module, "unpack", real)
    web.requests.clear()
    run("ucf101", ucf, tmp_path)
    assert len(tree(tmp_path / "videos")) == 2
    assert web.requests == []  # the archive was there


def test_hmdb51_is_a_rar_of_rars(web, tmp_path):
    one = rar([entry("wave/A_(Film)!_wave_u_1.avi", b"1"), entry("wave/B_#&_wave_u_2.avi", b"2")])
    two = rar([entry("brush_hair/C_brush_hair_u_3.avi", b"3")])
    outer = rar([entry("wave.rar", one), entry("brush_hair.rar", two), entry("readme.txt", b"x")])
    lists = rar(
        [entry("testTrainMulti_7030_splits/wave_test_split1.txt", b"A_(Film)!_wave_u_1.avi 1\r\n")]
    )
    source = toy(
        {
            "lists": part("annotations", "rar", web.put("splits.rar", lists)),
            "videos": part("videos", "rars", web.put("org.rar", outer)),
        }
    )
    records = run("hmdb51", source, tmp_path)
    assert tree(tmp_path / "videos") == [
        "brush_hair/C_brush_hair_u_3.avi",
        "wave/A_(Film)!_wave_u_1.avi",
        "wave/B_#&_wave_u_2.avi",
    ]
    lists = tree(tmp_path / "annotations")
    assert lists == ["testTrainMulti_7030_splits/wave_test_split1.txt"]
    assert records[1]["archives"][0]["left"] == ["readme.txt"]
    assert not list((tmp_path / "archives/videos").glob("*.inner"))


def test_a_hostile_rar_within_a_rar_is_refused_too(web, tmp_path):
    inner = rar([entry("wave/../../../up_wave_u_1.avi", b"1")])
    outer = rar([entry("wave.rar", inner)])
    source = toy({"videos": part("videos", "rars", web.put("org.rar", outer))})
    with pytest.raises(FameError, match=r"wave\.rar: the entry .* leads out"):
        run("hmdb51", source, tmp_path)
    assert tree(tmp_path / "videos") == []


def test_a_damaged_rar_within_a_rar_is_named_and_can_be_replaced(web, tmp_path):
    good = rar([entry("wave/a_wave_u_1.avi", b"1" * 99)])
    url = web.put("org.rar", rar([entry("wave.rar", good[:-60])]))
    source = toy({"videos": part("videos", "rars", url)})
    with pytest.raises(FameError, match=r"wave\.rar.* is damaged"):
        run("hmdb51", source, tmp_path)
    web.put("org.rar", rar([entry("wave.rar", good)]))
    (tmp_path / "archives/videos/org.rar").unlink()
    run("hmdb51", source, tmp_path)
    assert tree(tmp_path / "videos") == ["wave/a_wave_u_1.avi"]


def test_diving48_keeps_its_folder_and_its_lists_are_plain_files(web, tmp_path):
    videos = tarred({"./rgb/a_00001.mp4": b"1", "./rgb/a_00002.mp4": b"2"})
    url = web.put("Diving48_vocab.json", b"[]")
    source = toy(
        {
            "vocabulary": part("annotations", "file", url),
            "videos": part("videos", "tar", web.put("rgb.tar.gz", videos)),
        }
    )
    run("diving48", source, tmp_path)
    assert tree(tmp_path / "videos") == ["rgb/a_00001.mp4", "rgb/a_00002.mp4"]
    assert tree(tmp_path / "annotations") == ["Diving48_vocab.json"]


A, B, C, D = (f"{letter * 11}_000001_000011" for letter in "ABCD")


@pytest.fixture
def kinetics(web):
    """Three tars, one of them not compressed, and replacements in a folder of their own."""
    rows = "".join(
        f'"air drumming",{c * 11},1,11,train\n' if c != "C" else "zumba,CCCCCCCCCCC,1,11,train\n"
        for c in "ABC"
    )
    tars = [
        web.put("train/part_0.tar.gz", tarred({f"{A}.mp4": b"corrupt", f"./{D}.mp4": b"4"})),
        web.put("train/part_1.tar.gz", tarred({f"{B}.mp4": b"2"}, "w")),
        web.put("train/part_2.tar.gz", tarred({f"{C}.mp4": b"3"})),
    ]
    listing = web.put("train/paths.txt", "\r\n".join(tars).encode())
    mended = web.put("mended.tgz", tarred({f"replacement_for_corrupted_k400/{A}.mp4": b"whole"}))
    csv = web.put("train.csv", (CSV + rows).encode())
    return toy(
        {
            "train-list": part("annotations", "file", csv),
            "train": part("videos", "tars", listing, keep=False),
            "test": part("videos", "tars", f"{web.url}/none.txt", wanted=False),
            "replacements": part("videos", "tar", mended, keep=False, replaces=True),
        }
    )


KINETICS = [
    f"train/air drumming/{A}.mp4",
    f"train/air drumming/{B}.mp4",
    f"train/zumba/{C}.mp4",
    f"unnamed/train/{D}.mp4",
]


def test_kinetics400_is_sorted_by_its_lists_and_mended(kinetics, tmp_path):
    run("kinetics400", kinetics, tmp_path)
    assert tree(tmp_path / "videos") == KINETICS
    assert (tmp_path / "videos" / KINETICS[0]).read_bytes() == b"whole"
    left = [path.name for path in (tmp_path / "archives").rglob("*") if path.is_file()]
    assert sorted(left) == [".lock"] * 3 + ["train.csv", "train.csv.json"]  # not to be kept


def test_archives_that_failed_are_tried_again_and_the_others_are_not(web, kinetics, tmp_path):
    web["/train/part_1.tar.gz"].always = Fault(status=404)
    with pytest.raises(FameError, match=r"train: 1 of 3 archives failed, .*part_1.*HTTP 404"):
        run("kinetics400", kinetics, tmp_path)
    assert len(tree(tmp_path / "videos")) == 3
    web["/train/part_1.tar.gz"].always = Fault()
    web.requests.clear()
    run("kinetics400", kinetics, tmp_path)
    assert tree(tmp_path / "videos") == KINETICS
    asked = {path for path, *_ in web.requests}
    assert asked == {"/train/part_1.tar.gz", "/mended.tgz"}


def test_an_archive_that_the_user_brought_is_not_deleted(kinetics, tmp_path, web):
    brought = tmp_path / "archives/train/part_2.tar.gz"
    brought.parent.mkdir(parents=True)
    brought.write_bytes(web["/train/part_2.tar.gz"].content)
    run("kinetics400", kinetics, tmp_path)
    assert brought.is_file()
    assert web.asked("train/part_2.tar.gz") == []


def test_parts_can_be_named(web, kinetics, tmp_path):
    run("kinetics400", kinetics, tmp_path, parts=("train-list",))
    assert tree(tmp_path / "annotations") == ["train.csv"]
    assert not (tmp_path / "videos").exists()
    with pytest.raises(FameError, match="did you mean 'train'"):
        run("kinetics400", kinetics, tmp_path, parts=("trian",))


def test_kinetics400_without_a_place_for_lists_is_refused(kinetics, tmp_path):
    places = Places(tmp_path / "videos", None, tmp_path / "archives")
    with pytest.raises(FameError, match="folder of annotations"):
        acquire("kinetics400", kinetics, places, settings=QUICK)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no archive"),
        ("ftp://host/a.tar", "line 1: 'ftp"),
        ("http://host/\n", "name of a file"),
        ("http://host/../..", "name of a file"),
        ("http://a/x.tar\nhttp://b/x.tar", "line 2: a second x.tar"),
        ("<html>", "not an http"),
    ],
)
def test_lists_of_addresses_are_checked(tmp_path, text, words):
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(FameError, match=words):
        addresses(tmp_path / "list.txt")


def test_an_archive_of_something_else_is_refused(web, tmp_path):
    url = web.put("v.zip", zipped({"notes.txt": b"x"}))
    with pytest.raises(FameError, match="contains none of the expected files"):
        run("ucf101", toy({"videos": part("videos", "zip", url)}), tmp_path)


def test_a_dataset_that_will_not_fit_is_refused_before_its_first_byte(
    web, ucf, tmp_path, monkeypatch
):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 256 * 2**20 + 1999))
    with pytest.raises(FameError, match="Toy needs 2 kB"):
        run("ucf101", ucf, tmp_path)
    assert web.requests == []


# What the workflow asks.


class Scale:
    """As much of a scale as `provide` looks at."""

    def __init__(self, folder, kind="ucf101", annotations=True):
        lists = str(folder / "annotations") if annotations else None
        self.seeds = (0,)
        self.datasets = {
            "mine": Folder.model_validate(
                {
                    "kind": kind,
                    "title": "T",
                    "root": str(folder / "videos"),
                    "annotations": lists,
                    "split": 1,
                    "missing": "error",
                    "tolerance": 0,
                    "verify": {"frames": "all", "seconds": 60},
                    "prepare": None,
                }
            )
        }


def test_nothing_is_downloaded_before_the_terms_are_accepted(web, ucf, tmp_path):
    with pytest.raises(FameError, match=r"files are missing .* `fame acquire ucf101`, and if"):
        provide(Scale(tmp_path), "mine", {"ucf101": ucf}, set(), QUICK)
    assert web.requests == []
    record = provide(Scale(tmp_path), "mine", {"ucf101": ucf}, {"ucf101"}, QUICK)
    assert [done["part"] for done in record["downloaded"]] == ["lists", "videos"]
    assert record["root"] == str(tmp_path / "videos")
    json.dumps(record)
    again = provide(Scale(tmp_path), "mine", {"ucf101": ucf}, set(), QUICK)
    assert again == record | {"downloaded": []}


def test_terms_of_a_dataset_that_does_not_exist(ucf, tmp_path):
    with pytest.raises(FameError, match="accept_terms: unknown key ucf1001; did you mean"):
        provide(Scale(tmp_path), "mine", {"ucf101": ucf}, {"ucf1001"}, QUICK)


def test_a_dataset_without_lists_needs_none(kinetics, tmp_path):
    (tmp_path / "videos/train/zumba").mkdir(parents=True)
    (tmp_path / f"videos/train/zumba/{C}.mp4").touch()
    scale = Scale(tmp_path, "kinetics400", annotations=False)
    record = provide(scale, "mine", {"kinetics400": kinetics}, set(), QUICK)
    assert record["downloaded"] == []


def test_a_mini_world_is_not_provided():
    mini = load_scale("mini")
    with pytest.raises(FameError, match="mini world"):
        provide(mini, f"ucf101-w{mini.seeds[0]}", {}, set(), QUICK)


def test_lists_that_are_missing_can_be_done_without_for_kinetics400_only(kinetics, ucf, tmp_path):
    (tmp_path / "videos/train/zumba").mkdir(parents=True)
    (tmp_path / f"videos/train/zumba/{C}.mp4").touch()
    with pytest.raises(FameError, match=r"lists are missing .* set annotations to null"):
        provide(Scale(tmp_path, "kinetics400"), "mine", {"kinetics400": kinetics}, set(), QUICK)
    with pytest.raises(FameError, match="lists are missing") as caught:
        provide(Scale(tmp_path), "mine", {"ucf101": ucf}, set(), QUICK)
    assert "null" not in str(caught.value)


# The file itself.


def test_the_file_of_sources_is_complete():
    sources = load_sources()
    assert set(sources) == {"ucf101", "hmdb51", "diving48", "kinetics400"}
    for source in sources.values():
        assert {part.into for part in source.parts.values()} == {"videos", "annotations"}
        for part in source.parts.values():
            formats = {one.format == "tars" for one in part.sources}
            assert len(formats) == 1  # a list of archives has no other kind of mirror
            assert all(one.size or part.limits.bytes >= 0 for one in part.sources)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "file:///etc/passwd"}, "not an http"),
        ({"url": "https://host/folder/"}, "name of a file"),
        ({"url": "https://host/.hidden"}, "name of a file"),
        ({"url": "https://host/a%2Fb.zip"}, "name of a file"),
        ({"sha256": "abc"}, "sha256"),
        ({"size": 0}, "size"),
        ({"format": "7z"}, "format"),
        ({"sha": None}, "did you mean 'sha256'"),
    ],
)
def test_a_bad_source_is_named(tmp_path, change, words):
    source = {"url": "https://host/a.zip", "format": "zip", "size": None, "sha256": None} | change
    settings = part("videos", "zip") | {"sources": [source]}
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump({"datasets": {"ucf101": TOY | {"parts": {"v": settings}}}}))
    with pytest.raises(FameError, match=words):
        load_sources(path)
