"""Deterministic CBOR of the few kinds that docs/LEDGER.md section 3 names; everything else is refused."""

DEPTH_MAX = 16


class Malformed(Exception):
    """The bytes are not the one encoding of a value."""


class Reader:
    """Reads values one after another; arrays become lists, null becomes None."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        if length > len(self.data) - self.at:
            raise Malformed("the input ends in the middle of a value")
        self.at += length
        return self.data[self.at - length : self.at]

    def argument(self, info):
        if info < 24:
            return info
        if info > 27:
            raise Malformed("a length that is not definite")
        width = 1 << (info - 24)
        value = int.from_bytes(self.take(width), "big")
        if value < (24 if width == 1 else 1 << (4 * width)):
            raise Malformed("not the shortest form")
        return value

    def value(self, depth=0):
        if depth >= DEPTH_MAX:
            raise Malformed("nested too deeply")
        first = self.take(1)[0]
        if first in (0xF4, 0xF5, 0xF6):
            return {0xF4: False, 0xF5: True, 0xF6: None}[first]
        major, info = first >> 5, first & 0x1F
        if major not in (0, 2, 3, 4):
            raise Malformed("a kind of value that no record holds")
        argument = self.argument(info)
        if major == 0:
            return argument
        if major == 4:
            return [self.value(depth + 1) for _ in range(argument)]
        data = self.take(argument)
        if major == 2:
            return data
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("text that is not UTF-8") from error


def decode(data):
    """The one value that `data` is; raises Malformed."""
    reader = Reader(data)
    value = reader.value()
    if reader.at != len(data):
        raise Malformed("the input goes on after the value")
    return value


def head(major, value):
    for limit, info in ((24, None), (1 << 8, 24), (1 << 16, 25), (1 << 32, 26), (1 << 64, 27)):
        if value < limit:
            if info is None:
                return bytes([major << 5 | value])
            return bytes([major << 5 | info]) + value.to_bytes(1 << (info - 24), "big")
    raise ValueError("too large")


def encode(value):
    """The one encoding of a value of integers, bytes, text and lists."""
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        data = value.encode("utf-8")
        return head(3, len(data)) + data
    return head(4, len(value)) + b"".join(encode(item) for item in value)
