"""Ask any model that can be run with what is there, through the OpenAI SDK.

python examples/openai_client.py anthropic/claude-sonnet-4-5 "What is a gateway?"
"""

from __future__ import annotations

import sys

from polyroute import Catalog, NoEffectiveRoute
from polyroute.integrations import openai


def ask(model: str, question: str) -> str | None:
    """The model's answer. Raises NoEffectiveRoute, which says what to do."""
    client, model_id = openai.client(Catalog.load(), model)
    with client:
        answer = client.chat.completions.create(model=model_id, messages=[{"role": "user", "content": question}])
    return answer.choices[0].message.content


if __name__ == "__main__":
    try:
        print(ask(sys.argv[1], sys.argv[2]))
    except NoEffectiveRoute as error:
        sys.exit(str(error))
