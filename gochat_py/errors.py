"""Errors that cross floors.

``GochatError``
 ├── ``StartupError``     the server cannot start as asked; one sentence with its cure, status 2
 ├── ``BadOffer``         an upgrade request offers an extension in words that cannot be read: 400
 └── ``Closed``           the channel's owner has closed it; nothing more will come or be taken
"""


class GochatError(Exception):
    """The root of everything this package raises on purpose."""


class StartupError(GochatError):
    """The server cannot start as asked. Its text is one sentence that names the cure."""


class BadOffer(GochatError):
    """An extension offer is malformed (RFC 7692, section 7.1); the upgrade is refused with 400."""


class Closed(GochatError):
    """The channel was closed by its owner: learned by reading it, after all that was in it."""
