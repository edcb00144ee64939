"""Pictures and files inside the page."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fame.core.errors import FameError
from fame.report.page.embedded import encoded, picture


def test_a_picture_keeps_every_pixel(tmp_path):
    file = tmp_path / "plot.png"
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    pixels[:, :10, 3] = 0  # colours that do not show are kept too
    Image.fromarray(pixels).save(file)
    kind, data = picture(file).split(",")
    assert kind == "data:image/webp;base64"
    with Image.open(BytesIO(base64.b64decode(data))) as image:
        assert np.array_equal(np.asarray(image.convert("RGBA")), pixels)


def test_a_file_keeps_every_byte(tmp_path):
    file = tmp_path / "table.csv"
    file.write_bytes(b"a,b\n\x00\xff")
    assert base64.b64decode(encoded(file)) == b"a,b\n\x00\xff"


def test_what_cannot_be_read_is_named(tmp_path):
    text, absent, cut = tmp_path / "text.png", tmp_path / "absent.png", tmp_path / "cut.png"
    text.write_text("no picture")
    Image.new("RGB", (40, 40)).save(cut)
    cut.write_bytes(cut.read_bytes()[:60])
    with pytest.raises(FameError, match=r"text\.png is not a picture"):
        picture(text)
    for file in (absent, cut):
        with pytest.raises(FameError, match=rf"{file.name}: cannot be read \(.+\); make it again"):
            picture(file)
    with pytest.raises(FameError, match=r"absent\.png: cannot be read"):
        encoded(absent)
