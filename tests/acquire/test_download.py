"""Downloads over a line that drops, truncates, lies and comes back."""

import hashlib
import logging
import shutil
import time
from collections import namedtuple

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import Fault, serving

from fame.acquire.download import Patience
from fame.acquire.fetch import fetch
from fame.config.sources import Source
from fame.core.errors import FameError

CONTENT = bytes(range(256)) * 4000
SIZE = len(CONTENT)
SUM = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(attempts=3, wait=0, timeout=5)


def source(url, size=SIZE, sha256=SUM):
    return Source(url=url, format="file", size=size, sha256=sha256)


def get(folder, *sources):
    return fetch(sources, folder, patience=QUICK, progress=False)


def refusal(folder, *sources):
    with pytest.raises(FameError) as caught:
        get(folder, *sources)
    return str(caught.value)


def test_a_whole_file_arrives_and_is_recorded(web, tmp_path):
    fetched = get(tmp_path, source(web.put("a.zip", CONTENT)))
    assert fetched.path == tmp_path / "a.zip"
    assert fetched.path.read_bytes() == CONTENT
    assert (fetched.sha256, fetched.ours) == (SUM, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "a.zip.json"]


def test_a_file_that_is_there_is_not_asked_for(web, tmp_path):
    (tmp_path / "a.zip").write_bytes(CONTENT)
    fetched = get(tmp_path, source(web.put("a.zip", b"")))
    assert (fetched.sha256, fetched.ours) == (SUM, False)
    assert web.requests == []


def test_a_dropped_connection_goes_on_where_it_was(web, tmp_path):
    url = web.put("a.zip", CONTENT, faults=[Fault(after=300_000), Fault(after=200_000)])
    assert get(tmp_path, source(url)).path.read_bytes() == CONTENT
    assert web.asked("a.zip") == [None, "bytes=300000-", "bytes=500000-"]


def test_without_a_sum_it_begins_anew(web, tmp_path):
    url = web.put("a.zip", CONTENT, faults=[Fault(after=300_000)])
    assert get(tmp_path, source(url, None, None)).path.read_bytes() == CONTENT
    assert web.asked("a.zip") == [None, None]


def test_a_server_that_ignores_ranges_is_read_from_the_start(web, tmp_path):
    url = web.put("a.zip", CONTENT, faults=[Fault(after=300_000)], always=Fault(ranges=False))
    assert get(tmp_path, source(url)).path.read_bytes() == CONTENT


def test_the_next_run_goes_on_where_the_last_one_gave_up(web, tmp_path):
    url = web.put("a.zip", CONTENT, faults=[Fault(after=300_000)], always=Fault(status=503))
    assert "HTTP 503" in refusal(tmp_path, source(url))
    assert len(web.requests) == 1 + QUICK.attempts
    assert (tmp_path / "a.zip.part").stat().st_size == 300_000
    web["/a.zip"].always = Fault()
    assert get(tmp_path, source(url)).path.read_bytes() == CONTENT
    assert web.asked("a.zip")[-1] == "bytes=300000-"


def test_a_line_that_always_breaks_is_given_up(web, tmp_path):
    url = web.put("a.zip", CONTENT, always=Fault(after=1000))
    message = refusal(tmp_path, source(url, None, None))
    assert "the connection broke at 1 kB" in message
    assert "(3 attempts)" in message
    assert not (tmp_path / "a.zip").exists()


def test_a_busy_server_is_asked_again_when_it_says_but_within_a_minute(web, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    busy = [Fault(status=429, headers={"Retry-After": after}) for after in ("7", "3600")]
    url = web.put("a.zip", CONTENT, faults=[*busy, Fault(status=500)])
    patience = Patience(attempts=4, wait=1, timeout=5)
    fetched = fetch([source(url)], tmp_path, patience=patience, progress=False)
    assert fetched.path.read_bytes() == CONTENT
    assert pauses == [7, 60, 4]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_will_not_mend_is_not_tried_again(web, tmp_path, status):
    url = web.put("a.zip", CONTENT, always=Fault(status=status))
    assert f"HTTP {status}" in refusal(tmp_path, source(url))
    assert len(web.requests) == 1


def test_a_mirror_takes_over_and_may_have_another_name(web, tmp_path):
    gone, mirror = f"{web.url}/gone.rar", web.put("mirror.zip", CONTENT)
    fetched = get(tmp_path, source(gone, None, None), source(mirror))
    assert fetched.path.name == "mirror.zip"
    assert fetched.source.url == mirror


def test_no_source_names_each_with_its_reason_and_the_way_out(web, tmp_path):
    message = refusal(tmp_path, source(f"{web.url}/a.zip"), source(f"{web.url}/b.rar"))
    assert f"{web.url}/a.zip: HTTP 404" in message
    assert f"{web.url}/b.rar: HTTP 404" in message
    assert f"put it into {tmp_path} as a.zip or b.rar" in message


def test_wrong_bytes_are_refused_with_both_sums_and_kept_aside(web, tmp_path):
    wrong = b"x" * len(CONTENT)
    wrong_sum = hashlib.sha256(wrong).hexdigest()
    message = refusal(tmp_path, source(web.put("a.zip", wrong)))
    assert wrong_sum in message
    assert SUM in message
    aside = tmp_path / f"a.zip.{wrong_sum[:8]}.bad"
    assert str(aside) in message
    assert aside.read_bytes() == wrong
    assert [path for path in tmp_path.iterdir() if path != aside] == []


def test_wrong_bytes_of_one_source_leave_the_mirror(web, tmp_path):
    bad = web.put("x/a.zip", b"x" * len(CONTENT))
    fetched = get(tmp_path, source(bad), source(web.put("y/a.zip", CONTENT)))
    assert fetched.path.read_bytes() == CONTENT


def test_a_beginning_from_one_mirror_is_checked_as_a_whole(web, tmp_path):
    bad = web.put("x/a.zip", b"x" * len(CONTENT), faults=[Fault(after=1000)])
    web["/x/a.zip"].always = Fault(status=404)
    good = web.put("y/a.zip", CONTENT)
    assert "sha256" in refusal(tmp_path, source(bad), source(good))
    assert get(tmp_path, source(bad), source(good)).path.read_bytes() == CONTENT


def test_a_wrong_file_that_was_put_there_is_refused_with_both_sums(web, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"other")
    message = refusal(tmp_path, source(web.put("a.zip", CONTENT)))
    assert hashlib.sha256(b"other").hexdigest() in message
    assert SUM in message
    assert (tmp_path / "a.zip").read_bytes() == b"other"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(content=CONTENT[:-1]), "offers 1,023,999 bytes instead of 1,024,000"),
        (Fault(content=CONTENT[:-1], length=False), "gave 1,023,999 bytes instead of"),
        (Fault(status=302, headers={"Location": "ftp://127.0.0.1/a.zip"}), "cannot be asked"),
    ],
)
def test_what_cannot_be_the_file_is_refused(web, tmp_path, fault, words):
    assert words in refusal(tmp_path, source(web.put("a.zip", CONTENT, always=fault)))
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("known", [SUM, None])
def test_a_web_page_is_not_a_file_unless_its_sum_says_so(web, tmp_path, known):
    page = Fault(headers={"Content-Type": "text/html; charset=utf-8"})
    one = source(web.put("a.zip", CONTENT, always=page), None, known)
    if known:
        assert get(tmp_path, one).path.read_bytes() == CONTENT
    else:
        assert "web page" in refusal(tmp_path, one)


def test_a_part_that_is_whole_needs_no_request(web, tmp_path):
    (tmp_path / "a.zip.part").write_bytes(CONTENT)
    assert get(tmp_path, source(web.put("a.zip", CONTENT))).path.read_bytes() == CONTENT
    assert web.requests == []


def test_a_whole_part_of_unknown_size_is_recognised_by_the_server(web, tmp_path):
    (tmp_path / "a.zip.part").write_bytes(CONTENT)
    get(tmp_path, source(web.put("a.zip", CONTENT), size=None))
    assert web.asked("a.zip") == [f"bytes={len(CONTENT)}-"]


def test_a_part_that_is_too_long_is_dropped(web, tmp_path):
    (tmp_path / "a.zip.part").write_bytes(CONTENT + b"more")
    url = web.put("a.zip", CONTENT)
    assert get(tmp_path, source(url, size=None)).path.read_bytes() == CONTENT
    assert web.asked("a.zip") == [f"bytes={SIZE + 4}-", None]


def test_nothing_listens(tmp_path):
    with serving() as web:
        url = web.put("a.zip", CONTENT)
    assert "no connection (ConnectionError)" in refusal(tmp_path, source(url))


def test_a_server_without_a_trusted_certificate_is_named(tmp_path, monkeypatch):
    def untrusted(*_, **__):
        raise requests.exceptions.SSLError("self-signed")

    monkeypatch.setattr(requests.Session, "get", untrusted)
    assert "certificate cannot be verified" in refusal(tmp_path, source("https://127.0.0.1/a.zip"))


def test_a_disk_without_room_is_found_before_the_first_byte(web, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 300 * 2**20))
    url = web.put("a.zip", CONTENT, always=Fault(headers={"Content-Length": str(10**9)}))
    message = refusal(tmp_path, source(url, size=None, sha256=None))
    assert "needs 1 GB" in message
    assert "free space" in message
    assert not (tmp_path / "a.zip.part").exists()


def test_warnings_name_the_file_and_nothing_is_printed(web, tmp_path, caplog, capfd):
    caplog.set_level(logging.WARNING)
    url = web.put("a.zip", CONTENT, faults=[Fault(after=10)])
    fetch([source(url)], tmp_path, patience=QUICK)  # the bar is off: no terminal
    assert "a.zip: the connection" in caplog.text
    assert capfd.readouterr() == ("", "")


faults = st.one_of(
    st.builds(Fault, after=st.integers(0, len(CONTENT))),
    st.builds(Fault, after=st.integers(0, len(CONTENT)), ranges=st.just(False)),
    st.builds(Fault, status=st.sampled_from([429, 500, 503])),
)


@settings(max_examples=25)
@given(st.lists(faults, max_size=6), st.sampled_from([SUM, None]))
def test_whatever_happens_the_file_is_whole_in_the_end(tmp_path_factory, bad, known):
    folder = tmp_path_factory.mktemp("any")
    with serving() as web:
        url = web.put("a.zip", CONTENT, faults=list(bad))
        many = Patience(attempts=8, wait=0, timeout=5)
        fetched = fetch([source(url, None, known)], folder, patience=many, progress=False)
    assert fetched.path.read_bytes() == CONTENT
    assert sorted(path.name for path in folder.iterdir()) == ["a.zip", "a.zip.json"]
