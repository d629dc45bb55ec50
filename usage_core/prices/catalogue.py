"""The price catalogue of the genai-prices package, read offline: names, and which models embed."""

from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import version

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice

LIKE = 0.6
"""Names are alike from this ratio of common letters on."""

SPELLINGS = {
    "amazon bedrock": "aws",
    "aws.bedrock": "aws",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "azure openai": "azure",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "azure_ai": "azure",
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "gemini": "google",
    "vertex_ai": "google",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshotai",
    "together_ai": "together",
    "x_ai": "x-ai",
    "xai": "x-ai",
}
"""What OpenTelemetry, LiteLLM and vendors call a provider -> the catalogue's id of it, where that is neither
its id nor its name."""


@dataclass(frozen=True, slots=True)
class Names:
    """A provider and a model as they are grouped, and whether the model is known to embed."""

    provider: str | None
    model: str
    embeds: bool


@lru_cache
def catalogue_version() -> str:
    """The catalogue's version, as recorded with each import."""
    return f"genai-prices {version('genai-prices')}"


@lru_cache(maxsize=65536)
def names(provider: str | None, model: str) -> Names:
    """The names a call is grouped under, from its provider and model as the source spells them.

    Spellings of one provider ("openai", "OpenAI") become the catalogue's name for it; a provider
    the catalogue does not know keeps its own. A model keeps its version and loses only the path
    in front of it ("models/gemini-2.5-pro") and its capitals.
    """
    return Names(_provider_name(provider), _model_name(model), _embeds(provider, model))


@lru_cache(maxsize=4096)
def _provider_name(provider: str | None) -> str | None:
    if provider is None or not provider.strip():
        return None
    wanted = _spelled(provider)
    for known in get_snapshot().providers:
        if wanted in (known.id.casefold(), known.name.casefold()):
            return known.name
    return provider.strip()


def _spelled(provider: str) -> str:
    wanted = provider.strip().casefold()
    return SPELLINGS.get(wanted, wanted)


def _model_name(model: str) -> str:
    return model.strip().rsplit("/", 1)[-1].lower() or model.strip()


@lru_cache(maxsize=65536)
def find(provider: str | None, model: str) -> tuple[str, ModelInfo] | None:
    """The catalogue's model for a provider and model, and its name there: "openai/gpt-4o".

    A provider that the catalogue does not know may serve a model that it knows from its maker.
    """
    # Some of the catalogue's own names have a path in front, which the name of a call has lost.
    bare = _model_name(model)
    with_path = _by_bare_name(_provider_id(provider)).get(bare, bare)
    for name in dict.fromkeys((model.strip().lower(), bare, with_path)):
        try:
            maker, info = get_snapshot().find_provider_model(name, None, _provider_id(provider), None)
        except LookupError:
            continue
        return f"{maker.id}/{info.id}", info
    return None


@lru_cache(maxsize=256)
def _by_bare_name(provider_id: str | None) -> dict[str, str]:
    """A provider's models that have a path in front, by their names without it, where these are unique."""
    maker = next((each for each in get_snapshot().providers if each.id == provider_id), None)
    listed = [each.id for each in maker.models if "/" in each.id] if maker else []
    counted = Counter(map(_model_name, listed))
    return {bare: name for name in listed if counted[bare := _model_name(name)] == 1}


@lru_cache(maxsize=1)
def every() -> tuple[str, ...]:
    """Every model of the catalogue that has a price for tokens, as "openai/gpt-4o"."""
    return tuple(f"{maker.id}/{info.id}" for maker in get_snapshot().providers for info in maker.models)


@lru_cache(maxsize=4096)
def suggested(provider: str | None, model: str) -> str | None:
    """The model of the catalogue whose name is most like one that it does not know, as "openai/gpt-4o", of
    the same provider where it is listed: the longest that it begins with, else the one with the most letters
    in common; None where none is like it. For a person to decide."""
    usual = [name for name in every() if ":" not in name]  # not what is served free, or fine-tuned
    listed = {name.partition("/")[2]: name for name in reversed(usual)}
    own = {name.partition("/")[2]: name for name in usual if name.startswith(f"{_provider_id(provider)}/")}
    names = own or listed
    wanted = _model_name(model)
    begun = sorted((name for name in names if wanted.startswith(f"{name}-")), key=len, reverse=True)
    found = begun or get_close_matches(wanted, names, n=1, cutoff=LIKE)
    return names[found[0]] if found else None


@lru_cache(maxsize=4096)
def _provider_id(provider: str | None) -> str | None:
    wanted = _spelled(provider or "")
    known = (each.id for each in get_snapshot().providers if each.name.casefold() == wanted)
    return next(known, wanted or None)


def _embeds(provider: str | None, model: str) -> bool:
    if "embed" in model.lower():
        return True
    known = find(provider, model)
    if known is None or not isinstance(known[1].prices, ModelPrice):
        return False
    return known[1].prices.output_mtok is None and known[1].prices.input_mtok is not None
