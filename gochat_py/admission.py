"""Rate limits on cost: an account for each address and each user, a meter for each connection.

The server counts what each peer costs: for the connection, for the user over all of their
connections, and for the address over all of its connections. When a peer has spent too much, the
server stops reading from it for a while, and TCP slows the peer down. No message is dropped for it.

* `Admission.enter` returns a `Meter` when a connection begins; `Meter.leave` is called at its end
* `Meter.spend`, before or after the work; returns the seconds to wait
* `Meter.claim` and `release`: bytes that wait for a slow peer
* `Meter.new_user`, `new_room`, and `UserAccount.sending`: quotas for an hour or a second
* `Meter.try_password`: limits guesses

Locks: each table guards its accounts, each account its own numbers. They are taken in the order
outbox, table, account, pool, and none is held while waiting.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from .core.limits import Budget, Share
from .sharing import Gate, LockedBucket, Pool

#: Connections that arrive, ask or leave at the same moment. Each runnable thread waits for the
#: interpreter lock, and the thread that carries a message waits behind all of them, at each hop:
#: when 4,000 clients reconnected at once, a message took a second. A thread that waits at the gate
#: costs nothing.
AT_ONCE = 8

#: Connections that read or search history at the same moment. Each computes for some milliseconds
#: and hardly ever releases the interpreter lock in that time.
READ_AT_ONCE = 2

#: Accounts without a connection whose debts or quotas are remembered: the newest so many.
MOST_IDLE = 10_000

#: The burst of a connection or a user, and of an address, in seconds of its rate.
OWN_BURST = 2.0
ADDRESS_BURST = 0.25

HOUR = 3_600.0

#: Wrong passwords that one address may send at once, and again within this number of seconds.
TRIES = 10
TRIES_WITHIN = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one connection, user and address may cost; `math.inf` means no limit.

    `connection_budget` and `address_budget` are microseconds of processor time per second
    (`core.prices`). `rate` (per second) and `burst` count the messages of one user. `new_users` and
    `new_rooms` are how many one address may create in an hour. `address_bytes` and `all_bytes` are
    the bytes that may wait for slow peers, of one address and in total.
    """

    connection_budget: float = math.inf
    address_budget: float = math.inf
    rate: float = math.inf
    burst: int = 1
    new_users: float = math.inf
    new_rooms: float = math.inf
    address_bytes: float = math.inf
    all_bytes: float = math.inf


class Account:
    """What all connections of one address have spent. The table's lock guards `connections`."""

    __slots__ = ("budget", "buffers", "connections", "lock", "new_rooms", "new_users", "tries")

    def __init__(self, terms: Terms, pool: Pool) -> None:
        self.connections = 0
        self.lock = threading.Lock()  # guards the budget, and the own budgets of its meters
        self.budget = Budget(terms.address_budget, ADDRESS_BURST * _finite(terms.address_budget))
        self.buffers = Pool(terms.address_bytes, pool)
        self.new_users = _hourly(terms.new_users)
        self.new_rooms = _hourly(terms.new_rooms)
        self.tries = LockedBucket(TRIES / TRIES_WITHIN, TRIES)

    def fresh(self, now: float) -> bool:
        """Whether a new account would be the same."""
        with self.lock:
            paid = self.budget.paid(now)
        buckets = (self.new_users, self.new_rooms, self.tries)
        return paid and all(bucket.full(now) for bucket in buckets)


class UserAccount:
    """What all connections of one user have spent. The table's lock guards `connections`."""

    __slots__ = ("_budget", "_lock", "connections", "sending")

    def __init__(self, terms: Terms) -> None:
        self.connections = 0
        self._lock = threading.Lock()  # guards the budget
        self._budget = _own(terms)
        #: Limits writes: messages and their changes, topics, nicks.
        self.sending = LockedBucket(terms.rate, terms.burst)

    def spend(self, cost: float, now: float) -> float:
        """Spend `cost` µs; returns the seconds to wait."""
        with self._lock:
            return self._budget.spend(cost, now)

    def fresh(self, now: float) -> bool:
        """Whether a new account would be the same."""
        with self._lock:
            paid = self._budget.paid(now)
        return paid and self.sending.full(now)


class Meter:
    """What one connection spends. Any thread may call everything except `identify` and `leave`.

    A reader holds `gate` while it does work that is not a message: arriving, joining, leaving. It
    holds `reading` while it reads history. While it holds one of them it may wait for the journal,
    the hub and the database, never for a peer.
    """

    __slots__ = (
        "_account",
        "_admission",
        "_key",
        "_own",
        "_share",
        "_user",
        "_user_id",
        "free",
        "gate",
        "reading",
    )

    def __init__(self, admission: Admission, key: str, account: Account, terms: Terms) -> None:
        self._admission = admission
        self.gate = admission.gate
        self.reading = admission.reading
        self._key = key
        self._account = account
        #: Whether there is no limit, so that nothing is counted.
        self.free = terms.connection_budget == terms.address_budget == math.inf
        self._own = _own(terms)
        self._share = Share()
        self._user: UserAccount | None = None
        self._user_id = ""

    def spend(self, cost: float, now: float) -> float:
        """Spend `cost` µs at time `now` (monotonic); returns the seconds to wait before going on.

        The address counts what its connections spend together. A connection that spent little of
        that does not wait for the others (`core.limits.Share`).
        """
        if self.free:
            return 0.0
        account, user = self._account, self._user
        with account.lock:
            wait = self._own.spend(cost, now)
            budget = account.budget
            together = budget.spend(cost, now)
            part = budget.rate / max(1, account.connections)
            alone = self._share.spend(cost, now, part, ADDRESS_BURST * part)
            wait = max(wait, min(together, alone))
        return wait if user is None else max(wait, user.spend(cost, now))

    def arrive(self, cost: float, now: float) -> float:
        """Spend what the connection itself costs; returns the seconds to wait before serving it.

        Shares are not used here: a client that reconnects again and again would get a new share
        each time.
        """
        with self._account.lock:
            self._own.spend(cost, now)
            return self._account.budget.spend(cost, now)

    def new_user(self, now: float) -> float:
        """Count a new user from this address: 0.0, or the seconds until one may be created."""
        return self._account.new_users.take(now)

    def new_room(self, now: float) -> float:
        """Count a new room from this address: 0.0, or the seconds until one may be created."""
        return self._account.new_rooms.take(now)

    def try_password(self, now: float) -> float:
        """Count a password from this address: 0.0, or the seconds until one may be compared."""
        return self._account.tries.take(now)

    def password_matched(self) -> None:
        """Do not count the password that was tried: it is the right one."""
        self._account.tries.give_back()

    def claim(self, count: int) -> bool:
        """Count bytes that wait for this peer; False if too many wait already."""
        return self._account.buffers.claim(count)

    def release(self, count: int) -> None:
        """Stop counting bytes: the kernel has them, or they were dropped."""
        self._account.buffers.release(count)

    def identify(self, user_id: str) -> UserAccount:
        """Charge this user, too, from now on; returns their account. The reader calls this."""
        if self._user is None:
            self._user = self._admission.users.enter(user_id)
            self._user_id = user_id
        assert self._user is not None, "a user may have any number of connections"
        return self._user

    def leave(self, now: float) -> None:
        """The connection has ended. The caller of `Admission.enter` calls this, once."""
        self._admission.addresses.leave(self._key, now)
        if self._user is not None:
            self._admission.users.leave(self._user_id, now)


class _Kept(Protocol):
    connections: int

    def fresh(self, now: float) -> bool:
        """Whether a new account would be the same."""


A = TypeVar("A", bound=_Kept)


class Table(Generic[A]):
    """The accounts of all addresses, or of all users. Any thread may call everything.

    An account is kept while it has connections. Afterwards it is kept until it is `fresh`, or until
    `MOST_IDLE` other accounts have lost their last connection later.
    """

    def __init__(self, make: Callable[[], A], most_connections: float = math.inf) -> None:
        self._make = make
        self._most_connections = most_connections
        self._lock = threading.Lock()  # guards what follows, and each account's `connections`
        self._used: dict[str, A] = {}
        self._idle: dict[str, A] = {}  # in the order in which they lost their last connection

    def enter(self, key: str) -> A | None:
        """Add a connection to the account of `key`; None if it has too many."""
        with self._lock:
            account = self._used.get(key)
            if account is None:
                account = self._idle.pop(key, None) or self._make()
                self._used[key] = account
            if account.connections >= self._most_connections:
                return None
            account.connections += 1
            return account

    def has_room(self, key: str) -> bool:
        """Whether `enter` would add a connection now."""
        with self._lock:
            account = self._used.get(key)
            return (account.connections if account else 0) < self._most_connections

    def held(self) -> dict[str, int]:
        """How many connections each account has now."""
        with self._lock:
            return {key: account.connections for key, account in self._used.items()}

    def leave(self, key: str, now: float) -> None:
        """Remove a connection of the account, which has ended."""
        with self._lock:
            account = self._used[key]
            account.connections -= 1
            if account.connections:
                return
            del self._used[key]
            if not account.fresh(now):
                self._idle[key] = account
                if len(self._idle) > MOST_IDLE:
                    del self._idle[next(iter(self._idle))]


class Admission:
    """All accounts. Any thread may call `enter`."""

    def __init__(self, terms: Terms, most_connections: float = math.inf) -> None:
        """`most_connections` is how many connections one address may hold at once."""
        self._terms = terms
        self.gate = Gate(AT_ONCE)
        self.reading = Gate(READ_AT_ONCE)
        pool = Pool(terms.all_bytes)
        self.addresses = Table(lambda: Account(terms, pool), most_connections)
        self.users = Table(lambda: UserAccount(terms))

    def enter(self, key: str) -> Meter | None:
        """A meter for a connection counted under `key` (`core.origin.counted_as`).

        None if that address has `most_connections` already.
        """
        account = self.addresses.enter(key)
        return None if account is None else Meter(self, key, account, self._terms)


def _own(terms: Terms) -> Budget:
    return Budget(terms.connection_budget, OWN_BURST * _finite(terms.connection_budget))


def _finite(rate: float) -> float:
    return rate if rate != math.inf else 1.0


def _hourly(count: float) -> LockedBucket:
    """A bucket of `count` an hour, which may all be taken at once; at least one may be."""
    return LockedBucket(count / HOUR, max(1, int(count)) if count != math.inf else 1)
