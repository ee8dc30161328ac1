"""Bodies of HTTP requests as ClickHouse's clients send them: chunked, encoded, in its own compressed blocks, as forms."""
import re
import struct
import zlib
from collections.abc import Callable, Iterator

import lz4.block
import lz4.frame
import zstandard

READ = 1 << 20
# What is read as a whole: statements, parameters, values in line. Inserted data stream.
MAX_WHOLE = 64 << 20
# A client's compressed block holds a megabyte or so; this only keeps a wrong length from asking for gigabytes.
MAX_BLOCK = 256 << 20


class Aborted(ConnectionError):
    """The client went away in mid-body."""


class Malformed(Exception):
    """What came is not what the protocol says; the message is for the client."""


def body(rfile, headers) -> Iterator[bytes]:
    """The body as it was before it was sent: without chunks and without its content encoding."""
    raw = chunked(rfile) if "chunked" in headers.get("Transfer-Encoding", "").lower() else plain(rfile, headers)
    encoding = headers.get("Content-Encoding", "").strip().lower()
    return raw if encoding in ("", "identity") else decoded(raw, encoding)


def chunked(rfile) -> Iterator[bytes]:
    while True:
        head = rfile.readline(64)
        if not head.endswith(b"\n"):
            raise Aborted
        size = number(head.split(b";")[0], 16)
        if size == 0:
            while rfile.readline(4096) not in (b"\r\n", b"\n", b""):  # trailers
                pass
            return
        while size:
            data = exactly(rfile, min(size, READ))
            size -= len(data)
            yield data
        exactly(rfile, 2)


def plain(rfile, headers) -> Iterator[bytes]:
    left = number(headers.get("Content-Length") or "0", 10)
    while left:
        data = exactly(rfile, min(left, READ))
        left -= len(data)
        yield data


def number(text, base: int) -> int:
    try:
        value = int(text, base)
    except ValueError:
        value = -1
    if value < 0:
        raise Malformed(f"{text!r} is no length")
    return value


def exactly(rfile, size: int) -> bytes:
    data = rfile.read(size)
    if len(data) < size:
        raise Aborted
    return data


def decoded(raw: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoders = {
        "gzip": lambda: zlib.decompressobj(47).decompress,
        "deflate": lambda: zlib.decompressobj(47).decompress,
        "lz4": lambda: lz4.frame.LZ4FrameDecompressor().decompress,
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
    }
    if encoding not in decoders:
        raise Malformed(f"the content encoding {encoding!r} is not known here; there are: {', '.join(decoders)}")
    decode = decoders[encoding]()
    for data in raw:
        try:
            if out := decode(data):
                yield out
        except (zlib.error, RuntimeError, EOFError, zstandard.ZstdError) as error:
            raise Malformed(f"the body is not {encoding}: {error}") from error


def native_blocks(raw: Iterator[bytes]) -> Iterator[bytes]:
    """With ?decompress=1: checksum (16 bytes) | method | packed size | size | data. The checksum is not looked at: this is
    loopback, and a block that was damaged all the same does not unpack to its size."""
    buffer = bytearray()

    def read(size: int) -> bytes:
        while len(buffer) < size and (data := next(raw, None)) is not None:
            buffer.extend(data)
        out = bytes(buffer[:size])
        del buffer[:size]
        return out

    while head := read(25):
        if len(head) < 25:
            raise Aborted
        method, packed, size = struct.unpack("<BII", head[16:])
        if packed < 9 or max(packed, size) > MAX_BLOCK:
            raise Malformed(f"a compressed block of {packed} bytes for {size} is out of bounds")
        data = read(packed - 9)
        if len(data) < packed - 9:
            raise Aborted
        yield unpacked(method, data, size)


def unpacked(method: int, data: bytes, size: int) -> bytes:
    methods: dict[int, Callable[[], bytes]] = {
        0x02: lambda: data,
        0x82: lambda: lz4.block.decompress(data, uncompressed_size=size),
        0x90: lambda: zstandard.ZstdDecompressor().decompress(data, max_output_size=size),
    }
    if method not in methods:
        raise Malformed(f"compressed blocks of method {method:#x} are not known here, but LZ4, ZSTD and none")
    try:
        out = methods[method]()
    except (lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
        raise Malformed(f"a compressed block does not unpack: {error}") from error
    if len(out) != size:
        raise Malformed(f"a compressed block holds {len(out)} bytes and says {size}")
    return out


def whole(parts: Iterator[bytes]) -> bytes:
    out = bytearray()
    for part in parts:
        out.extend(part)
        if len(out) > MAX_WHOLE:
            raise Malformed(f"a statement may have {MAX_WHOLE >> 20} MiB")
    return bytes(out)


def form(content_type: str, data: bytes) -> dict[str, str]:
    """The fields of multipart/form-data: how clients send parameters, and the query with them."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if not boundary:
        raise Malformed("multipart/form-data without a boundary")
    fields = {}
    for part in data.split(b"--" + boundary[1].encode())[1:-1]:
        head, found, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        if not found or not name:
            raise Malformed("a part of multipart/form-data has no name")
        fields[name[1].decode()] = value.removesuffix(b"\r\n").decode()
    return fields
