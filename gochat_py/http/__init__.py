"""The HTTP edge: one port for the page, its files, health, and the upgrade to the WebSocket.

`server` listens and accepts; `visits` is the table of connections, which counts them; `site` is
what all of them are served with. `handler` converses on one connection: `requests` reads what
comes, `addressing` checks whom it is for, `resources` decides the answer, by the table that
`routes` describes, and `responses` are the answers. `static` are the page's files; `upgrade` is how
a request becomes a WebSocket; `costs` lets connections and requests be paid for; `refused` are the
clients that got 503, and `refusal_log` says so; `listening` is where to listen; `waker` ends the
wait of the thread that accepts. Each imports only those that know less; nothing imports `server`
but the composition root.
"""
