"""The official SDKs talk to the stand-in directly: what they parse is well-formed, what they send is accepted."""

import json

import anthropic
import boto3
import botocore.config
import cohere
import mistralai.client
import openai
import pydantic
import pytest
from google import genai
from google.genai import types

KEY = "key-of-the-test"
SAYS = "Hello from one. You said: Grüß dich! — grüße 👋 こんにちは"
USER = [{"role": "user", "content": "Grüß dich!"}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "unit": {"type": "string", "enum": ["c", "f"]}},
    "required": ["city", "days", "unit"],
    "additionalProperties": False,
}


class Forecast(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    city: str
    days: int
    unit: str


@pytest.fixture
def one(providers):
    """A provider that expects the key; nothing that it received may have had a problem."""
    provider = providers["one"]
    provider.expect_key(KEY)
    yield provider
    assert [entry["problem"] for entry in provider.log() if entry["problem"]] == []


def names(value):
    """Every member that a pydantic model does not declare, at any depth."""
    if isinstance(value, pydantic.BaseModel):
        for name in value.model_extra or {}:
            yield f"{type(value).__name__}.{name}"
        for name in type(value).model_fields:
            yield from names(getattr(value, name))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from names(item)


def strict(value):
    """The SDK's types know every member of the answer."""
    assert list(names(value)) == []
    return value


# --- OpenAI ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def openai_client(one):
    return openai.OpenAI(base_url=one.url + "/v1", api_key=KEY, max_retries=0, _strict_response_validation=True)


OPENAI_TOOLS = [{"type": "function", "function": {"name": "forecast", "description": "…", "parameters": SCHEMA}}]


def test_openai_chat(openai_client):
    answer = strict(openai_client.chat.completions.create(model="gpt-5.4-mini", messages=USER))
    assert answer.choices[0].message.content == SAYS
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "gpt-5.4-mini"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_openai_chat_streamed(openai_client):
    stream = openai_client.chat.completions.create(
        model="gpt-5.4-mini", messages=USER, stream=True, stream_options={"include_usage": True}
    )
    chunks = [strict(chunk) for chunk in stream]
    deltas = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(deltas) == SAYS
    assert len([delta for delta in deltas if delta]) > 3
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens > 3


def test_openai_tools(openai_client):
    messages = [{"role": "user", "content": "What is the weather in Zürich?"}]
    for stream in (False, True):
        if stream:
            with openai_client.chat.completions.stream(model="m", messages=messages, tools=OPENAI_TOOLS) as events:
                message = events.get_final_completion().choices[0].message
        else:
            message = openai_client.chat.completions.create(model="m", messages=messages, tools=OPENAI_TOOLS).choices[0].message
        call = message.tool_calls[0]
        assert call.function.name == "forecast"
        Forecast.model_validate_json(call.function.arguments)
    messages += [message.model_dump(exclude_none=True, exclude={"parsed"}), {"role": "tool", "tool_call_id": call.id, "content": "sunny ☀"}]
    messages[1]["tool_calls"] = [{"id": call.id, "type": "function", "function": {"name": "forecast", "arguments": call.function.arguments}}]
    last = openai_client.chat.completions.create(model="m", messages=messages, tools=OPENAI_TOOLS)
    assert "The tool said: sunny ☀" in last.choices[0].message.content


def test_openai_forced_tools(openai_client):
    named = {"type": "function", "function": {"name": "forecast"}}
    for choice in ("required", named):
        answer = openai_client.chat.completions.create(model="m", messages=USER, tools=OPENAI_TOOLS, tool_choice=choice)
        assert answer.choices[0].finish_reason == "tool_calls"
        assert answer.choices[0].message.content is None
    answer = openai_client.chat.completions.create(model="m", messages=USER, tools=OPENAI_TOOLS, tool_choice="none")
    assert answer.choices[0].message.content == SAYS


def test_openai_structured_output(openai_client):
    answer = openai_client.chat.completions.parse(model="m", messages=USER, response_format=Forecast)
    assert answer.choices[0].message.parsed.city


def test_openai_many_choices_and_limit(openai_client):
    answer = openai_client.chat.completions.create(model="m", messages=USER, n=2, max_completion_tokens=3)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[0].finish_reason == "length" and answer.usage.completion_tokens == 3


def test_openai_embeddings(one):
    openai_client = openai.OpenAI(base_url=one.url + "/v1", api_key=KEY, max_retries=0)
    answer = strict(openai_client.embeddings.create(model="e", input=["a", "é"], dimensions=64))
    assert [len(item.embedding) for item in answer.data] == [64, 64]
    floats = openai_client.embeddings.create(model="e", input="a", dimensions=64, encoding_format="float")
    assert floats.data[0].embedding == pytest.approx(answer.data[0].embedding)
    assert all(abs(value) <= 1 for value in floats.data[0].embedding)


def test_openai_refuses_thinking_with_tools_in_chat_completions(openai_client, one):
    tools = [{"type": "function", "function": {"name": "forecast", "parameters": {"type": "object", "properties": {}}}}]
    words = "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use /v1/responses instead."
    with pytest.raises(openai.BadRequestError) as raised:
        openai_client.chat.completions.create(model="gpt-5.4", messages=USER, tools=tools, reasoning_effort="low")
    assert raised.value.body["message"] == words and raised.value.body["param"] == "reasoning_effort"
    for model, asked in [("gpt-5.4", {}), ("gpt-5.4", {"reasoning_effort": "none"}), ("gpt-5.1", {"reasoning_effort": "low"})]:
        assert openai_client.chat.completions.create(model=model, messages=USER, tools=tools, **asked).choices
    with pytest.raises(openai.BadRequestError, match="or set reasoning_effort to 'none'"):
        openai_client.chat.completions.create(model="gpt-5.6-sol", messages=USER, tools=tools)
    one.reset()


def test_openai_reasoning_comes_back_sealed(openai_client, one):
    asked = {"model": "gpt-5.4", "store": False, "include": ["reasoning.encrypted_content"], "reasoning": {"effort": "low"}}
    answer = openai_client.responses.create(input="Grüß dich!", **asked)
    thought, message = answer.output
    assert thought.type == "reasoning" and thought.encrypted_content and thought.summary == []
    said = [{"role": "user", "content": "Grüß dich!"}, thought.to_dict(), message.to_dict(), {"role": "user", "content": "And?"}]
    assert openai_client.responses.create(input=said, **asked).output
    for wrong, words in [
        (said[:2] + said[3:], "without its required following item"),
        ([said[0], said[1] | {"encrypted_content": "gBBB"}, *said[2:]], "could not be verified"),
        ([said[0], said[1] | {"encrypted_content": None}, *said[2:]], "not found"),
    ]:
        with pytest.raises(openai.BadRequestError, match=words):
            openai_client.responses.create(input=wrong, **asked)
    with pytest.raises(openai.BadRequestError, match="Expected a value >= 16"):
        openai_client.responses.create(input="Hi", max_output_tokens=1, **asked)
    one.reset()


def test_openai_responses(openai_client):
    answer = strict(openai_client.responses.create(model="m", input="Grüß dich!"))
    assert answer.output_text == SAYS and answer.status == "completed"
    with openai_client.responses.stream(model="m", input="Grüß dich!", reasoning={"summary": "auto"}) as stream:
        kinds = [strict(event).type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == SAYS and final.output[0].type == "reasoning"
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"


def test_openai_responses_tools(openai_client):
    tools = [{"type": "function", "name": "forecast", "parameters": SCHEMA, "strict": True}]
    items = [{"role": "user", "content": "call it"}]
    answer = openai_client.responses.create(model="m", input=items, tools=tools)
    call = answer.output[-1]
    Forecast.model_validate_json(call.arguments)
    with openai_client.responses.stream(model="m", input=items, tools=tools) as stream:
        assert stream.get_final_response().output[-1].arguments == call.arguments
    items += [
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments},
        {"type": "function_call_output", "call_id": call.call_id, "output": "rain"},
    ]
    assert "The tool said: rain" in openai_client.responses.create(model="m", input=items, tools=tools).output_text


def test_azure(one):
    for azure in (
        openai.AzureOpenAI(azure_endpoint=one.url, api_key=KEY, api_version="2025-04-01-preview", max_retries=0),
        openai.OpenAI(base_url=one.url + "/openai/v1", api_key=KEY, max_retries=0),
    ):
        assert azure.chat.completions.create(model="gpt-5.4-mini", messages=USER).choices[0].message.content == SAYS
        chunks = list(azure.chat.completions.create(model="gpt-5.4-mini", messages=USER, stream=True))
        assert chunks[0].choices == [], "Azure begins with what its content filter saw"
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[1:]) == SAYS
        assert len(azure.embeddings.create(model="e", input="a").data) == 1
    one.behave(failure="content_policy")
    with pytest.raises(openai.BadRequestError) as refused:
        azure.chat.completions.create(model="m", messages=USER)
    assert refused.value.code == "content_filter"


def test_mistral(one):
    client = mistralai.client.Mistral(api_key=KEY, server_url=one.url)
    assert client.chat.complete(model="mistral-large", messages=USER).choices[0].message.content == SAYS
    chunks = [chunk.data for chunk in client.chat.stream(model="mistral-large", messages=USER)]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SAYS


# --- Anthropic ------------------------------------------------------------------------------------------------------

ANTHROPIC_TOOLS = [{"name": "forecast", "description": "…", "input_schema": SCHEMA}]


@pytest.fixture
def claude(one):
    return anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0)


def test_anthropic_messages(claude):
    answer = strict(claude.messages.create(model="claude-opus-5-5", max_tokens=100, messages=USER, system="Be kind."))
    assert answer.content[0].text == SAYS and answer.stop_reason == "end_turn" and answer.model == "claude-opus-5-5"
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 3


def test_anthropic_streamed(claude):
    with claude.messages.stream(model="c", max_tokens=3000, messages=USER, thinking={"type": "enabled", "budget_tokens": 1024}) as stream:
        for event in stream:
            strict(event)
        final = stream.get_final_message()
    assert [block.type for block in final.content] == ["thinking", "text"]
    assert final.content[0].signature and final.content[1].text == SAYS
    assert final.usage.output_tokens > 3


def test_anthropic_tools(claude):
    messages = [{"role": "user", "content": "Check the weather in both places"}]
    tools = [*ANTHROPIC_TOOLS, {"name": "other", "input_schema": {"type": "object", "properties": {}}}]
    thinking = {"type": "adaptive"}
    answer = claude.messages.create(model="c", max_tokens=100, messages=messages, tools=tools, thinking=thinking)
    assert [block.type for block in answer.content] == ["thinking", "text", "tool_use", "tool_use"]
    Forecast.model_validate(answer.content[2].input)
    with claude.messages.stream(model="c", max_tokens=100, messages=messages, tools=tools, thinking=thinking) as stream:
        assert stream.get_final_message().content[2].input == answer.content[2].input
    results = [{"type": "tool_result", "tool_use_id": block.id, "content": "dry"} for block in answer.content[2:]]
    messages += [{"role": "assistant", "content": answer.to_dict()["content"]}, {"role": "user", "content": results}]
    last = claude.messages.create(model="c", max_tokens=100, messages=messages, tools=tools)
    assert "The tool said: dry | dry" in last.content[0].text


def test_anthropic_structured_output_and_count(claude):
    output = {"format": {"type": "json_schema", "schema": SCHEMA}}
    answer = claude.messages.create(model="c", max_tokens=100, messages=USER, output_config=output)
    Forecast.model_validate_json(answer.content[0].text)
    assert claude.messages.count_tokens(model="c", messages=USER).input_tokens > 0


def test_anthropic_on_bedrock(one):
    one.expect_key(f"{KEY}:{SECRET}")
    client = anthropic.AnthropicBedrock(
        base_url=one.url, aws_access_key=KEY, aws_secret_key=SECRET, aws_region="us-east-1", max_retries=0
    )
    model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert client.messages.create(model=model, max_tokens=100, messages=USER).content[0].text == SAYS
    with client.messages.stream(model=model, max_tokens=100, messages=USER) as stream:
        assert "".join(stream.text_stream) == SAYS
    assert one.log()[0]["path"].startswith("/model/us.anthropic.claude-sonnet-4-5-20250929-v1")


def test_anthropic_on_vertex(one):
    client = anthropic.AnthropicVertex(
        base_url=one.url + "/v1", access_token=KEY, project_id="p", region="europe-west1", max_retries=0
    )
    assert client.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=USER).content[0].text == SAYS
    with client.messages.stream(model="claude-sonnet-4-5", max_tokens=100, messages=USER) as stream:
        assert "".join(stream.text_stream) == SAYS


# --- Google ---------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["gemini", "vertex"])
def google(request, one):
    if request.param == "gemini":
        return genai.Client(api_key=KEY, http_options={"base_url": one.url})
    from google.oauth2.credentials import Credentials

    return genai.Client(
        vertexai=True, project="p", location="europe-west1", credentials=Credentials(KEY), http_options={"base_url": one.url}
    )


def test_gemini(google):
    config = types.GenerateContentConfig(
        system_instruction="Be kind.", temperature=0.5, thinking_config=types.ThinkingConfig(include_thoughts=True)
    )
    answer = google.models.generate_content(model="gemini-2.5-flash", contents="Grüß dich!", config=config)
    assert answer.text == SAYS and answer.candidates[0].content.parts[0].thought
    assert answer.candidates[0].finish_reason == "STOP"
    assert answer.usage_metadata.thoughts_token_count > 0
    chunks = list(google.models.generate_content_stream(model="gemini-2.5-flash", contents="Grüß dich!"))
    assert "".join(chunk.text or "" for chunk in chunks) == SAYS and len(chunks) > 4


def test_gemini_tools(google):
    tool = types.Tool(function_declarations=[types.FunctionDeclaration(name="forecast", parameters_json_schema=SCHEMA)])
    config = types.GenerateContentConfig(tools=[tool])
    turns = [types.Content(role="user", parts=[types.Part(text="What is the weather?")])]
    answer = google.models.generate_content(model="gemini-3-pro", contents=turns, config=config)
    call = answer.function_calls[0]
    Forecast.model_validate(call.args)
    chunks = google.models.generate_content_stream(model="gemini-3-pro", contents=turns, config=config)
    assert [call.args for chunk in chunks for call in chunk.function_calls or []] == [call.args]
    response = types.Part.from_function_response(name=call.name, response={"sky": "blue"})
    turns += [answer.candidates[0].content, types.Content(role="user", parts=[response])]
    last = google.models.generate_content(model="gemini-3-pro", contents=turns, config=config)
    assert 'The tool said: {"sky":"blue"}' in last.text


def test_gemini_structured_output(google):
    config = types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=SCHEMA)
    Forecast.model_validate_json(google.models.generate_content(model="g", contents="x", config=config).text)


def test_gemini_blocked_prompt(google, one):
    one.behave(failure="content_policy")
    answer = google.models.generate_content(model="g", contents="x")
    assert answer.candidates is None and answer.prompt_feedback.block_reason == "PROHIBITED_CONTENT"
    chunks = list(google.models.generate_content_stream(model="g", contents="x"))
    assert chunks[0].prompt_feedback.block_reason == "PROHIBITED_CONTENT"


def test_gemini_embeddings(one):
    client = genai.Client(api_key=KEY, http_options={"base_url": one.url})
    answer = client.models.embed_content(model="gemini-embedding-001", contents=["a", "b"], config={"output_dimensionality": 32})
    assert [len(item.values) for item in answer.embeddings] == [32, 32]


# --- Bedrock --------------------------------------------------------------------------------------------------------


SECRET = "secret-of-the-test"


@pytest.fixture
def bedrock(one):
    one.expect_key(f"{KEY}:{SECRET}")
    return boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=one.url, aws_access_key_id=KEY,
        aws_secret_access_key=SECRET, config=botocore.config.Config(retries={"max_attempts": 0}),
    )  # fmt: skip


MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
ASK = [{"role": "user", "content": [{"text": "Grüß dich!"}]}]


def converse_stream(bedrock, **request):
    blocks, stop, usage = {}, None, None
    for event in bedrock.converse_stream(**request)["stream"]:
        if delta := event.get("contentBlockDelta"):
            block = blocks.setdefault(delta["contentBlockIndex"], {"text": "", "input": "", "thought": ""})
            block["text"] += delta["delta"].get("text", "")
            block["input"] += delta["delta"].get("toolUse", {}).get("input", "")
            block["thought"] += delta["delta"].get("reasoningContent", {}).get("text", "")
        stop = event.get("messageStop", {}).get("stopReason", stop)
        usage = event.get("metadata", {}).get("usage", usage)
    return list(blocks.values()), stop, usage


def test_bedrock_converse(bedrock):
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    answer = bedrock.converse(modelId=MODEL, messages=ASK, system=[{"text": "Be kind."}], additionalModelRequestFields=thinking)
    content = answer["output"]["message"]["content"]
    assert content[0]["reasoningContent"]["reasoningText"]["signature"] and content[1]["text"] == SAYS
    assert answer["stopReason"] == "end_turn" and answer["usage"]["totalTokens"] > 3
    blocks, stop, usage = converse_stream(bedrock, modelId=MODEL, messages=ASK)
    assert blocks[0]["text"] == SAYS and stop == "end_turn" and usage["outputTokens"] > 3


def test_bedrock_tools(bedrock):
    tools = {"tools": [{"toolSpec": {"name": "forecast", "description": "…", "inputSchema": {"json": SCHEMA}}}]}
    turns = [{"role": "user", "content": [{"text": "call it"}]}]
    message = bedrock.converse(modelId=MODEL, messages=turns, toolConfig=tools)["output"]["message"]
    call = message["content"][-1]["toolUse"]
    Forecast.model_validate(call["input"])
    blocks, stop, _ = converse_stream(bedrock, modelId=MODEL, messages=turns, toolConfig=tools)
    assert json.loads(blocks[1]["input"]) == call["input"] and stop == "tool_use"
    result = {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": "fog"}]}}
    turns += [message, {"role": "user", "content": [result]}]
    last = bedrock.converse(modelId=MODEL, messages=turns, toolConfig=tools)
    assert "The tool said: fog" in last["output"]["message"]["content"][0]["text"]


def test_bedrock_structured_output(bedrock):
    format_ = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA), "name": "forecast"}}}
    answer = bedrock.converse(modelId=MODEL, messages=ASK, outputConfig={"textFormat": format_})
    Forecast.model_validate_json(answer["output"]["message"]["content"][0]["text"])


def test_bedrock_invoke(bedrock):
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": USER})
    answer = json.loads(bedrock.invoke_model(modelId=MODEL, body=body)["body"].read())
    assert answer["content"][0]["text"] == SAYS
    events = bedrock.invoke_model_with_response_stream(modelId=MODEL, body=body)["body"]
    kinds = [json.loads(event["chunk"]["bytes"])["type"] for event in events]
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop"


def test_bedrock_verifies_signatures(bedrock, providers):
    two = providers["two"]
    two.expect_key(f"{KEY}:another-secret")
    client = boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=two.url, aws_access_key_id=KEY,
        aws_secret_access_key=SECRET, config=botocore.config.Config(retries={"max_attempts": 0}),
    )  # fmt: skip
    with pytest.raises(botocore.exceptions.ClientError, match="does not match the signature"):
        client.converse(modelId=MODEL, messages=ASK)


def test_bedrock_exception_in_a_stream(bedrock, one):
    one.behave(error_event="first_token", failure="rate_limited")
    with pytest.raises(botocore.exceptions.EventStreamError, match="throttlingException"):
        converse_stream(bedrock, modelId=MODEL, messages=ASK)
    one.behave(corrupt=2)
    with pytest.raises(botocore.eventstream.ChecksumMismatch):
        converse_stream(bedrock, modelId=MODEL, messages=ASK)


# --- Cohere ---------------------------------------------------------------------------------------------------------


def test_cohere(one):
    client = cohere.ClientV2(api_key=KEY, base_url=one.url)
    answer = client.chat(model="command-a", messages=USER)
    assert answer.message.content[0].text == SAYS and answer.finish_reason == "COMPLETE"
    events = list(client.chat_stream(model="command-a", messages=USER))
    assert "".join(event.delta.message.content.text for event in events if event.type == "content-delta") == SAYS
    assert events[-1].type == "message-end" and events[-1].delta.usage.tokens.output_tokens > 3
    embedded = client.embed(model="embed-v4.0", texts=["a", "b"], input_type="search_query", embedding_types=["float"], output_dimension=16)
    assert [len(vector) for vector in embedded.embeddings.float_] == [16, 16]


def test_cohere_tools(one):
    client = cohere.ClientV2(api_key=KEY, base_url=one.url)
    messages = [{"role": "user", "content": "What is the weather?"}]
    answer = client.chat(model="command-a", messages=messages, tools=OPENAI_TOOLS).message
    call = answer.tool_calls[0]
    Forecast.model_validate_json(call.function.arguments)
    events = list(client.chat_stream(model="command-a", messages=messages, tools=OPENAI_TOOLS))
    pieces = [event.delta.message.tool_calls.function.arguments for event in events if event.type == "tool-call-delta"]
    assert "".join(pieces) == call.function.arguments
    messages += [
        {"role": "assistant", "tool_plan": answer.tool_plan, "tool_calls": answer.tool_calls},
        {"role": "tool", "tool_call_id": call.id, "content": "hail"},
    ]
    assert "The tool said: hail" in client.chat(model="command-a", messages=messages, tools=OPENAI_TOOLS).message.content[0].text
