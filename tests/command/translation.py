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
    "images by address": {"openai": "image-url", "responses": "image-url"},
    "documents": {"openai": "file-pdf", "anthropic": "documents", "responses": "files"},
    "audio": {"openai": "audio-input"},
    "tools": {"openai": "tools-one-round", "anthropic": "thinking-through-a-tool-loop", "responses": "tools"},
    "parallel tools": {"openai": "tools-results-out-of-order", "anthropic": "parallel-tools", "responses": "tool-conversation"},
    "results with images": {"anthropic": "tool-result-error-and-image", "responses": "tool-result-image"},
    "free-form tools": {"openai": "free-form-tools", "responses": "free-form-tools"},
    "choice": {"openai": "tool-choice-named", "anthropic": "tool-choice-named", "responses": "tool-choice-named"},
    "structured output": {"openai": "format-json-schema", "anthropic": "output-json-schema", "responses": "format-json-schema"},
    "thinking": {"openai": "reasoning-effort", "anthropic": "thinking-budget", "responses": "reasoning-effort"},
    "thoughts come back": {"openai": "reasoning-comes-back", "anthropic": "unsigned-thoughts-come-back"},
    "stop": {"openai": "stop-string", "anthropic": "sampling-and-stops"},
    "cache": {"openai": "cache-breakpoints", "anthropic": "system-blocks-cached"},
    "web search": {"openai": "web-search", "anthropic": "web-search-without-some-domains", "responses": "web-search"},
    "searches of before": {"anthropic": "web-search-in-history", "responses": "web-search-in-history"},
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
    "free-form tools": ("free-form-call",),
}
STREAMS = {
    "text": "text",
    "tools": ("tool-calls-parallel", "text-then-tools", "plan-then-tools", "tool-calls-in-one-event", "function-call", "text-and-tools-interleaved"),
    "thinking": ("thinking", "reasoning-deepseek", "reasoning-then-text"),
    "citations": ("citations", "server-tools-and-citations", "grounded", "web-grounding", "references", "cited-with-probabilities"),
    "pictures": ("pictures",),
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
| - | no case shows it, or the caller's dialect has no such thing |

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


def table(head: list, rows: list) -> list:
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]


def page() -> str:
    out = [HEAD]
    for caller, name in CALLERS.items():
        out.append(f"## Requests of {name} callers\n")
        rows = []
        for feature, cases in REQUESTS.items():
            case = cases.get(caller)
            cells = [request_cell(caller, case, shown(caller, target)) if case else "-" for target in DIALECTS]
            rows.append([f"{feature}" + (f" *{case}*" if case else ""), *cells])
        out += table(["", *DIALECTS.values()], rows)
        out.append("")
    for kind, title, features in (("reply", "Answers", ANSWERS), ("stream", "Streams", STREAMS)):
        for caller, name in CALLERS.items():
            out.append(f"## {title} for {name} callers\n")
            rows = [
                [feature, *(answer_cell(kind, speaks, caller, cases) for speaks in ANSWERING)] for feature, cases in features.items()
            ]
            out += table(["", *(DIALECTS[target] for target in ANSWERING.values())], rows)
            out.append("")
    return "\n".join(out).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    if "--show" in sys.argv:
        print(page())
