"""Slow down clients of other machines that send wrong tokens."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict

FREE = 5
"""How many wrong tokens are answered at once: a mistyped token, tried again."""
FIRST_PAUSE_SECONDS = 0.25
"""How long the response to the next wrong token is held back. The time doubles with each further one."""
MAX_PAUSE_SECONDS = 4.0
"""The longest time that a response is held back."""
MAX_WAITING = 4
"""How many responses to one network are held back at once. While there are so many, its tokens are not compared: it
can try one token a second, however many connections it opens. The right token is let in at any other time."""
FORGET_SECONDS = 900.0
"""How long wrong tokens are remembered."""
MAX_NETWORKS = 10_000
"""The limit for remembered networks, a few hundred bytes each. Beyond it the one that is quiet longest is forgotten."""
_IPV6_PREFIX = 64
"""One customer of a provider gets at least this network, and so any of its addresses."""


Client = tuple[str, int] | None
"""A client's address and port, as in an ASGI scope."""


class _Tries:
    """The wrong tokens from one network."""

    def __init__(self) -> None:
        self.count = self.waiting = 0
        self.latest = time.monotonic()

    def add(self) -> float:
        """Add a wrong token, and return for how many seconds to hold back the response."""
        self.count, self.latest = self.count + 1, time.monotonic()
        doublings = min(self.count - FREE - 1, 10)
        return min(FIRST_PAUSE_SECONDS * 2.0**doublings, MAX_PAUSE_SECONDS) if doublings >= 0 else 0.0


class WrongTokens:
    """Remembers by network how many wrong tokens were sent. Clients on this machine are never slowed down."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries)

    def is_blocked(self, client: Client) -> bool:
        """Return whether so many responses to a client are held back that its tokens are not compared."""
        if not self._tries or (network := network_of(client)) is None:
            return False
        found = self._tries.get(network)
        return found is not None and found.waiting >= MAX_WAITING

    def add(self, client: Client) -> float:
        """Record a wrong token, and return for how many seconds to hold back the response."""
        if (network := network_of(client)) is None:
            return 0.0
        found = self._tries.pop(network, None)
        if found is None or time.monotonic() - found.latest > FORGET_SECONDS:
            found = _Tries()
        self._tries[network] = found
        if len(self._tries) > MAX_NETWORKS:
            self._tries.popitem(last=False)
        return found.add()

    async def pause(self, client: Client, seconds: float) -> None:
        """Hold back a response to a client."""
        found = self._tries.get(network_of(client) or "", _Tries())
        found.waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            found.waiting -= 1


def network_of(client: Client) -> str | None:
    """Return the network that a client's wrong tokens are counted for; None for a client on this machine.

    It is an IPv4 address or an IPv6 network. What is no address, as a proxy may write it, counts as one client.
    """
    if client is None:
        return None
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return None
    return str(address) if address.version == 4 else str(ipaddress.IPv6Network((int(address), _IPV6_PREFIX), False))
