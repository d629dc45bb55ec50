"""Who plays: the models, what calls are for, the rhythms of a day, and the API keys."""

from typing import NamedTuple


class Model(NamedTuple):
    """A model as its callers spell it, and how fast it answers.

    `catalogue` is the provider's id in genai-prices, empty for a model nobody has a price for.
    `first_ms` is milliseconds until the answer starts (for embeddings: the whole answer);
    `speed` is output tokens a second, 0 for embeddings.
    """

    provider: str
    name: str
    catalogue: str
    first_ms: int
    speed: int

    @property
    def is_embedding(self) -> bool:
        """Whether the model only embeds."""
        return self.speed == 0


MODELS = (
    Model("OpenAI", "gpt-6-sol", "openai", 620, 85),
    Model("OpenAI", "gpt-6-luna", "openai", 380, 140),
    Model("OpenAI", "gpt-6.1-terra", "openai", 480, 105),
    Model("OpenAI", "gpt-6-astra", "openai", 1400, 52),
    Model("OpenAI", "gpt-4o-mini", "openai", 420, 95),
    Model("OpenAI", "text-embedding-3-small", "openai", 105, 0),
    Model("OpenAI", "text-embedding-3-large", "openai", 150, 0),
    Model("Anthropic", "claude-opus-5-5", "anthropic", 980, 58),
    Model("Anthropic", "claude-sonnet-5-5", "anthropic", 720, 76),
    Model("Anthropic", "claude-fable-5-2", "anthropic", 1250, 48),
    Model("Anthropic", "claude-haiku-5-5", "anthropic", 390, 135),
    Model("Google", "gemini-2.5-pro", "google", 1150, 92),
    Model("Google", "gemini-2.5-flash", "google", 430, 170),
    Model("Google", "gemini-3.8-flash", "google", 410, 190),
    Model("Google", "gemini-embedding-001", "google", 130, 0),
    Model("Mistral", "mistral-medium-latest", "mistral", 510, 82),
    Model("Mistral", "mistral-small-latest", "mistral", 300, 125),
    Model("Mistral", "mistral-embed", "mistral", 95, 0),
    Model("Cohere", "command-a", "cohere", 450, 88),
    Model("Cohere", "embed-v4.0", "cohere", 140, 0),
    Model("Groq", "llama-3.3-70b-versatile", "groq", 190, 290),
    Model("Groq", "openai/gpt-oss-120b", "groq", 210, 420),
    Model("DeepSeek", "deepseek-v3.2", "deepseek", 1300, 34),
    Model("AWS Bedrock", "amazon.nova-pro-v1:0", "aws", 560, 79),
    Model("AWS Bedrock", "amazon.titan-embed-text-v2:0", "aws", 115, 0),
    Model("Mistral", "mistral-next-preview", "", 900, 60),
)
"""25 models that genai-prices knows, and a preview that nobody has a price for."""

MODEL_INDEX = {model.name: index for index, model in enumerate(MODELS)}


class Use(NamedTuple):
    """What calls are for: median tokens sent and received."""

    input_tokens: int
    output_tokens: int


CHAT = Use(3_600, 380)
ANSWER = Use(11_000, 520)
AGENT = Use(15_000, 1_000)
CODE = Use(14_000, 1_400)
SUMMARY = Use(13_000, 650)
LABEL = Use(900, 45)
TRANSLATE = Use(1_300, 1_150)
EMBED = Use(850, 0)
"""What every call to an embedding model is for, whatever the key's other calls are."""


class Rhythm(NamedTuple):
    """Relative calls for each hour of a working day (UTC), and the weekend's share in percent."""

    hours: tuple[int, ...]
    weekend: int


EUROPE = Rhythm((2, 1, 1, 1, 2, 6, 20, 55, 85, 98, 100, 90, 70, 92, 96, 84, 60, 34, 20, 13, 9, 7, 5, 3), 14)
AMERICAS = Rhythm(
    (22, 14, 9, 6, 4, 3, 2, 2, 3, 5, 9, 18, 42, 72, 92, 100, 96, 78, 88, 97, 86, 62, 42, 30), 16
)
ASIA = Rhythm((62, 88, 98, 92, 66, 84, 100, 96, 82, 58, 34, 20, 13, 9, 6, 4, 3, 2, 1, 1, 2, 5, 14, 34), 15)
PUBLIC = Rhythm(
    (24, 19, 16, 16, 19, 26, 38, 54, 68, 76, 80, 82, 80, 84, 88, 90, 92, 94, 96, 92, 78, 60, 44, 32), 55
)
NIGHT = Rhythm((90, 100, 100, 92, 70, 36, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 22, 62), 70)


class Key(NamedTuple):
    """An API key: what it is for, when it works, its share of all calls, and its models' shares."""

    name: str
    use: Use
    rhythm: Rhythm
    share: int
    models: dict[str, int]


KEYS = (
    Key("support-chat", CHAT, PUBLIC, 1500, {"claude-sonnet-5-5": 35, "gpt-6.1-terra": 30, "gpt-6-luna": 35}),
    Key("rag-indexer", EMBED, NIGHT, 1240, {"text-embedding-3-small": 80, "text-embedding-3-large": 20}),
    Key("prod-checkout", LABEL, PUBLIC, 860, {"gpt-6-luna": 60, "claude-haiku-5-5": 40}),
    Key("rag-answers", ANSWER, EUROPE, 760, {"claude-sonnet-5-5": 55, "gpt-6-sol": 25, "embed-v4.0": 20}),
    Key(
        "code-assistant",
        CODE,
        EUROPE,
        960,
        {"claude-fable-5-2": 30, "claude-opus-5-5": 40, "claude-sonnet-5-5": 30},
    ),
    Key("agent-orders", AGENT, AMERICAS, 560, {"gpt-6-sol": 55, "gpt-6-astra": 25, "gpt-6.1-terra": 20}),
    Key("product-search", EMBED, PUBLIC, 430, {"gemini-embedding-001": 70, "gemini-2.5-flash": 30}),
    Key("nightly-summaries", SUMMARY, NIGHT, 400, {"gemini-2.5-flash": 50, "gemini-2.5-pro": 50}),
    Key("translate-docs", TRANSLATE, ASIA, 340, {"mistral-medium-latest": 60, "deepseek-v3.2": 40}),
    Key("ticket-labels", LABEL, EUROPE, 310, {"mistral-small-latest": 75, "llama-3.3-70b-versatile": 25}),
    Key("sales-copilot", CHAT, AMERICAS, 280, {"claude-sonnet-5-5": 45, "claude-haiku-5-5": 55}),
    Key("legacy-crm", CHAT, EUROPE, 270, {"gpt-4o-mini": 100}),
    Key("voice-notes", SUMMARY, PUBLIC, 240, {"gemini-3.8-flash": 100}),
    Key(
        "contract-review",
        ANSWER,
        EUROPE,
        230,
        {"gpt-6-astra": 20, "claude-opus-5-5": 40, "mistral-embed": 40},
    ),
    Key("fraud-screening", LABEL, PUBLIC, 205, {"openai/gpt-oss-120b": 60, "llama-3.3-70b-versatile": 40}),
    Key("checkout-agent-v2", AGENT, PUBLIC, 200, {"gpt-6-sol": 80, "gpt-6.1-terra": 20}),
    Key("Marketing, Europe", TRANSLATE, EUROPE, 180, {"gpt-6.1-terra": 60, "gpt-4o-mini": 40}),
    Key("Übersetzer-Büro", TRANSLATE, EUROPE, 165, {"mistral-medium-latest": 70, "mistral-small-latest": 30}),
    Key("data-warehouse", LABEL, NIGHT, 150, {"deepseek-v3.2": 70, "amazon.titan-embed-text-v2:0": 30}),
    Key("review-bot", CODE, AMERICAS, 230, {"claude-fable-5-2": 40, "claude-opus-5-5": 60}),
    Key("hr-assistant", ANSWER, EUROPE, 125, {"command-a": 60, "embed-v4.0": 40}),
    Key("invoice-reader", LABEL, EUROPE, 115, {"gemini-2.5-flash": 80, "gemini-3.8-flash": 20}),
    Key(
        "research-sandbox",
        AGENT,
        AMERICAS,
        105,
        {"gpt-6-astra": 50, "gemini-2.5-pro": 30, "mistral-next-preview": 20},
    ),
    Key(
        "bedrock-pilot", CHAT, AMERICAS, 95, {"amazon.nova-pro-v1:0": 65, "amazon.titan-embed-text-v2:0": 35}
    ),
    Key("intranet-search", ANSWER, ASIA, 88, {"mistral-embed": 55, "mistral-small-latest": 45}),
    Key("qa-regression", CODE, NIGHT, 80, {"claude-sonnet-5-5": 60, "claude-haiku-5-5": 40}),
    Key("field-service-app", CHAT, ASIA, 72, {"gemini-3.8-flash": 100}),
    Key("email-drafts", CHAT, EUROPE, 64, {"gpt-6-luna": 100}),
    Key("prod-onboarding", CHAT, AMERICAS, 58, {"claude-haiku-5-5": 70, "gpt-6-luna": 30}),
    Key("catalogue-tags", LABEL, NIGHT, 52, {"openai/gpt-oss-120b": 100}),
    Key("security-triage", ANSWER, AMERICAS, 46, {"gpt-6-astra": 50, "claude-fable-5-2": 50}),
    Key("press-monitor", SUMMARY, ASIA, 40, {"deepseek-v3.2": 60, "gemini-2.5-flash": 40}),
    Key(
        "staging",
        CHAT,
        EUROPE,
        34,
        {"gpt-6-luna": 40, "gpt-6-sol": 20, "claude-haiku-5-5": 20, "command-a": 20},
    ),
    Key("logistics-eta", LABEL, ASIA, 28, {"llama-3.3-70b-versatile": 100}),
    Key("board-reports", SUMMARY, EUROPE, 22, {"gpt-6-astra": 100}),
    Key("dev-anna", CODE, EUROPE, 18, {"claude-sonnet-5-5": 80, "gpt-6-sol": 20}),
    Key("dev-tomasz", CODE, EUROPE, 14, {"claude-opus-5-5": 100}),
    Key("dev-priya", AGENT, ASIA, 11, {"gpt-6-sol": 60, "gemini-2.5-pro": 40}),
    Key("hackathon", CHAT, EUROPE, 7, {"gpt-4o-mini": 50, "llama-3.3-70b-versatile": 50}),
    Key("tmp-test-2", CHAT, AMERICAS, 4, {"gpt-4o-mini": 100}),
)
"""40 keys of very unequal volume, two of them with names that a careless reader of CSV breaks on."""

PAIRS = tuple(
    (key, MODEL_INDEX[model], split) for key, who in enumerate(KEYS) for model, split in who.models.items()
)
"""Every key with each of its models: (key index, model index, share of the key's calls)."""
