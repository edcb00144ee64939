"""Writes RAR archives byte by byte, for tests: no free program writes any.

Version 4 of the format, entries stored or (with `method`) claiming to be compressed. Layout: a
signature, then blocks of CRC16, type, flags, header size, and what belongs to the type.
"""

import struct
import zlib

_UNIX = 3
_STORED = 0x30
_MARK = b"Rar!\x1a\x07\x00"
_LONG = 0x8000  # content follows the header
_FILE, _LINK, _FOLDER = 0o100644, 0o120777, 0o040755


def rar(entries, *, solid=False):
    """An archive's bytes; entries as `entry`, `link` and `folder` make them."""
    head = struct.pack("<BHHHI", 0x73, 0x0008 if solid else 0, 13, 0, 0)
    return _MARK + _block(head) + b"".join(entries) + _block(struct.pack("<BHH", 0x7B, 0x4000, 7))


def entry(name, content, *, mode=_FILE, method=_STORED, flags=0, size=None, crc=None):
    """A file; `size` and `crc` may lie."""
    encoded = name.encode()
    head = struct.pack(
        "<BHHIIBIIBBHI",
        *(0x74, _LONG | flags, 32 + len(encoded)),
        *(len(content), len(content) if size is None else size, _UNIX),
        *(zlib.crc32(content) if crc is None else crc, 0x5A21_0000),
        *(29, method, len(encoded), mode),
    )
    return _block(head + encoded) + content


def link(name, target):
    """A symbolic link."""
    return entry(name, target.encode(), mode=_LINK)


def folder(name):
    """A folder."""
    return entry(name, b"", mode=_FOLDER, flags=0xE0)


def _block(head):
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head
