"""gochat_py: a chat server on threads, the standard library's sockets and wsproto.

`Server` runs one inside another program; ``python -m gochat_py`` is one by itself.
"""

from .errors import StartupError
from .server import Server
from .version import __version__

__all__ = ["Server", "StartupError", "__version__"]
