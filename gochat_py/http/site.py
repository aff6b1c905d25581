"""What every connection is served with: the same for all, and fixed before the first one comes."""

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
    """Settings and files of one server, who may ask for them, and what takes over after an upgrade.

    Immutable; any thread may read it. `endpoint` is called with each upgraded connection, in that
    connection's thread, and returns when it is over. `thread_pool` gives threads; the server closes
    it.
    """

    settings: Settings
    assets: Assets
    proxies: Proxies
    addressing: Addressing
    doorkeeper: Doorkeeper
    endpoint: Callable[[Upgrade], None]
    thread_pool: ThreadPool
    #: Gives the reason why the server cannot do its work, None while it can; may wait some seconds.
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
        """The site that `settings` ask for; `subprotocols` are spoken besides the classic one."""
        proxies = Proxies(settings.trusted_proxy)
        log_limit = LogLimit()
        return cls(
            settings=settings,
            assets=assets,
            proxies=proxies,
            addressing=Addressing(HostRule(settings.host, settings.name), proxies, log_limit),
            doorkeeper=Doorkeeper(
                OriginRule(settings.origin), subprotocols, settings.max_message_size
            ),
            endpoint=endpoint,
            thread_pool=ThreadPool(),
            unready=unready,
            log_limit=log_limit,
        )
