"""The type of a listed model: what is known about it. None, or an empty text or tuple, always means "not known"."""

from typing import Annotated, Literal

from polyroute.named_tuples import NamedTuple
from polyroute.types.constraints import Count, Date, Headers, Line, Price, Short, Text, Url
from polyroute.types.declarations import AuthHeader, ModelRef

ModelStatus = Literal["", "alpha", "beta", "deprecated"]


class Model(NamedTuple):
    """One model that a provider offers. Prices are in US dollars per million tokens."""

    provider: Text
    id: Annotated[Text, Short()]
    name: Line = ""
    context: Count | None = None
    """The most tokens of input and output together."""
    output: Count | None = None
    """The most tokens of one response."""
    input_price: Price | None = None
    output_price: Price | None = None
    input_modalities: tuple[Text, ...] = ()
    output_modalities: tuple[Text, ...] = ()
    release_date: Date = ""
    """ISO 8601; the day, or month and day, may be missing."""
    base_url: Url = ""
    """This model's own base URL, if it differs from the provider's; may contain `${slot}`."""
    protocol: Line = ""
    """This model's own wire protocol, if it differs from the provider's; likewise `auth` and `headers`."""
    auth: AuthHeader | None = None
    headers: Headers = ()
    also_speaks: tuple[Text, ...] | None = None
    """Further wire protocols for this model; empty if it answers one only, None if they are those of the provider."""
    input_limit: Count | None = None
    """The most tokens of input, if that is less than `context`."""
    cache_read_price: Price | None = None
    """The price of input tokens that are read from the endpoint's cache."""
    cache_write_price: Price | None = None
    """The price of input tokens that are written to the endpoint's cache."""
    tools: bool | None = None
    """Whether it can call tools."""
    reasoning: bool | None = None
    """Whether it can reason before it answers."""
    structured_output: bool | None = None
    """Whether its output can be held to a JSON Schema."""
    temperature: bool | None = None
    """Whether its temperature can be set."""
    open_weights: bool | None = None
    """Whether its weights are published."""
    knowledge: Date = ""
    """The date up to which its training data reaches, as in `release_date`."""
    family: Line = ""
    """The maker's line of models that it belongs to."""
    status: ModelStatus = ""
    """`deprecated` if it is about to be retired, `alpha` or `beta` if it is not finished."""

    @property
    def ref(self) -> ModelRef:
        """The model reference that selects it."""
        return ModelRef(self.provider, self.id)
