"""Files inside the page."""

import base64
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from fame.core.errors import FameError


def encoded(file: Path) -> str:
    """A file as base64.

    Raises:
        FameError: it cannot be read.
    """
    try:
        return base64.b64encode(file.read_bytes()).decode()
    except OSError as error:
        raise FameError(f"{file}: cannot be read ({error.strerror}); make it first") from None


def picture(file: Path) -> str:
    """A PNG's address inside the page: the same pixels as WebP, a third of the bytes.

    Raises:
        FameError: it cannot be read, or is no picture.
    """
    try:
        with Image.open(file) as image:
            pixels = BytesIO()
            image.save(pixels, "WEBP", lossless=True, method=4, quality=0, exact=True)
    except UnidentifiedImageError:
        raise FameError(f"{file} is not a picture; remove it, and make it again") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise FameError(f"{file}: cannot be read ({reason}); make it again") from None
    return f"data:image/webp;base64,{base64.b64encode(pixels.getvalue()).decode()}"
