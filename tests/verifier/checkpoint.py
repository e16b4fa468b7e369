"""Checkpoints and proofs, as docs/LEDGER.md section 10 says."""

import base64
import binascii
import hashlib
import uuid

import cbor
from chain import Record, Wrong, digest, is_signed
from tree import leaf, node

CERTIFICATE_CONTEXT = "peyk 2026 checkpoint certificate v1"
FIRST_LINE = "c2sp.org/tlog-proof@v1"
DASH = "\u2014"


class Bad(Exception):
    """A checkpoint or a proof that does not hold."""


def unbase64(text):
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Bad("base64") from error


def decimal(text):
    if not text.isascii() or not text.isdigit() or (len(text) > 1 and text[0] == "0"):
        raise Bad("a number")
    return int(text)


def read(note, deployment_key):
    """The origin, size and root of a checkpoint that the deployment key vouches for."""
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if len(lines) != 4 or not lines[3].startswith("certificate "):
        raise Bad("not four lines")
    origin, size, root = lines[0], decimal(lines[1]), unbase64(lines[2])
    certificate = unbase64(lines[3].removeprefix("certificate "))
    if size < 1 or len(root) != 32 or len(certificate) != 96:
        raise Bad("lengths")
    key, word = certificate[:32], certificate[32:]
    try:
        deployment = uuid.UUID(origin.split("/")[1])
    except (IndexError, ValueError) as error:
        raise Bad("the origin") from error
    if not is_signed(deployment_key, cbor.encode([CERTIFICATE_CONTEXT, deployment.bytes, key]), word):
        raise Bad("the certificate")
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    message = (text + "\n").encode()
    for line in signatures.split("\n"):
        mark, name, value = (line.split(" ") + ["", ""])[:3]
        if (mark, name) == (DASH, origin):
            signature = unbase64(value)
            if signature[:4] == key_id and is_signed(key, message, signature[4:]):
                return origin, size, root
    raise Bad("the signature")


def history(text):
    """The notes of a file; what follows the last empty line is none."""
    parts = text.split("\n\n")[:-1]
    return [f"{parts[at]}\n\n{parts[at + 1]}\n" for at in range(0, len(parts) - 1, 2)]


def path_root(value, index, size, path):
    """The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2)."""
    last = size - 1
    for sibling in path:
        if last == 0:
            raise Bad("the path is too long")
        if index % 2 == 1 or index == last:
            value = node(sibling, value)
            while index % 2 == 0 and index != 0:
                index, last = index >> 1, last >> 1
        else:
            value = node(value, sibling)
        index, last = index >> 1, last >> 1
    if last != 0:
        raise Bad("the path is too short")
    return value


def check_proof(text, deployment_key):
    """What a proof proves: origin and size of the checkpoint, and the record."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != FIRST_LINE or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise Bad("not a proof")
    stored, index = unbase64(lines[1].removeprefix("extra ")), decimal(lines[2].removeprefix("index "))
    path = [unbase64(line) for line in lines[3:]]
    origin, size, root = read(note, deployment_key)
    if index >= size or path_root(leaf(digest(stored), True), index, size, path) != root:
        raise Bad("not in the tree")
    try:
        record = Record(stored)
    except Wrong as wrong:
        raise Bad("no record") from wrong
    if record.position != index + 1:
        raise Bad("another position")
    return origin, size, record
