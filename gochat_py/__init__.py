"""gochat_py: a chat server on threads, the standard library's sockets and wsproto."""

__version__ = "0.1.0"
