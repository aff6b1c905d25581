"""Exceptions that more than one layer of the package uses.

``GochatError``
 ├── ``StartupError``     the server cannot start; one sentence with the remedy, exit status 2
 ├── ``BadOffer``         an upgrade request has a malformed extension offer; answered with 400
 └── ``Closed``           the channel is closed: nothing more comes out of it or is accepted
"""


class GochatError(Exception):
    """The base class of all exceptions that this package raises on purpose."""


class StartupError(GochatError):
    """The server cannot start with these settings. The text is one sentence with the remedy."""


class BadOffer(GochatError):
    """An extension offer is malformed (RFC 7692, section 7.1); the upgrade is refused with 400."""


class Closed(GochatError):
    """The channel is closed. A reader gets this after it has taken all remaining items."""
