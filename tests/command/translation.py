"""`make test-translation`: what of a caller's dialect reaches a provider's, and what of its answers comes back.

The page is made from the golden files and from nothing else: each of them is what the library does with one request or one answer,
held by `tests/golden.rs`, and judged by the providers' own SDKs in `tests/sdk`. A cell without a case would be a claim; here it is `-`.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden"
PAGE = ROOT / "docs/translation.md"

CALLERS = {"openai": "Chat Completions", "anthropic": "Messages", "responses": "Responses"}
# By golden target: who speaks it. `bedrock_claude` is Claude on Converse.
DIALECTS = {
    "openai": "OpenAI Chat",
    "openai_responses": "OpenAI Responses",
    "anthropic": "Claude",
    "gemini": "Gemini",
    "bedrock_claude": "Claude on Converse",
    "bedrock": "Nova on Converse",
    "cohere": "Cohere",
    "mistral": "Mistral",
}
# By feature: the case of each caller that shows it.
REQUESTS = {
    "chat": {"openai": "simple", "anthropic": "minimal", "responses": "string"},
    "system": {"openai": "instructions-in-several-places", "anthropic": "system-in-the-middle", "responses": "instructions"},
    "images": {"openai": "image-data", "anthropic": "images", "responses": "image-data"},
    "images by address": {"openai": "image-url", "anthropic": "image-by-address", "responses": "image-url"},
    "documents": {"openai": "file-pdf", "anthropic": "documents", "responses": "files"},
    "audio": {"openai": "audio-input"},
    "tools": {"openai": "tools-one-round", "anthropic": "thinking-through-a-tool-loop", "responses": "tools"},
    "parallel tools": {"openai": "tools-results-out-of-order", "anthropic": "parallel-tools", "responses": "tool-conversation"},
    "results with images": {"anthropic": "tool-result-error-and-image", "responses": "tool-result-image"},
    "free-form tools": {"openai": "free-form-tools", "responses": "free-form-tools"},
    "choice": {"openai": "tool-choice-named", "anthropic": "tool-choice-named", "responses": "tool-choice-named"},
    "structured output": {"openai": "format-json-schema", "anthropic": "output-json-schema", "responses": "format-json-schema"},
    "thinking": {"openai": "reasoning-effort", "anthropic": "thinking-budget", "responses": "reasoning-effort"},
    "thoughts come back": {"openai": "reasoning-comes-back", "anthropic": "unsigned-thoughts-come-back", "responses": "reasoning-of-claude-comes-back"},
    "stop": {"openai": "stop-string", "anthropic": "sampling-and-stops"},
    "cache": {"openai": "cache-breakpoints", "anthropic": "system-blocks-cached"},
    "web search": {"openai": "web-search", "anthropic": "web-search-without-some-domains", "responses": "web-search"},
    "code that the provider runs": {"anthropic": "code-execution", "responses": "code-execution"},
    "code of before": {"anthropic": "code-in-history", "responses": "code-in-history"},
    "code of others before": {"anthropic": "code-of-others-comes-back", "responses": "code-of-others-comes-back"},
    "searches of before": {"anthropic": "web-search-in-history", "responses": "web-search-in-history"},
}
# By feature and caller: why no request of the caller's has it.
NO_REQUEST = {
    ("results with images", "openai"): "a `tool` message holds text only",
    ("searches of before", "openai"): "no message tells of a search",
    ("code that the provider runs", "openai"): "no such tool",
    ("code of before", "openai"): "no message tells of it",
    ("code of others before", "openai"): "no message tells of it",
    ("audio", "anthropic"): "no block holds sound",
    ("audio", "responses"): "no item holds sound",
    ("free-form tools", "anthropic"): "every tool has a schema",
    ("stop", "responses"): "no such member",
    ("cache", "responses"): "OpenAI caches by itself",
}
# By feature and provider dialect: why no answer of the provider's has it.
NO_ANSWER = {
    ("pictures", "anthropic"): "Claude makes none",
    ("pictures", "bedrock"): "Claude makes none",
    ("pictures", "cohere"): "Command makes none",
    ("pictures", "mistral"): "made by an agent's tool only",
    **{("free-form tools", speaks): "a function's call, made back" for speaks in ("responses", "gemini", "bedrock", "cohere", "mistral")},
    **{("code", speaks): "runs none that it is asked for" for speaks in ("openai", "bedrock", "cohere", "mistral")},
    ("refused or filtered", "mistral"): "no such reason to end",
}
# By feature: a case of an answer, or of a stream, in each dialect.
ANSWERS = {
    "text": "text",
    "tools": ("tool-calls", "tool-call", "tool", "tools-with-a-plan", "parallel-tools", "function-calls"),
    "thinking": ("thinking", "reasoning-deepseek", "thoughts-in-pieces"),
    "citations": ("citations", "grounded", "web-grounding", "references", "cited-with-probabilities", "web-search"),
    "cached tokens": ("cache-usage", "cached-and-tool-usage", "cached", "cited-with-probabilities", "text"),
    "refused or filtered": ("refusal", "safety", "guardrail", "content-filter", "toxic"),
    "cut at its limit": ("max-tokens", "length", "incomplete"),
    "pictures": ("picture",),
    "code": ("code-execution", "code-interpreter"),
    "free-form tools": ("free-form-call",),
}
STREAMS = {
    "text": "text",
    "tools": ("tool-calls-parallel", "text-then-tools", "plan-then-tools", "tool-calls-in-one-event", "function-call", "text-and-tools-interleaved"),
    "thinking": ("thinking", "reasoning-deepseek", "reasoning-then-text"),
    "citations": ("citations", "server-tools-and-citations", "grounded", "web-grounding", "references", "cited-with-probabilities"),
    "counted tokens": ("text", "cited-with-probabilities"),
    "cut at its limit": ("max-tokens", "length", "incomplete", "max-tokens-in-thoughts", "window-full"),
    "refused or filtered": ("refusal", "safety-in-the-middle", "guardrail", "content-filter"),
    "pictures": ("pictures",),
    "code": ("code-execution", "code-interpreter"),
    "free-form tools": ("free-form-call",),
    "an error before the first token": (
        "failed-before-the-first-token",
        "overloaded-at-first",
        "throttled-at-first",
        "error-at-first",
        "failed-error-object-first",
        "failed-after-the-role",
    ),
    "an error in the middle": ("failed-after-the-first-token", "error-in-the-middle", "model-error-in-the-middle", "failed-in-the-middle"),
}
ANSWERING = {"openai": "openai", "responses": "openai_responses", "anthropic": "anthropic", "gemini": "gemini", "bedrock": "bedrock_claude", "cohere": "cohere", "mistral": "mistral"}

HEAD = """# What is translated

Made by `make test-translation` from the golden files (`tests/golden`), each of which is what comes out for one request or one answer;
the names in italics are theirs. What isn't carried is refused before any provider is called, or listed in `x-switchover-dropped`.

| mark | means |
|---|---|
| ✓ | of a request: carried whole. Of an answer: what comes out is that file's, nothing is a failure |
| ✓ without … | carried, but for what is listed |
| refused: … | not sent to this target; with `unsupported: drop` it goes without |
| `class` | the attempt fails as this class, and the next target is asked or the caller told |
| words alone | why there is no such request or answer |
| - | no case shows it |

Where caller and provider speak the same dialect, bytes are edited and whatever nobody knows goes through.
"""


def shown(caller: str, target: str) -> str:
    """The golden target: to callers of Responses, `openai` is Responses itself, and `chat` the same without it."""
    return {"openai": "chat", "openai_responses": "openai"}.get(target, target) if caller == "responses" else target


def request_cell(caller: str, case: str, target: str) -> str:
    folder = GOLDEN / "request" / caller / case
    assert folder.is_dir(), f"there is no case {folder}"
    refused = folder / f"{target}.refused.json"
    if refused.exists():
        error = json.loads(refused.read_text())["error"]
        return f"refused: {(error.get('param') or error['message'].split(' ')[0])}"
    sent = folder / f"{target}.json"
    if not sent.exists():
        return "-"
    dropped = list(dict.fromkeys(json.loads(sent.read_text()).get("dropped", [])))
    return "✓" if not dropped else "✓ without " + ", ".join(f"`{name}`" for name in dropped)


def answer_cell(kind: str, speaks: str, caller: str, cases) -> str:
    suffix = "sse" if kind == "stream" else "json"
    for case in [cases] if isinstance(cases, str) else cases:
        folder = GOLDEN / kind / speaks / case
        if not folder.is_dir():
            continue
        failure = folder / "failure.json"
        if failure.exists():
            return f"`{json.loads(failure.read_text())['failure']['class']}` *{case}*"
        if (folder / f"{caller}.{suffix}").exists():
            return f"✓ *{case}*"
    return "-"


def answer_row(kind: str, feature: str, cases, caller: str) -> list:
    cells = [answer_cell(kind, speaks, caller, cases) for speaks in ANSWERING]
    return [NO_ANSWER.get((feature, speaks), cell) if cell == "-" else cell for speaks, cell in zip(ANSWERING, cells, strict=True)]


def table(head: list, rows: list) -> list:
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]


def page() -> str:
    out = [HEAD]
    for caller, name in CALLERS.items():
        out.append(f"## Requests of {name} callers\n")
        rows = []
        for feature, cases in REQUESTS.items():
            case = cases.get(caller)
            if not case:
                rows.append([feature, NO_REQUEST[feature, caller], *[""] * (len(DIALECTS) - 1)])
                continue
            rows.append([f"{feature} *{case}*", *(request_cell(caller, case, shown(caller, target)) for target in DIALECTS)])
        out += table(["", *DIALECTS.values()], rows)
        out.append("")
    for kind, title, features in (("reply", "Answers", ANSWERS), ("stream", "Streams", STREAMS)):
        for caller, name in CALLERS.items():
            out.append(f"## {title} for {name} callers\n")
            rows = [[feature, *answer_row(kind, feature, cases, caller)] for feature, cases in features.items()]
            out += table(["", *(DIALECTS[target] for target in ANSWERING.values())], rows)
            out.append("")
    return "\n".join(out).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    if "--show" in sys.argv:
        print(page())
