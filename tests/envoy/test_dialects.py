"""Every kind of provider, asked in both callers' dialects through a real Envoy, by the official SDKs.

The stand-in is the judge of what is sent (signatures included), the SDK of what comes back.
"""

import json

import pytest

from harness.document import document, group, target
from harness.gateway import CALLER_KEY, Gateway

# Target kind → the stand-in provider it is; a kind is what the file calls a provider, but for those in MADE.
KINDS = {
    "openai": "openai-main",
    "openai_responses": "responses-main",
    "azure_openai": "azure-secondary",
    "anthropic": "anthropic-main",
    "anthropic_bedrock": "bedrock-claude",
    "anthropic_vertex": "vertex-claude",
    "bedrock": "bedrock-main",
    "gemini": "gemini-main",
    "vertex": "vertex-main",
    "cohere": "cohere-main",
    "mistral": "mistral-main",
    "deepseek": "deepseek-main",
    "groq": "groq-main",
    "fireworks": "fireworks-main",
    "openai_compatible": "compatible-main",
    "azure_deployment": "azure-deployment",
}
MADE = {
    # Models that take tools with an effort on Chat Completions, and one that takes them in Responses only.
    "openai": ("openai", {"model": "gpt-5.1"}),
    "azure_openai": ("azure_openai", {"model": "gpt-5.1"}),
    "openai_responses": ("openai", {"model": "gpt-5.4", "api": "responses"}),
    "azure_deployment": ("azure_openai", {"model": "chat-production", "api_version": "2024-10-21"}),
}
USER = [{"role": "user", "content": "Grüß dich!"}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
WEATHER = [{"role": "user", "content": "What is the weather?"}]


def made(provider, kind: str) -> dict:
    provider_kind, more = MADE.get(kind, (kind, {}))
    return target(provider, provider_kind, **more)


@pytest.fixture(scope="module")
def everyone(envoy_binary, cloud_process, tmp_path_factory):
    """A group of one target for each kind, named like the kind."""
    targets = [made(cloud_process[name], kind) for kind, name in KINDS.items()]
    groups = [group(kind, name) for kind, name in KINDS.items()]
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("dialects"), document(targets, groups))
    yield gateway
    gateway.stop()


@pytest.fixture(params=KINDS)
def kind(request, cloud):
    """A kind of provider; in the end the real one would have had nothing to complain of."""
    yield request.param
    log = cloud[KINDS[request.param]].log()
    assert log, "nothing arrived"
    for entry in log:
        assert entry["problem"] is None, entry
        assert not any(CALLER_KEY in value for _, value in entry["headers"]), entry["headers"]


def said(kind: str) -> str:
    return f"Hello from {KINDS[kind]}. You said: Grüß dich! — grüße 👋 こんにちは"


def test_openai_chat(everyone, kind):
    messages = [{"role": "system", "content": "Be kind."}, *USER]
    answer = everyone.openai().chat.completions.create(model=kind, messages=messages, max_completion_tokens=200, temperature=0.5)
    assert answer.choices[0].message.content == said(kind)
    assert answer.choices[0].finish_reason == "stop" and answer.model == kind
    assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 3


def test_openai_stream(everyone, kind):
    stream = everyone.openai().chat.completions.create(
        model=kind, messages=USER, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    deltas = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert "".join(deltas) == said(kind) and len(deltas) > 3
    assert chunks[-1].usage.completion_tokens > 3
    finishes = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert finishes == ["stop"]


def test_openai_limit(everyone, kind):
    # Responses have a least limit.
    messages = [{"role": "user", "content": "Grüß dich! " * 20}]
    answer = everyone.openai().chat.completions.create(model=kind, messages=messages, max_completion_tokens=16)
    assert answer.choices[0].finish_reason == "length"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_openai_tools(everyone, kind, streamed):
    client = everyone.openai()
    tools = [{"type": "function", "function": {"name": "forecast", "description": "…", "parameters": SCHEMA}}]
    if streamed:
        with client.chat.completions.stream(model=kind, messages=WEATHER, tools=tools) as stream:
            choice = stream.get_final_completion().choices[0]
    else:
        choice = client.chat.completions.create(model=kind, messages=WEATHER, tools=tools).choices[0]
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Zürich", "days": 3}
    # The message goes back as it came, with whatever a provider wants to see again.
    sent_back = choice.message.to_dict()
    sent_back.pop("parsed", None)
    for one in sent_back["tool_calls"]:
        one["function"].pop("parsed_arguments", None)
        one.pop("index", None)
    messages = [*WEATHER, sent_back, {"role": "tool", "tool_call_id": call.id, "content": "sunny ☀"}]
    answer = client.chat.completions.create(model=kind, messages=messages, tools=tools)
    assert "The tool said:" in answer.choices[0].message.content and "sunny ☀" in answer.choices[0].message.content


def test_chat_that_goes_by_responses(everyone, cloud):
    """An effort with tools: the answer has the thoughts in `reasoning_details`, and they go back with the message."""
    client = everyone.openai()
    tools = [{"type": "function", "function": {"name": "forecast", "description": "…", "parameters": SCHEMA}}]
    asked = {"model": "openai_responses", "tools": tools, "reasoning_effort": "low"}
    message = client.chat.completions.create(messages=WEATHER, **asked).choices[0].message
    sent_back = message.to_dict()
    assert sent_back["reasoning_details"][0]["format"] == "openai-responses-v1"
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny ☀"}
    answer = client.chat.completions.create(messages=[*WEATHER, sent_back, result], **asked)
    assert "sunny ☀" in answer.choices[0].message.content
    entries = cloud[KINDS["openai_responses"]].log()
    assert [(entry["path"], entry["problem"]) for entry in entries] == [("/v1/responses", None)] * 2
    assert "reasoning" in [item.get("type") for item in entries[1]["json"]["input"]]


def test_openai_forced_tool(everyone, kind):
    tools = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("one", "two")]
    choice = {"type": "function", "function": {"name": "two"}}
    answer = everyone.openai().chat.completions.create(model=kind, messages=USER, tools=tools, tool_choice=choice)
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["two"]


CACHED = {"cache_control": {"type": "ephemeral"}}


def test_openai_what_others_would_refuse(everyone, kind):
    """Written for one provider, carried to each: marks for Claude's cache, texts in lists, ids and parameters of others."""
    if kind == "openai_compatible":
        # A server that may be anything gets what the caller wrote, and this stand-in is strict.
        assert everyone.openai().chat.completions.create(model=kind, messages=USER).choices[0].message.content
        return
    tools = [{"type": "function", "function": {"name": "forecast", "parameters": SCHEMA}, **CACHED}]
    calls = [{"id": "functions.forecast:0", "type": "function", "function": {"name": "forecast", "arguments": "[]"}}]
    messages = [
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "And brief.", **CACHED}]},
        *WEATHER,
        {"role": "assistant", "content": [{"type": "text", "text": ""}], "tool_calls": calls, "function_call": None},
        {"role": "tool", "tool_call_id": "functions.forecast:0", "content": [{"type": "text", "text": "sunny ☀"}]},
    ]
    more = {"verbosity": "low", "prompt_cache_key": "k", "safety_identifier": "s", "store": False}
    answer = everyone.openai().chat.completions.create(model=kind, messages=messages, tools=tools, **more)
    assert "sunny ☀" in answer.choices[0].message.content


def test_anthropic_calls_in_several_messages(everyone, kind):
    """Anthropic makes one turn of neighbours; whoever doesn't gets one message, and results right behind their calls."""
    def call(number):
        return {"role": "assistant", "content": [{"type": "tool_use", "id": f"toolu_{number}", "name": "forecast", "input": {}}]}

    results = [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "sunny ☀"} for number in (1, 2)]
    messages = [*WEATHER, call(1), call(2), {"role": "user", "content": results}]
    tools = [{"name": "forecast", "input_schema": SCHEMA}]
    answer = everyone.anthropic().messages.create(model=kind, max_tokens=200, messages=messages, tools=tools)
    assert "sunny ☀" in answer.content[-1].text


def test_anthropic_message(everyone, kind):
    answer = everyone.anthropic().messages.create(model=kind, max_tokens=200, messages=USER, system="Be kind.")
    assert answer.content[0].text == said(kind) and answer.stop_reason == "end_turn" and answer.model == kind
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 3


def test_anthropic_stream(everyone, kind):
    with everyone.anthropic().messages.stream(model=kind, max_tokens=200, messages=USER) as stream:
        deltas = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(deltas) == said(kind) and len(deltas) > 3
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 3


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_anthropic_tools(everyone, kind, streamed):
    client = everyone.anthropic()
    tools = [{"name": "forecast", "description": "…", "input_schema": SCHEMA}]
    if streamed:
        with client.messages.stream(model=kind, max_tokens=200, messages=WEATHER, tools=tools) as stream:
            message = stream.get_final_message()
    else:
        message = client.messages.create(model=kind, max_tokens=200, messages=WEATHER, tools=tools)
    assert message.stop_reason == "tool_use"
    (call,) = [block for block in message.content if block.type == "tool_use"]
    assert call.input == {"city": "Zürich", "days": 3}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny ☀"}
    messages = [*WEATHER, {"role": "assistant", "content": message.to_dict()["content"]}, {"role": "user", "content": [result]}]
    answer = client.messages.create(model=kind, max_tokens=200, messages=messages, tools=tools)
    assert "sunny ☀" in answer.content[0].text


FREE_FORM = [{"type": "custom", "name": "apply_patch", "description": "Edits files."}]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("kind", ["anthropic", "bedrock", "gemini", "cohere", "mistral", "deepseek", "openai_compatible"])
def test_free_form_tools_become_functions_and_back(everyone, cloud, kind, streamed):
    client = everyone.openai()
    asked = {"model": kind, "input": "What is the weather?", "tools": FREE_FORM}
    if streamed:
        events = list(client.responses.create(stream=True, **asked))
        answer = events[-1].response
        deltas = [event.delta for event in events if event.type == "response.custom_tool_call_input.delta"]
    else:
        answer = client.responses.create(**asked)
    (call,) = [item for item in answer.output if item.type == "custom_tool_call"]
    assert call.name == "apply_patch" and not call.input.startswith("{"), call
    if streamed:
        assert "".join(deltas) == call.input
    history = [{"role": "user", "content": asked["input"]}, *[item.to_dict() for item in answer.output]]
    history.append({"type": "custom_tool_call_output", "call_id": call.call_id, "output": "sunny ☀"})
    answer = client.responses.create(model=kind, input=history, tools=FREE_FORM)
    assert "sunny ☀" in answer.output_text
    assert all(entry["problem"] is None for entry in cloud[KINDS[kind]].log())
