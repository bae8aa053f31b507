"""The example of Vercel AI Gateway: a gateway described by a TOML file alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from polyroute import Catalog, ModelRef, Plugins
from tests.support.catalogs import MakeEnvironment

EXAMPLE = Path(__file__).parents[2] / "examples" / "vercel-gateway"

CASES = """
    anthropic/claude-sonnet-4-5-20250929                   anthropic/claude-sonnet-4.5
    anthropic/claude-opus-4-5                              anthropic/claude-opus-4.5
    anthropic/claude-opus-4-1-20250805                     anthropic/claude-opus-4.1
    anthropic/claude-3-haiku-20240307                      anthropic/claude-3-haiku
    anthropic/claude-3-5-sonnet-20240620                   anthropic/claude-3.5-sonnet-20240620
    anthropic/claude-3-5-sonnet-20241022                   anthropic/claude-3.5-sonnet
    anthropic/claude-sonnet-5                              -
    openai/gpt-4o                                          openai/gpt-4o
    openai/gpt-4o-2024-05-13                               -
    openai/GPT-4o-mini                                     openai/gpt-4o-mini
    openai/gpt-5.2-chat-latest                             openai/gpt-5.2-chat
    openai/o1-mini                                         -
    google/gemini-3-flash-preview                          google/gemini-3-flash
    google/gemini-2.5-flash-preview-tts                    -
    xai/grok-4.3                                           xai/grok-4.3
    xai/grok-4.20-0309-reasoning                           xai/grok-4.20-reasoning
    xai/grok-4.20-0309-non-reasoning                       xai/grok-4.20-non-reasoning
    xai/grok-4                                             -
    mistral/mistral-large-2512                             mistral/mistral-large-3
    mistral/mistral-large-latest                           mistral/mistral-large-3
    mistral/mistral-large-2411                             -
    mistral/devstral-small-2507                            -
    mistral/mistral-small-2603                             mistral/mistral-small
    mistral/mistral-small-2506                             -
    mistral/mistral-medium-latest                          -
    mistral/ministral-8b-latest                            mistral/ministral-8b
    mistral/labs-devstral-small-2512                       mistral/devstral-small-2
    zai/glm-4.6                                            zai/glm-4.6
    zai/glm-4.7-flashx                                     zai/glm-4.7-flashx
    zhipuai/glm-4.6                                        zai/glm-4.6
    alibaba/qwen3-max                                      alibaba/qwen3-max
    alibaba/qwen3-14b                                      alibaba/qwen-3-14b
    minimax/MiniMax-M2.5-highspeed                         minimax/minimax-m2.5-highspeed
    moonshotai/kimi-k2-0905-preview                        moonshotai/kimi-k2-0905
    moonshotai/kimi-k2-0711-preview                        moonshotai/kimi-k2
    moonshotai/kimi-k2-turbo-preview                       moonshotai/kimi-k2-turbo
    openai/gpt-5.3-chat-latest                             openai/gpt-5.3-chat
    openai/gpt-5.1-chat-latest                             -
    deepseek/deepseek-chat                                 -
    alibaba/qwen3-coder-30b-a3b-instruct                   alibaba/qwen3-coder-30b-a3b
    anthropic/claude-opus-4-0                              anthropic/claude-opus-4
    groq/moonshotai/kimi-k2-instruct-0905                  moonshotai/kimi-k2-0905
    togetherai/meta-llama/Llama-3.3-70B-Instruct-Turbo     meta/llama-3.3-70b
    nova/nova-2-lite-v1                                    amazon/nova-2-lite
    bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0    anthropic/claude-haiku-4.5
    amazon-bedrock/amazon.nova-pro-v1:0                    amazon/nova-pro
    vertex/claude-sonnet-4-5@20250929                      anthropic/claude-sonnet-4.5
    groq/llama-3.3-70b-versatile                           meta/llama-3.3-70b
    openrouter/x-ai/grok-4.3                               xai/grok-4.3
    openrouter/mistralai/mistral-large-2512                mistral/mistral-large-3
    togetherai/Qwen/Qwen3-235B-A22B-Instruct-2507-tput     alibaba/qwen-3-235b
    togetherai/deepseek-ai/DeepSeek-V3                     -
    azure/gpt-4o                                           -
    vercel/anthropic/claude-sonnet-4.5                     anthropic/claude-sonnet-4.5
    vercel-gateway/anything/At-All:new                     anything/At-All:new
"""


@pytest.fixture
def catalog(make_environment: MakeEnvironment, tmp_path: Path) -> Catalog:
    """A catalog of the bundled plugins and the example in the user's plugin folder, with only the gateway's key."""
    folder = tmp_path / ".local" / "share" / "polyroute" / "plugins" / "vercel"
    shutil.copytree(EXAMPLE, folder)
    environment = make_environment(AI_GATEWAY_API_KEY="k")
    return Catalog(Plugins.load(only=["direct", "openrouter", "dexto", "vercel"], environment=environment), environment)


def test_it_maps_by_data_alone(catalog: Catalog) -> None:
    """Each model is mapped to its ID in the gateway's own list, or to none."""
    wanted = dict(line.split() for line in CASES.strip().splitlines())
    found = {case: catalog.mapping("vercel-gateway", ModelRef(*case.split("/", 1))).id or "-" for case in wanted}
    assert found == wanted


def test_it_is_a_route_like_any(catalog: Catalog) -> None:
    """With only the gateway's key, vendors in the gateway's list run through it, under its IDs."""
    route = catalog.resolve("xai/grok-4.3")
    assert (route.via, route.model_id, route.base_url) == (
        "vercel-gateway",
        "xai/grok-4.3",
        "https://ai-gateway.vercel.sh/v1",
    )
    assert catalog.resolve("llama/llama-3.3-70b-instruct").model_id == "meta/llama-3.3-70b"
    assert not catalog.problems


def test_the_way_back(catalog: Catalog) -> None:
    """The gateway's IDs are mapped back to the vendors' models."""
    mapper = catalog.plugins.mappers["vercel-gateway"]
    assert mapper.reverse("anthropic/claude-sonnet-4.5") == ("anthropic", "claude-sonnet-4-5")
    assert mapper.reverse("zai/glm-4.6") == ("zai", "glm-4.6")
    assert mapper.reverse("mistral/mistral-large-3") == ("mistral", "mistral-large-2512")
