"""Ask any model that you can run, through the OpenAI SDK.

pip install 'polyroute[all,openai]'
python examples/openai_client.py [MODEL [QUESTION]]
"""

from __future__ import annotations

import sys

from polyroute import Catalog, PolyrouteError
from polyroute.integrations import openai


def ask(model: str = "anthropic/claude-sonnet-4-5", question: str = "What is a gateway?") -> str | None:
    """Return the model's answer. Raises PolyrouteError, which says what to do."""
    client, model_id = openai.client(Catalog.load(), model)
    with client:
        answer = client.chat.completions.create(model=model_id, messages=[{"role": "user", "content": question}])
    return answer.choices[0].message.content


if __name__ == "__main__":
    try:
        print(ask(*sys.argv[1:3]))
    except PolyrouteError as error:
        sys.exit(str(error))
