"""What becomes of one file, in a child process; imports little, so that children start fast."""

from pathlib import Path

import av  # noqa: F401 - so that the server of child processes has loaded FFmpeg already

from fame.data.video.decode import DecodeError, Depth, VideoInfo, probe, sample


def look(path: Path, depth: Depth) -> VideoInfo | str:
    """What a video is, or a sentence on why it cannot be used.

    What a decoder raises on garbage is not foreseeable, so any error decides the file.
    """
    try:
        return probe(path) if depth == "all" else sample(path)
    except DecodeError as error:
        return str(error).removeprefix(f"{path}: ")
    except MemoryError:
        raise
    except Exception as error:
        return f"cannot be decoded ({type(error).__name__}: {error})."
