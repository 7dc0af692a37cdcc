"""Remote write 1.0 without a library: snappy that compresses nothing, and a little protobuf."""
import struct

import harness


def _varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number, content):
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _series(labels, samples):
    out = b"".join(_field(1, _field(1, name.encode()) + _field(2, value.encode()))
                   for name, value in sorted(labels.items()))
    for milliseconds, value in samples:
        out += _field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(milliseconds))
    return _field(1, out)


def _snappy(content):
    """A snappy block of literals only."""
    out = bytearray(_varint(len(content)))
    for begin in range(0, len(content), 60000):
        part = content[begin:begin + 60000]
        out += bytes([61 << 2]) + struct.pack("<H", len(part) - 1) + part
    return bytes(out)


def encode(series):
    """`series`: [(labels, [(milliseconds, value)])]."""
    return _snappy(b"".join(_series(labels, samples) for labels, samples in series))


def write(server_url, series):
    """Sends them to a server that takes them."""
    answer = harness.http("POST", f"{server_url}/api/v1/write", {
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}, body=encode(series))
    if answer.status not in (200, 204):
        raise AssertionError(f"{server_url}: {answer.status} {answer.text}")
