"""How many of 200 real names of models have a price in the catalogue, and every name that has none.

`models.csv` has the names as providers, OpenTelemetry and LiteLLM write them, from public documentation.
"""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from usage_core.prices.book import in_force, intervals
from usage_core.prices.catalogue import find, names

NOVEMBER = datetime(2026, 11, 28, 12, tzinfo=UTC)
LIST = Path(__file__).with_name("models.csv")

NOT_BY_TOKENS = {
    "whisper-1",
    "tts-1",
    "omni-moderation-latest",
    "mistral-ocr-latest",
    "sonar",
    "sonar-pro",
    "sonar-reasoning-pro",
}
"""Known, but charged also or only by the request, the page, or the length of audio."""

NOT_LISTED = {
    "claude-instant-1.2",
    "mistral.mistral-large-2407-v1:0",
    "cohere.command-r-plus-v1:0",
    "cohere.embed-english-v3",
    "ai21.jamba-1-5-large-v1:0",
    "text-embedding-004",
    "text-embedding-005",
    "mistral-small-2503",
    "ministral-3b-latest",
    "pixtral-12b-2409",
    "embed-english-v3.0",
    "embed-multilingual-v3.0",
    "rerank-v3.5",
    "deepseek-coder",
    "Qwen/Qwen2.5-72B-Instruct-Turbo",
    "accounts/fireworks/models/llama-v3p1-405b-instruct",
}


def test_177_of_200_real_names_have_a_price() -> None:
    """With the catalogue of this version; a later one may know more, and may not know less."""
    with LIST.open(encoding="utf-8", newline="") as file:
        listed = [(row["provider"], row["model"]) for row in csv.DictReader(file)]
    assert len(set(listed)) == len(listed) == 200
    without = []
    for provider, model in listed:
        called = names(provider, model)  # as a call of it is stored
        if in_force(intervals(called.provider, called.model, ()), NOVEMBER).prices.input is None:
            without.append(model)
            assert (find(called.provider, called.model) is None) is (model in NOT_LISTED)
    assert set(without) <= NOT_BY_TOKENS | NOT_LISTED
    assert len(listed) - len(without) >= 177


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("openai", "OpenAI"),
        (" OPENAI ", "OpenAI"),
        ("aws.bedrock", "AWS Bedrock"),
        ("bedrock", "AWS Bedrock"),
        ("azure.ai.openai", "Microsoft Azure"),
        ("gcp.vertex_ai", "Google"),
        ("mistral_ai", "Mistral"),
        ("x_ai", "X AI"),
        ("House", "House"),
        ("", None),
        (None, None),
    ],
)
def test_spellings_of_a_provider_are_one(provider: str | None, name: str | None) -> None:
    assert names(provider, "gpt-4o").provider == name


@pytest.mark.parametrize(
    ("provider", "model", "match"),
    [
        ("OpenRouter", "google/gemini-2.5-flash", "openrouter/google/gemini-2.5-flash"),
        ("Groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
        ("Perplexity", "sonar", "perplexity/sonar"),
    ],
)
def test_a_model_is_found_with_its_path_and_without(provider: str, model: str, match: str) -> None:
    for name in (model, names(provider, model).model):
        found = find(provider, name)
        assert found
        assert found[0] == match
