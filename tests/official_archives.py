"""The four datasets in miniature: archives and lists in exactly the official layouts.

Names and traps are the official ones: UCF101's zip is flat and spells HandstandPushups otherwise
than the lists; HMDB51 is a RAR of RARs, with brackets, ! # & ; in names; Diving48's names begin
with a hyphen; Kinetics-400's tars are flat, one is not compressed in spite of its name, one video
is corrupt and has a replacement, one is annotated but absent, one is in no list, and a class's
name holds spaces and brackets.
"""

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import av
import yaml
from rar_writer import entry, folder, rar

from fame.config.sources import SOURCES
from fame.config.worlds import WorldConfig
from fame.data.synthetic.world import render

PER_CLASS = {"train": 4, "test": 2}


def publish(web, place):
    """Put every archive on a server; returns the file of sources that points there."""
    films = Films()
    urls = {}
    for make in (ucf101, hmdb51, diving48, kinetics400):
        for (dataset, part), files in make(films, web).items():
            for name, content in files.items():
                urls[dataset, part] = web.put(f"{dataset}/{part}/{name}", content)
    return _sources(web, urls, place / "datasets.yaml")


def _sources(web, urls, path):
    """config/datasets.yaml with loopback addresses, and with sums where the real file has them."""
    data = yaml.safe_load(SOURCES.read_text())
    for name, dataset in data["datasets"].items():
        dataset["space"] = {"archives": 1_000_000, "videos": 1_000_000}
        for key, part in dataset["parts"].items():
            gone = dict(part["sources"][0], url=f"{web.url}/gone/{name}-{key}.zip")
            url = urls.get((name, key))
            if url is None:
                part["sources"] = [gone]
                continue
            source = dict(part["sources"][0], url=url)
            if source["sha256"]:
                content = web[url.removeprefix(web.url)].content
                source |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            several = len(part["sources"]) > 1
            part["sources"] = [gone, source] if several else [source]
    path.write_text(yaml.safe_dump(data, sort_keys=False))  # parts in their order
    return path


class Films:
    """Videos as bytes, each another one."""

    def __init__(self):
        world = yaml.safe_load((Path(__file__).parent / "workflow/micro.yaml").read_text())
        self._config = WorldConfig.model_validate(world["datasets"]["kinetics400"]["world"])
        self._number = 0

    def avi(self):
        """MPEG-4 in AVI, as UCF101 and HMDB51."""
        return self._encode("avi", "mpeg4")

    def mp4(self):
        """H.264 in MP4, as Kinetics-400 and Diving48."""
        return self._encode("mp4", "libx264")

    def _encode(self, container, codec):
        frames = render(self._config, 0, "train", self._number).frames
        self._number += 1
        out = io.BytesIO()
        with av.open(out, "w", format=container) as file:
            stream = file.add_stream(codec, rate=25)
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = "yuv420p"
            for frame in frames:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            file.mux(stream.encode(None))
        return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files, mode="w:gz"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def crlf(lines):
    return "".join(f"{line}\r\n" for line in lines).encode()


def ucf101(films, _):
    classes = ["ApplyEyeMakeup", "HandstandPushups"]
    listed = {"HandstandPushups": "HandStandPushups"}
    videos, train, test = {}, [], []
    for number, name in enumerate(classes, start=1):
        for group in (*range(8, 8 + PER_CLASS["train"]), *range(1, 1 + PER_CLASS["test"])):
            end = f"g{group:02d}_c01.avi"
            videos[f"UCF101/v_{name}_{end}"] = films.avi()
            path = f"{name}/v_{listed.get(name, name)}_{end}"
            (train if group > 7 else test).append(f"{path} {number}" if group > 7 else path)
    lists = {"classInd.txt": crlf(f"{n} {name}" for n, name in enumerate(classes, start=1))}
    for split in (1, 2, 3):
        lists[f"trainlist0{split}.txt"] = crlf(train)
        lists[f"testlist0{split}.txt"] = crlf(test)
    inside = {f"ucfTrainTestlist/{name}": content for name, content in lists.items()}
    return {
        ("ucf101", "lists"): {"UCF101TrainTestSplits-RecognitionTask.zip": zipped(inside)},
        ("ucf101", "videos"): {"UCF101_videos.zip": zipped({"UCF101/": b"", **videos})},
    }


def hmdb51(films, _):
    odd = ("Best_Of_(HQ)!!!", "Prelinger_#2_&_more;", "[RAW]_-_April+May", "_~60fps@home_")
    inner, lists = [], []
    for name in ("brush_hair", "wave"):
        sides = [(film, 1) for film in odd] + [
            ("50_FIRST_DATES", 2),
            ("AdamsApple", 2),
            ("Rest", 0),
        ]
        files = {f"{film}_{name}_u_cm_np1_fr_med_0.avi": tag for film, tag in sides}
        entries = [entry(f"{name}/{file}", films.avi()) for file in files]
        inner.append(entry(f"{name}.rar", rar([folder(name), *entries])))
        text = "".join(f"{file} {tag} \n" for file, tag in files.items()).encode()
        lists += [
            entry(f"testTrainMulti_7030_splits/{name}_test_split{split}.txt", text)
            for split in (1, 2, 3)
        ]
    return {
        ("hmdb51", "lists"): {
            "test_train_splits.rar": rar([folder("testTrainMulti_7030_splits"), *lists])
        },
        ("hmdb51", "videos"): {"hmdb51_org.rar": rar(inner)},
    }


def diving48(films, _):
    vocabulary = [["Back", "15som", "05Twis", "FREE"], ["Inward", "35som", "NoTwis", "TUCK"]]
    clips, videos = {"train": [], "test": []}, {}
    for label in range(2):
        for side, count in PER_CLASS.items():
            for number in range(count):
                name = f"-mwTsdWh{side[1]}{label}I_{number:05d}"
                videos[f"rgb/{name}.mp4"] = films.mp4()
                frames = {"start_frame": 0, "end_frame": 16}
                clips[side].append({"vid_name": name, "label": label, **frames})
    vocabulary.append(["Reverse", "Dive", "NoTwis", "PIKE"])  # which no clip shows
    return {
        ("diving48", "train-list"): {"Diving48_V2_train.json": json.dumps(clips["train"]).encode()},
        ("diving48", "test-list"): {"Diving48_V2_test.json": json.dumps(clips["test"]).encode()},
        ("diving48", "vocabulary"): {"Diving48_vocab.json": json.dumps(vocabulary).encode()},
        ("diving48", "videos"): {"Diving48_rgb.tar.gz": tarred(videos)},
    }


KINETICS_CLASSES = ("arm wrestling", "passing American football (in game)")


def kinetics400(films, web):
    """Lists name one video more than there is; the archives hold one that no list names."""
    rows, files = {"train": [], "val": []}, {"train": {}, "val": {}}
    for label, name in enumerate(KINETICS_CLASSES):
        for side, count in (("train", 4), ("val", 2)):
            for number in range(count):
                youtube_id = f"_-{side}{label}"[:9].ljust(9, "x") + f"{number:02d}"
                rows[side].append(f'"{name}",{youtube_id},{number},{number + 10},{side},0')
                files[side][f"{youtube_id}_{number:06d}_{number + 10:06d}.mp4"] = films.mp4()
    rows["train"].append('"arm wrestling",gonegonegon,5,15,train,0')
    corrupt = next(iter(files["train"]))
    mended = {f"replacement_for_corrupted_k400/{corrupt}": files["train"][corrupt]}
    files["train"] |= {corrupt: b"no video", "inNoList___x_000000_000010.mp4": films.mp4()}
    found = {
        ("kinetics400", "replacements"): {"replacement_for_corrupted_k400.tgz": tarred(mended)}
    }
    for side in ("train", "val"):
        text = "\n".join(["label,youtube_id,time_start,time_end,split,is_cc", *rows[side], ""])
        found["kinetics400", f"{side}-list"] = {f"{side}.csv": text.encode()}
        found["kinetics400", side] = {
            f"k400_{side}_path.txt": "\n".join(_parts(files[side], side, web)).encode()
        }
    return found


def _parts(files, side, web):
    """Put a split's tars on the server, half of the files in each; returns their addresses."""
    names = sorted(files)
    halves = {"part_0": names[::2], "part_1": names[1::2]}
    return [
        web.put(
            f"kinetics400/{side}/{part}.tar.gz",
            tarred({name: files[name] for name in half}, "w" if part == "part_1" else "w:gz"),
        )
        for part, half in halves.items()
    ]
