"""Documents (`switchover.yaml`) whose targets are stand-in providers.

A document is a dict here, and written as JSON, which is YAML too.
"""

import json
import pathlib

from .standin import Provider

# What a target of each provider has, apart from where it is: `base` is what comes after the stand-in's address.
PROVIDERS = {
    "openai": {"base": "/v1", "model": "gpt-5.4-mini"},
    "azure_openai": {"base": "", "model": "gpt-5.4-mini"},
    "anthropic": {"base": "", "model": "claude-sonnet-4-5", "max_output_tokens": 8192},
    "anthropic_bedrock": {"base": "", "model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "max_output_tokens": 8192},
    "anthropic_vertex": {
        "base": "", "model": "claude-sonnet-4-5", "max_output_tokens": 8192, "project": "p", "location": "europe-west1",
    },
    "gemini": {"base": "", "model": "gemini-3-pro"},
    "vertex": {"base": "", "model": "gemini-3-pro", "project": "p", "location": "europe-west1"},
    "bedrock": {"base": "", "model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"},
    "cohere": {"base": "", "model": "command-a-03-2025"},
    # OpenAI's dialect, and no Responses: their callers are translated to it.
    "openai_compatible": {"base": "/some/where/v1", "model": "llama-4"},
    "deepseek": {"base": "", "model": "deepseek-reasoner"},
    "fireworks": {"base": "/inference/v1", "model": "accounts/fireworks/models/glm-4p7"},
    "groq": {"base": "/openai/v1", "model": "openai/gpt-oss-120b"},
    "mistral": {"base": "/v1", "model": "mistral-large-2512"},
}


# Their credential is a signature.
SIGNED = ("bedrock", "anthropic_bedrock")


def key_of(name: str) -> str:
    """The key of a provider in tests."""
    return f"key-of-{name}"


def target(provider: Provider, kind: str = "openai", **more) -> dict:
    """A target that is this stand-in provider; its id and its credential have the provider's name.

    Its window is as large as can be: tests send more than any model that is known takes.
    """
    known = dict(PROVIDERS[kind])
    made = {"id": provider.name, "provider": kind, "endpoint": provider.url + known.pop("base"), "context_window": 100_000_000, **known}
    made["credential"] = provider.name
    return made | more


def group(name: str, *targets, **more) -> dict:
    """A model group with these targets (ids, or targets' entries), one after the other."""
    entries = [{"id": one, "priority": place} if isinstance(one, str) else one for place, one in enumerate(targets)]
    return {"name": name, "targets": entries} | more


def document(targets: list, groups: list | None = None, **more) -> dict:
    """A whole document; without groups there is one, `production-llm`, with all targets in order."""
    groups = groups or [group("production-llm", *(one["id"] for one in targets))]
    named = sorted({one["credential"] for one in targets if "credential" in one})
    aws = {one["credential"] for one in targets if one["provider"] in SIGNED}
    signed = {"aws": {"region": "us-east-1", "service": "bedrock"}}
    credentials = [{"id": name, **(signed if name in aws else {"secret_file": f"secrets/{name}"})} for name in named]
    return {"version": 1, "targets": targets, "credentials": credentials, "model_groups": groups} | more


def write(document: dict, folder: pathlib.Path) -> pathlib.Path:
    """Writes the document, and beside it the keys it names."""
    for credential in document.get("credentials", []):
        if "secret_file" in credential:
            secret = folder / credential["secret_file"]
            secret.parent.mkdir(parents=True, exist_ok=True)
            secret.write_text(key_of(credential["id"]))
    path = folder / "switchover.yaml"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False))
    return path
