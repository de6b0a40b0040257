"""Every golden refusal: an error of the caller's own dialect, raised as such by its SDK, that says where and what.

Nothing has been sent to a provider then, so these words are all that the caller gets.
"""

import json
import pathlib
import re

import anthropic
import httpx2
import openai
import openai.types.shared
import pytest

from shape import Shape

REQUESTS = pathlib.Path(__file__).resolve().parents[1] / "golden" / "request"
REFUSALS = sorted(REQUESTS.glob("*/*/*.refused.json"))
# A member, an element, a member of an element: `messages[2].content[0].image_url.url`, `input[].phase`.
PATH = re.compile(r"[a-z_]\w*(\[\d*\]|\.[a-z_$]\w*)*", re.IGNORECASE)


def name_of(path) -> str:
    return path.relative_to(REQUESTS).as_posix().removesuffix(".refused.json")


def refused(caller: str, body: bytes):
    """The exception of the caller's SDK, whose server answers with these bytes."""
    answer = httpx2.Response(400, headers={"content-type": "application/json"}, content=body)
    http = httpx2.Client(transport=httpx2.MockTransport(lambda request: answer))
    sdk = anthropic if caller == "anthropic" else openai
    client = (sdk.Anthropic if sdk is anthropic else sdk.OpenAI)(
        api_key="key", base_url="http://switchover.test", http_client=http, max_retries=0
    )
    with pytest.raises(sdk.BadRequestError) as raised:
        if caller == "anthropic":
            client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}])
        elif caller == "openai":
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
        else:
            client.responses.create(model="m", input="Hi")
    return raised.value


def problems(caller: str, said: dict) -> list:
    """What is wrong with the body."""
    error = said.get("error", {})
    message = error.get("message", "")
    if caller == "anthropic":
        # The SDK's type has what the API adds on its way; a request that went nowhere has no id.
        found = Shape(anthropic.types.ErrorResponse).problems(said | {"request_id": None})
        path = re.split(r"[\s:]", message)[0]
    else:
        found = [f".{name}: is not of the envelope" for name in said.keys() - {"error"}]
        found += Shape(openai.types.shared.ErrorObject).problems(error)
        path = error.get("param") or ""
        found += [] if error.get("code") in ("invalid_request", "unsupported_parameter") else [".error.code: is unknown"]
        found += [] if message.startswith(path) else [f".error.message: does not begin with {path!r}"]
    if error.get("type") != "invalid_request_error":
        found.append(".error.type: is not a caller's mistake")
    if not PATH.fullmatch(path):
        found.append(f".error: {path!r} is no path")
    words = message.removeprefix(path).strip()
    # Anthropic's own words for what is missing have no full stop, and callers know them.
    is_sentence = len(words.split()) >= 2 and words.endswith((".", "`.", "?")) or words == ": Field required"
    return found if is_sentence else [*found, f".error.message: {message!r} is no sentence"]


@pytest.mark.parametrize("path", REFUSALS, ids=name_of)
def test_refusal(path):
    caller = path.parts[-3]
    body = path.read_bytes()
    said = json.loads(body)
    found = problems(caller, said)
    if path.parent.name == "thread":
        # Of Anthropic's beta; the SDK looks there for a reason to go on without a thread.
        found = [one for one in found if not one.startswith(".error.details: is unknown")]
    assert not found, "\n".join(found)
    raised = refused(caller, body)
    assert raised.body == (said if caller == "anthropic" else said["error"])
    if caller != "anthropic":
        assert (raised.param, raised.code, raised.type) == tuple(said["error"][name] for name in ("param", "code", "type"))


@pytest.mark.parametrize("path", REFUSALS, ids=name_of)
def test_the_path_is_in_the_request(path):
    """Where something is refused for what it is, it is there; what is missing is so in something that is there."""
    error = json.loads(path.read_text())["error"]
    at = json.loads((path.parent / "in.json").read_text())
    steps = re.findall(r"[^.\[\]]+|\[\d*\]", error.get("param") or re.split(r"[\s:]", error["message"])[0])
    for place, step in enumerate(steps):
        number = step.strip("[]")
        if step.startswith("["):
            # A name without a number stands for some element.
            assert isinstance(at, list) and (not number or int(number) < len(at)), (steps, at)
            if not number:
                return
            at = at[int(number)]
        elif isinstance(at, dict) and step in at:
            at = at[step]
        else:
            # The last step may be what is missing, or be in a text that is said in other ways.
            assert place >= len(steps) - 2 or not isinstance(at, dict), (steps, at)
            return


def test_there_are_refusals():
    assert {path.parts[-3] for path in REFUSALS} == {"openai", "anthropic", "responses"}
    assert len(REFUSALS) > 100


WRONG = [
    ("openai", {"error": {"message": "It is wrong.", "type": "invalid_request_error", "param": "messages[0]", "code": "invalid_request"}}),
    ("openai", {"error": {"message": "messages is wrong here.", "type": "server_error", "param": "messages", "code": "invalid_request"}}),
    ("openai", {"error": {"message": "messages wrong", "type": "invalid_request_error", "param": "messages", "code": "invalid_request"}}),
    ("openai", {"error": {"message": "messages is wrong here.", "type": "invalid_request_error", "param": "messages", "code": "oh"}}),
    ("openai", {"type": "error", "error": {"message": "n is wrong here.", "type": "invalid_request_error", "param": "n", "code": "invalid_request"}}),
    ("anthropic", {"error": {"type": "invalid_request_error", "message": "messages is wrong here."}}),
    ("anthropic", {"type": "error", "error": {"type": "invalid_request_error", "message": "??? is wrong here."}}),
    ("anthropic", {"type": "error", "error": {"type": "invalid_request_error", "message": "n is wrong here.", "param": "n"}}),
]


@pytest.mark.parametrize("caller, said", WRONG)
def test_the_judge_complains(caller, said):
    assert problems(caller, said)
