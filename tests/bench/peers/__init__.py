"""Chat servers built on other libraries, to be measured beside ours.

Each is a program, ``python -m tests.bench.peers.NAME [--port N]``, that prints
``listening on http://127.0.0.1:PORT/`` and then gives every text message to every connection,
one line a message, with compression off.
"""
