"""How a connection ends: its states, and what leads from one to the next.

A connection has two threads. The reader receives, and owns the socket; the writer sends. Either may
learn first that the connection is to end, and any other thread may ask for it:

    CLOSE          any thread puts a close frame behind all queued messages
    SEND_FAILED    the writer could not send in time, or a frame was sent in part and its rest did
                   not fit into the queue
    PEER_GONE      the reader received nothing more: the stream ended, or was silent for too long
    READER_DONE    the reader reads no more: it received a close frame, or failed, or knows that the
                   peer is gone

`NEXT` has the next state for each; what is not in it cannot happen. The first cause decides what
the peer is sent: a close frame only if the connection was `OPEN`. In `CLOSING` the writer sends
what is queued, then waits for `READER_DONE`. If that takes longer than `write_wait`, it shuts the
socket down, which wakes the reader. In `ENDED` it sends what is queued, and ends. In `BROKEN` and
`GONE` the queue is dropped.

The reader unregisters the connection from the hub, and waits for the writer. Unless the peer is
gone, it waits a little for the peer to close its side (a reset could destroy the close frame). Then
the thread that accepted the socket closes it.

Pure. The state is held by `outbox.Outbox`, under its lock.
"""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """What a connection still does."""

    OPEN = auto()  #: everything
    CLOSING = auto()  #: it sends what is queued, and a close frame; it receives the peer's
    BROKEN = auto()  #: it sends nothing; it may still receive
    GONE = auto()  #: nothing: the peer cannot be reached
    ENDED = auto()  #: it sends what is queued; it receives nothing


class Cause(Enum):
    """What moves a connection towards its end."""

    CLOSE = auto()
    SEND_FAILED = auto()
    PEER_GONE = auto()
    READER_DONE = auto()


#: The state after each cause. Only the reader gives the last two causes, each once at most.
NEXT = {
    (State.OPEN, Cause.CLOSE): State.CLOSING,
    (State.OPEN, Cause.SEND_FAILED): State.BROKEN,
    (State.OPEN, Cause.PEER_GONE): State.GONE,
    (State.OPEN, Cause.READER_DONE): State.ENDED,
    (State.CLOSING, Cause.CLOSE): State.CLOSING,
    (State.CLOSING, Cause.SEND_FAILED): State.BROKEN,
    (State.CLOSING, Cause.PEER_GONE): State.GONE,
    (State.CLOSING, Cause.READER_DONE): State.ENDED,
    (State.BROKEN, Cause.CLOSE): State.BROKEN,
    (State.BROKEN, Cause.SEND_FAILED): State.BROKEN,
    (State.BROKEN, Cause.PEER_GONE): State.GONE,
    (State.BROKEN, Cause.READER_DONE): State.ENDED,
    (State.GONE, Cause.CLOSE): State.GONE,
    (State.GONE, Cause.SEND_FAILED): State.GONE,
    (State.GONE, Cause.READER_DONE): State.GONE,
    (State.ENDED, Cause.CLOSE): State.ENDED,
    (State.ENDED, Cause.SEND_FAILED): State.ENDED,
}


def after(state: State, cause: Cause) -> State:
    """The state that follows `state`. Raises `ValueError` for what `NEXT` does not have."""
    following = NEXT.get((state, cause))
    if following is None:
        raise ValueError(f"a connection that is {state.name} cannot get {cause.name}")
    return following
