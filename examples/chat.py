"""Chat in a terminal with any model that can be run with what is there; on by another route when credits run out.

python examples/chat.py anthropic/claude-sonnet-4-5
"""

import sys
from typing import Any

from polyroute import Catalog, PolyrouteError, Route, Switch
from polyroute.integrations import openai


def agrees(switch: Switch) -> bool:
    """Ask the person before another route is taken."""
    print(switch.error, file=sys.stderr)
    return input("Go on with it? [y/n] ").strip().lower() == "y"


def chat(model: str) -> None:
    """Answer line by line, until there are no more."""
    catalog, messages = Catalog.load(), list[Any]()

    def answer(route: Route) -> str:
        client, model_id = openai.client(catalog, route)
        with client:
            said = client.chat.completions.create(model=model_id, messages=messages)
        return said.choices[0].message.content or ""

    for line in sys.stdin if not sys.stdin.isatty() else iter(lambda: input("> "), ""):
        messages.append({"role": "user", "content": line.strip()})
        said = catalog.run(model, answer, on_switch=agrees, protocols=[openai.CHAT])
        messages.append({"role": "assistant", "content": said})
        print(said)


try:
    chat(sys.argv[1])
except PolyrouteError as error:
    sys.exit(str(error))
