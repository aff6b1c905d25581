"""What all connections share. It is made before the first connection and is immutable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..core.origin import HostRule, OriginRule, Proxies
from ..dialect import Upgrade
from ..log_limit import LogLimit
from ..settings import Settings
from ..thread_pool import ThreadPool
from .addressing import Addressing
from .static.assets import Assets
from .upgrade import Doorkeeper


@dataclass(frozen=True, slots=True)
class Site:
    """Settings and files of one server, its access rules, and the endpoint of WebSockets.

    Immutable; any thread may read it. `endpoint` is called with each upgraded connection, in that
    connection's thread, and returns when the connection has ended. `thread_pool` provides threads;
    the server closes it.
    """

    settings: Settings
    assets: Assets
    proxies: Proxies
    addressing: Addressing
    doorkeeper: Doorkeeper
    endpoint: Callable[[Upgrade], None]
    thread_pool: ThreadPool
    #: Returns the reason why the server is not ready, or None if it is ready; may wait 3 seconds.
    unready: Callable[[], str | None]
    #: For log records that a peer can bring about.
    log_limit: LogLimit

    @classmethod
    def of(
        cls,
        settings: Settings,
        assets: Assets,
        endpoint: Callable[[Upgrade], None],
        subprotocols: tuple[str, ...],
        unready: Callable[[], str | None],
    ) -> Site:
        """The site for `settings`. `subprotocols` are supported besides the classic dialect."""
        proxies = Proxies(settings.trusted_proxy)
        log_limit = LogLimit()
        return cls(
            settings=settings,
            assets=assets,
            proxies=proxies,
            addressing=Addressing(HostRule(settings.host, settings.name), proxies, log_limit),
            doorkeeper=Doorkeeper(
                OriginRule(settings.origin),
                subprotocols,
                settings.max_message_size,
                classic=settings.classic or settings.password_file is None,
            ),
            endpoint=endpoint,
            thread_pool=ThreadPool(),
            unready=unready,
            log_limit=log_limit,
        )
