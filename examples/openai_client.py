"""Ask any model that can be run with what is there, through the OpenAI SDK.

python examples/openai_client.py anthropic/claude-sonnet-4-5 "What is a gateway?"
"""

from __future__ import annotations

import sys

from openai import OpenAI

from polyroute import Catalog, NoEffectiveRoute


def ask(model: str, question: str) -> str | None:
    """The model's answer. Raises NoEffectiveRoute, which says what to do."""
    catalog = Catalog.load()
    route = catalog.resolve(model)
    secret = catalog.environment.reveal(route.credential)
    client = OpenAI(base_url=route.base_url, api_key=secret or "none needed", default_headers=dict(route.headers))
    answer = client.chat.completions.create(
        model=route.model_id or "", messages=[{"role": "user", "content": question}]
    )
    return answer.choices[0].message.content


if __name__ == "__main__":
    try:
        print(ask(sys.argv[1], sys.argv[2]))
    except NoEffectiveRoute as error:
        sys.exit(str(error))
