"""The HTTP edge: one port for the page, its files, health, and the door to the WebSocket.

`server` listens and counts; `handler` converses; `requests` and `responses` are what is said;
`static` are the page's files; `upgrade` is how a request becomes a WebSocket; `refused` are those
for whom there was no room.
"""
