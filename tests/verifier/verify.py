#!/usr/bin/env python3
"""Verifies copies of a Peyk ledger, written from docs/LEDGER.md and nothing else of Peyk.

    verify.py ledger COPY... --ledger numbering/0 --deployment UUID --key HEX [--head HASH] [--checkpoints FILE]
    verify.py proof FILE --key HEX

Prints one JSON object for each and ends with 0 if all are good, 1 if not. Needs the packages blake3 and PyNaCl.
"""

import argparse
import json
import sys
import uuid

import checkpoint
from chain import Chain, Flaw

FRAME_BYTES_MAX = 1_572_864


def frames(file):
    """The stored messages of a copy; the position comes in place of one where the file is damaged."""
    position = 0
    while True:
        position += 1
        length = file.read(4)
        if not length:
            return
        size = int.from_bytes(length, "big")
        if len(length) < 4 or size > FRAME_BYTES_MAX:
            yield position
            return
        data = file.read(size)
        if len(data) < size:
            yield position
            return
        yield data


def verify(copy, arguments, checkpoints):
    ledger, _, partition = arguments.ledger.partition("/")
    chain = Chain(arguments.deployment.bytes, ledger, int(partition or 0), bytes.fromhex(arguments.key), checkpoints)
    with open(copy, "rb") as file:
        for data in frames(file):
            if isinstance(data, int):
                raise chain.doubt or Flaw("DAMAGED", data)
            chain.push(data)
    chain.finish()
    head = chain.covered
    if head.position == 0:
        raise Flaw("EMPTY", 0)
    if arguments.head is not None and head.digest.hex() != arguments.head:
        raise Flaw("ANOTHER_END", head.position)
    return {
        "position": head.position,
        "hash": head.digest.hex(),
        "epoch": head.epoch,
        "records": chain.records,
        "checkpoints": chain.compared,
    }


def signed_checkpoints(arguments):
    """Sizes and roots of a history, each checked."""
    if arguments.checkpoints is None:
        return []
    with open(arguments.checkpoints, encoding="utf-8") as file:
        notes = checkpoint.history(file.read())
    ledger, _, partition = arguments.ledger.partition("/")
    expected = f"peyk/{arguments.deployment}/{ledger}/{int(partition or 0)}"
    found = [checkpoint.read(note, bytes.fromhex(arguments.key)) for note in notes]
    if any(origin != expected for origin, _, _ in found):
        raise checkpoint.Bad("of another ledger")
    return [(size, root) for _, size, root in found]


def ledgers(arguments):
    checkpoints, good = signed_checkpoints(arguments), True
    for copy in arguments.copies:
        try:
            print(json.dumps({"verified": True, **verify(copy, arguments, checkpoints)}))
        except Flaw as flaw:
            good = False
            print(json.dumps({"verified": False, "position": flaw.position, "code": flaw.code}))
    return good


def proof(arguments):
    with open(arguments.file, encoding="utf-8") as file:
        origin, size, record = checkpoint.check_proof(file.read(), bytes.fromhex(arguments.key))
    print(json.dumps({"proven": True, "origin": origin, "checkpoint": size, "position": record.position}))
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    of_ledgers = commands.add_parser("ledger")
    of_ledgers.set_defaults(run=ledgers)
    of_ledgers.add_argument("copies", nargs="+")
    of_ledgers.add_argument("--ledger", required=True)
    of_ledgers.add_argument("--deployment", required=True, type=uuid.UUID)
    of_ledgers.add_argument("--head", help="the hash that the copy must end with")
    of_ledgers.add_argument("--checkpoints", help="a history of checkpoints to hold against it")
    of_proof = commands.add_parser("proof")
    of_proof.set_defaults(run=proof)
    of_proof.add_argument("file")
    for command in (of_ledgers, of_proof):
        command.add_argument("--key", required=True, help="the deployment key, 64 hexadecimal digits")
    arguments = parser.parse_args()
    try:
        return 0 if arguments.run(arguments) else 1
    except checkpoint.Bad as bad:
        print(json.dumps({"verified": False, "code": "BAD_CHECKPOINT", "reason": str(bad)}))
        return 1


if __name__ == "__main__":
    sys.exit(main())
