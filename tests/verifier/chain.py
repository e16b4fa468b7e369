"""Chain, signatures, epochs and quarantines, as docs/LEDGER.md sections 4 to 8 say."""

import cbor
import tree
from blake3 import blake3
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

RECORD_BYTES_MAX = 786_432
EVENTS_MAX = 4_096
HASHES_MAX = 8_192
SEED_CONTEXT = "peyk 2026 ledger chain seed v1"
CERTIFICATE_CONTEXT = "peyk 2026 epoch certificate v1"
LEDGERS = ("access", "numbering", "routing", "messages")
BYTES_16, BYTES_32, BYTES_64 = 16, 32, 64


class Flaw(Exception):
    """What is wrong, by its name, and at which position."""

    def __init__(self, code, position):
        super().__init__(f"position {position}: {code}")
        self.code, self.position = code, position


class Wrong(Exception):
    """Why a message does not follow; its position is not known here."""


def digest(data):
    return blake3(data).digest()


def is_signed(key, message, signature):
    try:
        VerifyKey(key).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def is_unsigned(value, limit=1 << 64):
    return isinstance(value, int) and not isinstance(value, bool) and value < limit


def is_bytes(value, length):
    return isinstance(value, bytes) and len(value) == length


def is_ledger(name, partition):
    return isinstance(name, str) and name in LEDGERS and is_unsigned(partition, 65_536)


class Record:
    """A stored message that has the shape of a record."""

    def __init__(self, data):
        if len(data) > RECORD_BYTES_MAX:
            raise Wrong("UNDECODABLE")
        try:
            fields = cbor.decode(data)
        except cbor.Malformed as error:
            raise Wrong("UNDECODABLE") from error
        if not self.has_shape(fields):
            raise Wrong("UNDECODABLE")
        self.data = data
        _, self.position, self.prev, self.at, self.epoch, _, _, _, _, self.events = fields[:10]
        self.signature = fields[10] if len(fields) == 11 else None

    @staticmethod
    def has_shape(fields):
        if not isinstance(fields, list) or len(fields) not in (10, 11) or not is_unsigned(fields[0]) or fields[0] != 1:
            return False
        unsigned = all(is_unsigned(fields[index]) for index in (1, 3, 4))
        ids = all(is_bytes(fields[index], BYTES_16) for index in (5, 6, 7, 8))
        events = fields[9]
        return (
            unsigned
            and is_bytes(fields[2], BYTES_32)
            and ids
            and isinstance(events, list)
            and len(events) <= EVENTS_MAX
            and all(
                isinstance(event, list)
                and len(event) == 3
                and isinstance(event[0], str)
                and is_unsigned(event[1], 65_536)
                for event in events
            )
            and (len(fields) == 10 or is_bytes(fields[10], BYTES_64))
        )

    def is_signed_by(self, key):
        if self.signature is None:
            return False
        return is_signed(key, b"\x8a" + self.data[1:-66], self.signature)

    def control(self):
        """The ledger's own events, each known and of the right shape."""
        events = [event for event in self.events if event[0].startswith("ledger.")]
        for kind, version, data in events:
            shape = SHAPES.get(kind)
            if shape is None or version != 1 or not shape(data):
                raise Wrong("BAD_CONTROL")
        return events


def is_list(data, length):
    return isinstance(data, list) and len(data) == length


SHAPES = {
    "ledger.genesis": lambda data: is_list(data, 4)
    and is_bytes(data[0], BYTES_16)
    and is_ledger(data[1], data[2])
    and is_bytes(data[3], BYTES_32),
    "ledger.epoch_started": lambda data: is_list(data, 6)
    and is_bytes(data[0], BYTES_16)
    and is_ledger(data[1], data[2])
    and is_unsigned(data[3])
    and is_bytes(data[4], BYTES_32)
    and is_bytes(data[5], BYTES_64),
    "ledger.quarantined": lambda data: is_list(data, 4)
    and all(is_unsigned(value) for value in data[:3])
    and isinstance(data[3], list)
    and all(is_bytes(value, BYTES_32) for value in data[3]),
    "ledger.recovered": lambda data: is_list(data, 5)
    and all(is_unsigned(data[place]) for place in (0, 2, 3))
    and all(is_bytes(data[place], BYTES_32) for place in (1, 4)),
    "ledger.ticked": lambda data: data == [],
}


class End:
    """The last record taken in, and the key in force there."""

    def __init__(self, position, digest_, at, epoch, key):
        self.position, self.digest, self.at, self.epoch, self.key = position, digest_, at, epoch, key


class Chain:
    """Takes in stored messages in order. `covered` is the last record that counts."""

    def __init__(self, deployment, ledger, partition, root, checkpoints=()):
        self.deployment, self.ledger, self.partition, self.root = deployment, ledger, partition, root
        seed = blake3(derive_key_context=SEED_CONTEXT)
        seed.update(deployment + ledger.encode("ascii") + b"\x00" + partition.to_bytes(2, "big"))
        self.covered = End(0, seed.digest(), 0, 0, None)
        self.end = self.covered
        self.pending = []  # hashes of the messages behind `covered`
        self.records = 0  # counted records
        self.counting = []  # positions of records that follow and are not covered
        self.doubt = None
        self.broken = None
        self.tree = tree.Tree()
        self.checkpoints = sorted(checkpoints)  # sizes and roots
        self.compared = self.agreed = 0
        self.contradicted = []  # sizes, and the positions behind the last that agreed
        self.losses = []  # positions found and witnessed

    def push(self, data):
        position = self.covered.position + len(self.pending) + 1
        hash_ = digest(data)
        try:
            record = Record(data)
        except Wrong as wrong:
            record, shape = None, wrong
        if self.broken is not None and record is not None and record.prev == self.broken[0]:
            self.doubt = Flaw("REPLACED", self.broken[1])
        self.broken = None
        if self.doubt is None:
            try:
                if record is None:
                    raise shape
                key = self.follows(record, position, self.end)
                self.counting.append(position)
                self.take(record, position, hash_, key)
                if record.signature is not None:
                    self.cover()
                return
            except Wrong as wrong:
                self.doubt = self.blame(str(wrong), position, record, hash_)
        if record is not None and self.is_quarantine(record, position):
            key = self.follows(record, position, self.covered)
            self.counting, self.doubt, self.broken = [position], None, None
            self.take(record, position, hash_, key)
            self.cover()
        else:
            self.pending.append(hash_)

    def take(self, record, position, hash_, key):
        self.end = End(position, hash_, record.at, record.epoch, key)
        self.pending.append(hash_)
        self.losses += [(data[3], data[0]) for kind, _, data in record.control() if kind == "ledger.recovered"]

    def cover(self):
        counting = set(self.counting)
        self.records += len(counting)
        for position, hash_ in enumerate(self.pending, self.covered.position + 1):
            self.tree.push(tree.leaf(hash_, position in counting))
            self.compare()
        self.covered, self.pending, self.counting = self.end, [], []

    def compare(self):
        while self.checkpoints and self.checkpoints[0][0] == self.tree.size:
            if self.checkpoints.pop(0)[1] == self.tree.root():
                self.compared, self.agreed = self.compared + 1, self.tree.size
            else:
                self.contradicted.append((self.tree.size, self.agreed + 1))

    def is_lost(self, size):
        return any(size <= witnessed and (size > found or found >= witnessed) for found, witnessed in self.losses)

    def follows(self, record, position, end):
        """The key in force at the record; raises Wrong."""
        first = end.position == 0
        if record.position != position:
            raise Wrong("MISPLACED")
        if record.prev != end.digest:
            raise Wrong("BAD_GENESIS" if first else "WRONG_PREV")
        if record.at < end.at:
            raise Wrong("TIME_WENT_BACK")
        control = record.control()
        key = end.key
        started = next((data for kind, _, data in control if kind == "ledger.epoch_started"), None)
        losses = [data for kind, _, data in control if kind == "ledger.recovered"]
        if any(started is None or loss[4] != end.digest for loss in losses):
            raise Wrong("BAD_RECOVERY")
        if started is not None:
            key = self.certified(started, record.epoch, end.epoch)
        elif first:
            raise Wrong("BAD_GENESIS")
        elif record.epoch != end.epoch:
            raise Wrong("WRONG_EPOCH")
        if started is not None and not record.is_signed_by(key):
            raise Wrong("BAD_SIGNATURE")
        if first:
            genesis = ["ledger.genesis", 1, [self.deployment, self.ledger, self.partition, self.root]]
            if not record.events or record.events[0] != genesis:
                raise Wrong("BAD_GENESIS")
        if record.signature is not None and not record.is_signed_by(key):
            raise Wrong("BAD_SIGNATURE")
        return key

    def certified(self, certificate, stated, last):
        deployment, ledger, partition, epoch, key, signature = certificate
        statement = cbor.encode([CERTIFICATE_CONTEXT, deployment, ledger, partition, epoch, key])
        ours = (deployment, ledger, partition) == (self.deployment, self.ledger, self.partition)
        if not ours or epoch != stated or epoch <= last or not is_signed(self.root, statement, signature):
            raise Wrong("BAD_CERTIFICATE")
        return key

    def blame(self, code, position, record, hash_):
        if code == "WRONG_PREV" and self.counting:
            if record.signature is None:
                self.broken = (hash_, position - 1)
            elif record.is_signed_by(self.end.key):
                return Flaw("REPLACED", position - 1)
        return Flaw(code, position)

    def is_quarantine(self, record, position):
        if record.signature is None or not self.pending:
            return False
        try:
            self.follows(record, position, self.covered)
        except Wrong:
            return False
        named = self.quarantine_of(self.covered.position + 1, self.pending)
        return any(event == ["ledger.quarantined", 1, named] for event in record.events)

    @staticmethod
    def quarantine_of(start, hashes):
        count = len(hashes)
        stride = -(-count // HASHES_MAX)
        named = hashes
        if stride > 1:
            named = [digest(b"".join(hashes[at : at + stride])) for at in range(0, count, stride)]
        return [start, start + count - 1, stride, named]

    def finish(self):
        if self.doubt is not None:
            raise self.doubt
        if self.counting:
            raise Flaw("UNCOVERED", self.covered.position + 1)
        for size, position in self.contradicted:
            if not self.is_lost(size):
                raise Flaw("CHECKPOINT_CONTRADICTED", position)
        if any(not self.is_lost(size) for size, _ in self.checkpoints):
            raise Flaw("CHECKPOINT_BEYOND_END", self.tree.size + 1)
