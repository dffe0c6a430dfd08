"""Pictures from the jail: PNG, and nothing in them but their pixels.

A picture comes from a student's process, so it is taken for whatever it may be. Only a truecolour PNG of bounded size is let
through, chunk by chunk, when every checksum is right and the pixels unpack to exactly as many bytes as the head announces.
Text, animation and whatever follows the end are left out.
"""

import base64
import binascii
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 2_000
MAX_BYTES = 600_000
KEPT = (b"IHDR", b"IDAT", b"IEND")
SAMPLES = {2: 3, 6: 4}  # bytes a pixel of the two colour types: RGB, RGB with opacity


def checked(text):
    """A picture as it may be put into a page.

    Parameters
    ----------
    text : object
        What the jail sent: base64 of a PNG, if it is honest.

    Returns
    -------
    str or None
        Base64 of a PNG; None if it is no picture, or too large.
    """
    if not isinstance(text, str) or len(text) > MAX_BYTES * 4 // 3 + 4:
        return None
    try:
        clean = _rebuilt(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, struct.error, zlib.error):
        return None
    return base64.b64encode(clean).decode()


def _rebuilt(data):
    """The same picture from its head, its pixels and its end alone; ValueError if it is not sound."""
    if not data.startswith(SIGNATURE):
        raise ValueError("no PNG")
    chunks, at = [], len(SIGNATURE)
    while not chunks or chunks[-1][0] != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", data, at + 8 + length)
        if check != zlib.crc32(kind + body):
            raise ValueError("a checksum is wrong")
        chunks.append((kind, body))
        at += 12 + length
    kinds = [kind for kind, _ in chunks if kind in KEPT]
    if kinds[0] != b"IHDR" or kinds.count(b"IHDR") != 1 or chunks[0][0] != b"IHDR":
        raise ValueError("the head is not the first")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or colour not in SAMPLES:
        raise ValueError("too large, or no truecolour")
    if (depth, packing, filtering, interlace) != (8, 0, 0, 0):
        raise ValueError("not as matplotlib writes it")
    expected = height * (1 + width * SAMPLES[colour])
    pixels = b"".join(body for kind, body in chunks if kind == b"IDAT")
    unpacking = zlib.decompressobj()
    if len(unpacking.decompress(pixels, expected + 1)) != expected or not unpacking.eof:
        raise ValueError("the pixels are not as many as the head says")
    kept = (struct.pack(">I", len(body)) + kind + body for kind, body in chunks if kind in KEPT)
    crcs = (struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks if kind in KEPT)
    return SIGNATURE + b"".join(part + crc for part, crc in zip(kept, crcs))
