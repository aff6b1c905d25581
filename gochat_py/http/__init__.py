"""The HTTP edge: one port for the page, its files, health, and the upgrade to the WebSocket.

`server` listens and accepts. `visits` is the table of connections and counts them. `site` holds
what every connection shares. `handler` serves the requests of one connection: `requests` parses
them, `addressing` checks the host that they name, `resources` makes the answer with the table that
`routes` describes, and `responses` encodes it. `static` serves the page's files. `upgrade` turns a
request into a WebSocket. `costs` charges connections and requests to their budgets. `refused`
handles clients that got 503, and `refusal_log` logs them. `listening` resolves the address to
listen on. `waker` interrupts the wait of the accepting thread. Imports among these modules go one
way; only the composition root imports `server`.
"""
