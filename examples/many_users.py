"""A host with two hundred users in one process, each with keys of their own.

    pip install 'polyroute[all]'
    python examples/many_users.py            # asks for each user once, and prints what they can run
    uvicorn examples.many_users:app          # serves them; the header `x-user` says who asks

In a host of yours, a middleware that knows the session or the token of a request says who the user is, not a header.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Scope

from polyroute import Environment, Plugins
from polyroute.server import create_app

HOMES = Path(tempfile.gettempdir(), "polyroute-many-users")
KEYS = ("OPENAI_API_KEY", "OPENROUTER_API_KEY", "ANTHROPIC_API_KEY", "")
USERS = [f"user-{number}" for number in range(200)]


def environment_of(number: int, name: str) -> Environment:
    """Return what one user has: a key that the host keeps for them, perhaps, and a folder for their files."""
    variable = KEYS[number % len(KEYS)]
    keys = {variable: f"made-up-key-of-{name}"} if variable else {}
    return Environment({}, home=HOMES / name, keys=keys)  # never the variables of this process


environments = {name: environment_of(number, name) for number, name in enumerate(USERS)}


def user_of(scope: Scope) -> Environment:
    """Return the environment of the user who sent a request. It is called for each, so it only looks the user up."""
    return environments[dict(scope["headers"])[b"x-user"].decode()]


plugins = Plugins.load()
app = Starlette(routes=[Mount("/polyroute", create_app(plugins=plugins, environment=user_of, hosts=["*"]))])


async def first_route(client: httpx2.AsyncClient, name: str) -> str:
    """Return the route that one user's request would take."""
    catalog = await client.get("catalog?scope=all", headers={"x-user": name})
    catalog.raise_for_status()
    resolved = await client.get("resolve?model=openai/gpt-4o-mini", headers={"x-user": name})
    route = resolved.json()["route"]
    return f"{route['via']}, {route['credential']}" if route else "no route"


async def main() -> None:
    """Ask as each user, and print how many users have which route."""
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://host/polyroute/api/llm/", timeout=60) as client:
        found = Counter([await first_route(client, name) for name in USERS])
    for route, count in sorted(found.items()):
        print(f"{count} users: {route}")


if __name__ == "__main__":
    asyncio.run(main())
