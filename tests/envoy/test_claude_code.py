"""What Claude Code sends (version 2.1, written down from its own requests), to every kind of provider.

Also what Anthropic's SDK has beyond plain calls: the tool runner, beta paths, both ways to ask for thought.
"""

import json

import anthropic
import pytest

from test_dialects import KINDS, everyone, kind, said  # noqa: F401 (fixtures)

BETAS = [
    "claude-code-20250219", "interleaved-thinking-2025-05-14", "thinking-token-count-2026-05-13",
    "context-management-2025-06-27", "prompt-caching-scope-2026-01-05", "mid-conversation-system-2026-04-07",
    "effort-2025-11-24", "fine-grained-tool-streaming-2025-05-14",
]
CACHED = {"cache_control": {"type": "ephemeral"}}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SYSTEM = [
    {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.197; cc_entrypoint=sdk-cli;"},
    {"type": "text", "text": "You are a Claude agent.", **CACHED},
    {"type": "text", "text": "You are an interactive agent that helps users.", **CACHED},
]
READ = {
    "name": "Read",
    "description": "Reads a file from the local filesystem.",
    "input_schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "file_path": {"type": "string", "description": "The absolute path"},
            "limit": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
        },
        "required": ["file_path"],
        "additionalProperties": False,
    },
    "eager_input_streaming": True,
}
AS_CLAUDE_CODE = {
    "max_tokens": 32000,
    "system": SYSTEM,
    "thinking": {"type": "adaptive"},
    "metadata": {"user_id": json.dumps({"device_id": "2" * 64, "account_uuid": "", "session_id": "7e336794-03ff-4196-9bc4-e786a141025c"})},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "output_config": {"effort": "high"},
    "tools": [READ, {**READ, "name": "Glob", **CACHED}],
}


def turn(text: str) -> list:
    reminder = {"type": "text", "text": "<system-reminder>\nToday is a day.\n</system-reminder>"}
    return [{"role": "user", "content": [reminder, {"type": "text", "text": text, **CACHED}]}]


def ask(gateway, model: str, messages: list, **more):
    """One streamed turn, as Claude Code asks it: `POST /v1/messages?beta=true`."""
    with gateway.anthropic().beta.messages.stream(model=model, messages=messages, betas=BETAS, **AS_CLAUDE_CODE | more) as stream:
        return stream.get_final_message()


def test_a_session(everyone, kind):
    """Words, a call of a tool, its result with an image, a failed one, and an end."""
    messages = turn("What is the weather?")
    answer = ask(everyone, kind, messages)
    assert answer.stop_reason == "tool_use" and answer.model == kind
    (call,) = [block for block in answer.content if block.type == "tool_use"]
    assert call.name in ("Read", "Glob") and call.input["file_path"]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    seen = [{"type": "text", "text": "sunny ☀"}, *([] if kind in ("cohere", "deepseek") else [image])]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": seen}
    # As clients do: what came goes back whole.
    messages += [{"role": "assistant", "content": [block.to_dict() for block in answer.content]}, {"role": "user", "content": [result]}]
    answer = ask(everyone, kind, messages)
    assert answer.stop_reason == "end_turn" and answer.content[-1].text
    failed = {"type": "tool_result", "tool_use_id": call.id, "content": "<tool_use_error>No such file</tool_use_error>", "is_error": True, **CACHED}
    messages[-1] = {"role": "user", "content": [failed]}
    answer = ask(everyone, kind, messages)
    assert "No such file" in answer.content[-1].text


def test_openai_thinks_on(everyone, cloud):
    """Tools with thinking go to OpenAI's newer models by Responses only. What they thought comes back to them, as they sealed it."""
    messages = turn("What is the weather?")
    answer = ask(everyone, "openai_responses", messages)
    assert [block.type for block in answer.content] == ["thinking", "text", "tool_use"] and answer.content[0].thinking
    result = {"type": "tool_result", "tool_use_id": answer.content[-1].id, "content": "sunny ☀"}
    messages += [{"role": "assistant", "content": [block.to_dict() for block in answer.content]}, {"role": "user", "content": [result]}]
    assert "sunny ☀" in ask(everyone, "openai_responses", messages).content[-1].text
    entries = cloud[KINDS["openai_responses"]].log()
    assert [(entry["path"], entry["problem"]) for entry in entries] == [("/v1/responses", None)] * 2
    first, second = [entry["json"]["input"] for entry in entries]
    assert second[: len(first)] == first
    (thought,) = [item for item in second if item.get("type") == "reasoning"]
    assert thought["encrypted_content"].startswith("gAAAA") and thought["summary"][0]["text"] == answer.content[0].thinking


@pytest.mark.parametrize("thinking", [{"type": "enabled", "budget_tokens": 2000}, {"type": "disabled"}], ids=["budget", "off"])
def test_how_much_to_think(everyone, kind, thinking):
    answer = ask(everyone, kind, turn("Grüß dich!"), thinking=thinking, max_tokens=8000, tools=[])
    assert answer.stop_reason == "end_turn" and "Grüß dich!" in answer.content[-1].text


def test_the_tool_runner(everyone, kind):
    @anthropic.beta_tool
    def forecast(city: str) -> str:
        """The weather to come.

        Args:
            city: Where.
        """
        return f"sunny in {city}"

    asked = {"model": kind, "max_tokens": 1000, "tools": [forecast], "messages": [{"role": "user", "content": "What is the weather?"}]}
    if kind.startswith("anthropic"):
        # The stand-in stores nothing. To the others the runner asks for a thread, and goes on without.
        asked["thread"] = False
    final = everyone.anthropic().beta.messages.tool_runner(**asked).until_done()
    assert final.stop_reason == "end_turn" and "sunny in" in final.content[-1].text


def test_tools_of_anthropics_own(everyone):
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    for model in ("openai", "gemini", "bedrock"):
        with pytest.raises(anthropic.BadRequestError) as raised:
            ask(everyone, model, turn("News?"), tools=[READ, search])
        assert "tools[1]" in raised.value.message, raised.value.message


def test_version_and_betas_reach_anthropic(everyone, cloud):
    """`POST /v1/messages?beta=true`: what the caller says of its version is for Anthropic to judge."""
    ask(everyone, "anthropic", turn("Grüß dich!"))
    (entry,) = cloud[KINDS["anthropic"]].log()
    headers = dict(entry["headers"])
    assert headers["anthropic-version"] == everyone.anthropic().default_headers["anthropic-version"] and headers["anthropic-beta"].split(",") == BETAS
    ask(everyone, "openai", turn("Grüß dich!"))
    (entry,) = cloud[KINDS["openai"]].log()
    assert not [name for name, _ in entry["headers"] if name.startswith("anthropic")]


def test_what_models_there_are(everyone):
    listed = everyone.anthropic().models.list()
    assert set(KINDS) <= {model.id for model in listed.data}
    assert everyone.anthropic().models.retrieve("openai").id == "openai"
