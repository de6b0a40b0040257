"""What a request needs around one of its fields so that it can be asked: values where types say too little, the turns before and after."""

import dataclasses

import anthropic.types.beta.message_create_params
import anthropic.types.message_create_params
import openai.types.chat.completion_create_params
import openai.types.responses.response_create_params

MODEL = "group"

PDF = ("JVBERi0xLjQKJWE=", "JVBERi0xLjQKJWI=")
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "iVBORw0KGgo=")
SCHEMAS = tuple({"type": "object", "properties": {name: {"type": "string"}}, "required": [name], "additionalProperties": False} for name in ("one", "two"))
URLS = ("https://example.com/one", "https://example.com/two")

# What a member holds of which its type says no more than that it is a text, a number or an object.
BY_NAME = {
    "arguments": ('{"q": "one"}', '{"q": "two"}'),
    "country": ("DE", "AT"),
    "file_data": tuple(f"data:application/pdf;base64,{one}" for one in PDF),
    "file_url": URLS,
    "image_url": URLS,
    "input_schema": SCHEMAS,
    "logit_bias": ({"50256": 5}, {"50256": 6}),
    "model": (MODEL,),
    "n": (2, 3),
    "output_schema": SCHEMAS,
    "parameters": SCHEMAS,
    "schema": SCHEMAS,
    "server_url": URLS,
    "timezone": ("Europe/Berlin", "Europe/Vienna"),
    "top_logprobs": (3, 4),
    "url": URLS,
}
# The same for one type.
BY_TYPE = {
    ("Base64ImageSourceParam", "data"): PNG,
    ("Base64PDFSourceParam", "data"): PDF,
    ("InputAudio", "data"): PDF,
    ("ThinkingConfigEnabledParam", "budget_tokens"): (1500, 7000),
    # A tool as it is in `tools`, where each of its fields is.
    ("ToolChangeToolDefinitionParam", "definition"): tuple({"type": "custom", "name": name, "input_schema": SCHEMAS[0]} for name in ("one_name", "two_name")),
    ("CompactionBlockParam", "tool_changes"): tuple(
        [{"type": "tool_removal", "tool": {"type": "tool_reference", "name": name}}] for name in ("one_name", "two_name")
    ),
    ("ChatCompletionAllowedToolsParam", "tools"): tuple([{"type": "function", "function": {"name": name}}] for name in ("one_name", "two_name")),
    ("ToolChoiceAllowedParam", "tools"): tuple([{"type": "function", "name": name}] for name in ("one_name", "two_name")),
}
# Members without which a value of that type is none, though the type says that it can do without.
A_FILE = {"file_data": BY_NAME["file_data"][1]}
A_PICTURE = {"image_url": URLS[1]}
BESIDE = {
    "BetaSystemMessageParam": {"content": "Be brief."},
    "FileFile": A_FILE,
    "FunctionCallOutput": {"call_id": "one_call_id"},
    "ResponseInputFileContentParam": A_FILE,
    "ResponseInputFileParam": A_FILE,
    "ResponseInputImageContentParam": A_PICTURE,
    "ResponseInputImageParam": A_PICTURE,
}
# What else a field is called in what is said about it, by the start of its path.
ALSO = {"include": ("logprobs",), "messages[user].content[file].file": ("file",), "top_logprobs": ("logprobs",)}
# They say in another way what is said there.
INSTEAD = ("file_data", "file_id", "file_url", "image_url")


def samples(owner, name, hint):
    # Anthropic's beta has types of its own for what it shares with the other, too.
    found = BY_TYPE.get((owner.__name__.removeprefix("Beta"), name))
    if found is None and name in BY_NAME and "Dict[" not in repr(hint).replace("Dict[str, object]", ""):
        # Where a member of that name is made of others they are walked.
        found = None if isinstance(hint, type) and hint not in (str, int, float, dict) else BY_NAME[name]
    return found


def chat_turns(message: dict) -> tuple:
    """What comes before and after a message."""
    user = {"role": "user", "content": "Go on."}
    role = message["role"]
    if role == "user":
        return [], []
    if role == "assistant":
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in message.get("tool_calls", [])]
        if "function_call" in message:
            results.append({"role": "function", "name": message["function_call"]["name"], "content": "done"})
        return [user], [*results, user]
    if role == "tool":
        call = {"type": "function", "id": message["tool_call_id"], "function": {"name": "look_up", "arguments": "{}"}}
        return [user, {"role": "assistant", "content": None, "tool_calls": [call]}], []
    if role == "function":
        return [user, {"role": "assistant", "content": None, "function_call": {"name": message["name"], "arguments": "{}"}}], []
    return [], [user]


def messages_turns(message: dict) -> tuple:
    user = {"role": "user", "content": "Go on."}
    parts = [part for part in message.get("content", []) if isinstance(part, dict)]
    if message["role"] == "assistant":
        calls = [part for part in parts if part["type"] == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": call["id"], "content": "done"} for call in calls]
        return [user], [{"role": "user", "content": results} if results else user]
    calls = [part["tool_use_id"] for part in parts if part["type"] == "tool_result"]
    made = [{"type": "tool_use", "id": call, "name": "look_up", "input": {}} for call in calls]
    if made:
        return [user, {"role": "assistant", "content": made}], []
    return ([user], []) if message["role"] == "system" else ([], [])


def responses_turns(item: dict) -> tuple:
    user = {"role": "user", "content": "Go on."}
    kind = item.get("type", "message")
    if kind == "message":
        return {"user": ([], []), "assistant": ([user], [user])}.get(item["role"], ([], [user]))
    if kind == "function_call":
        return [user], [{"type": "function_call_output", "call_id": item["call_id"], "output": "done"}]
    if kind == "custom_tool_call":
        return [user], [{"type": "custom_tool_call_output", "call_id": item["call_id"], "output": "done"}]
    if kind == "function_call_output":
        return [user, {"type": "function_call", "call_id": item.get("call_id", "none"), "name": "look_up", "arguments": "{}"}], []
    if kind == "custom_tool_call_output":
        return [user, {"type": "custom_tool_call", "call_id": item["call_id"], "name": "look_up", "input": "a"}], []
    return [user], []


@dataclasses.dataclass
class Caller:
    kind: type
    path: str
    # The member that has the conversation.
    turns: str
    around: object
    # What a field needs beside it: the start of its path, and members.
    needs: dict
    # No fields to ask for, by their paths, and why.
    not_said: dict
    # The caller whose table has the fields that both have.
    beyond: str = ""

    def whole(self, value: dict, path: str) -> tuple:
        """A request that can be asked, and how far the turn in it moved."""
        body = {"model": MODEL, self.turns: [{"role": "user", "content": "Hello"}]} | value
        for start, members in self.needs.items():
            if path.startswith(start):
                body = members | body
        turns = body[self.turns]
        if isinstance(turns, str):
            return body, 0
        before, after = self.around(turns[0])
        return body | {self.turns: [*before, *turns, *after]}, len(before)


def tools(make) -> dict:
    return {"tools": [make(name) for name in ("one_name", "two_name")]}


FUNCTIONS = tools(lambda name: {"type": "function", "function": {"name": name}})
OF_RESPONSES = tools(lambda name: {"type": "function", "name": name, "parameters": SCHEMAS[0], "strict": True})
OF_MESSAGES = tools(lambda name: {"name": name, "input_schema": SCHEMAS[0]})
MODEL_CHOOSES = {r"^model$": "it is what chooses the group, and each target has a model of its own"}

# Its types have one union for the parts of all roles.
ROLES = {
    r"^messages\[assistant\]\.content\[(document|image|search_result|tool_result|container_upload|tool_addition|tool_removal)\]": "it is no part of an answer",
    r"^messages\[user\]\.content\[(tool_use|thinking|redacted_thinking|server_tool_use|compaction|fallback|mcp_tool_use|mcp_tool_listing|(?!tool_result)[a-z_]+_tool_result)\]": "it is a part of an answer",
}

CALLERS = {
    "chat": Caller(
        openai.types.chat.completion_create_params.CompletionCreateParamsStreaming,
        "/v1/chat/completions",
        "messages",
        chat_turns,
        {
            "audio": {"modalities": ["text", "audio"]},
            "function_call": {"functions": [{"name": "one_name"}, {"name": "two_name"}]},
            "parallel_tool_calls": FUNCTIONS,
            "stream_options": {"stream": True},
            "tool_choice": FUNCTIONS,
            "tool_choice[custom]": tools(lambda name: {"type": "custom", "custom": {"name": name}}),
            "top_logprobs": {"logprobs": True},
        },
        MODEL_CHOOSES,
    ),
    "messages": Caller(
        anthropic.types.message_create_params.MessageCreateParamsStreaming,
        "/v1/messages",
        "messages",
        messages_turns,
        {"thinking": {"max_tokens": 8192}, "tool_choice": OF_MESSAGES},
        MODEL_CHOOSES | ROLES,
    ),
    # What is there for those who ask for it with `anthropic-beta`.
    "messages-beta": Caller(
        anthropic.types.beta.message_create_params.MessageCreateParamsStreaming,
        "/v1/messages",
        "messages",
        messages_turns,
        {"thinking": {"max_tokens": 8192}, "tool_choice": OF_MESSAGES},
        MODEL_CHOOSES | ROLES | {r"^betas\b": "it is a header"},
        beyond="messages",
    ),
    "responses": Caller(
        openai.types.responses.response_create_params.ResponseCreateParamsStreaming,
        "/v1/responses",
        "input",
        responses_turns,
        {
            "parallel_tool_calls": OF_RESPONSES,
            "stream_options": {"stream": True},
            "tool_choice": OF_RESPONSES,
            "tool_choice[custom]": tools(lambda name: {"type": "custom", "name": name}),
        },
        MODEL_CHOOSES,
    ),
}
