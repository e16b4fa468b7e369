#!/usr/bin/env python3
"""Verifies a copy of a Peyk ledger, written from docs/LEDGER.md and nothing else of Peyk.

    verify.py COPY --ledger numbering/0 --deployment UUID --key HEX [--head HASH]

Prints one JSON object and ends with 0 if the copy is good, 1 if it is not. Needs the packages blake3 and PyNaCl.
"""

import argparse
import json
import sys
import uuid

from chain import Chain, Flaw

FRAME_BYTES_MAX = 1_572_864


def frames(file):
    """The stored messages of a copy; raises Flaw where the file is damaged."""
    position = 0
    while True:
        position += 1
        length = file.read(4)
        if not length:
            return
        size = int.from_bytes(length, "big")
        if len(length) < 4 or size > FRAME_BYTES_MAX:
            raise Flaw("DAMAGED", position)
        data = file.read(size)
        if len(data) < size:
            raise Flaw("DAMAGED", position)
        yield data


def verify(arguments):
    ledger, _, partition = arguments.ledger.partition("/")
    chain = Chain(arguments.deployment.bytes, ledger, int(partition or 0), bytes.fromhex(arguments.key))
    with open(arguments.copy, "rb") as file:
        for data in frames(file):
            chain.push(data)
    chain.finish()
    head = chain.covered
    if head.position == 0:
        raise Flaw("EMPTY", 0)
    if arguments.head is not None and head.digest.hex() != arguments.head:
        raise Flaw("ANOTHER_END", head.position)
    return {"position": head.position, "hash": head.digest.hex(), "epoch": head.epoch, "records": chain.records}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("copy")
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--deployment", required=True, type=uuid.UUID)
    parser.add_argument("--key", required=True, help="the deployment key, 64 hexadecimal digits")
    parser.add_argument("--head", help="the hash that the copy must end with")
    try:
        print(json.dumps({"verified": True, **verify(parser.parse_args())}))
    except Flaw as flaw:
        print(json.dumps({"verified": False, "position": flaw.position, "code": flaw.code}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
