"""Chat in a terminal with any model that you can run. When credits run out, it asks whether to take another route.

pip install 'polyroute[all,openai]'
python examples/chat.py [MODEL]
"""

import sys
from typing import Any

from polyroute import Catalog, PolyrouteError, Route, Switch
from polyroute.integrations import openai


def agrees(switch: Switch) -> bool:
    """Ask the user before another route is taken."""
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
    chat(*sys.argv[1:2] or ["anthropic/claude-sonnet-4-5"])
except PolyrouteError as error:
    sys.exit(str(error))
