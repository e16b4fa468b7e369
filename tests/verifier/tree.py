"""The Merkle tree of RFC 6962 over a ledger, docs/LEDGER.md section 10."""

import hashlib


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf(hash_, counts):
    return hashlib.sha256(b"\x00" + (hash_ if counts else b"\xff" + hash_)).digest()


class Tree:
    """A tree that grows leaf by leaf: roots of complete subtrees, the largest first, each with its size."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, value):
        self.size += 1
        peak = (1, value)
        while self.peaks and self.peaks[-1][0] == peak[0]:
            count, left = self.peaks.pop()
            peak = (2 * count, node(left, peak[1]))
        self.peaks.append(peak)

    def root(self):
        value = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            value = node(left, value)
        return value
