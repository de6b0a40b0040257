"""Every golden request for embeddings, judged by the provider's own SDK, and every answer by the caller's."""

import inspect
import json
import pathlib
import typing

import cohere.v2.raw_client
import openai.types
import openai.types.embedding_create_params
import pytest
from google.genai import types as genai
from mistralai.client.models import EmbeddingRequest

from shape import Shape

CASES = pathlib.Path(__file__).resolve().parents[1] / "golden" / "embeddings"
REQUESTS = sorted(path for path in CASES.glob("request/*/*.json") if path.name != "in.json" and "refused" not in path.name)
ANSWERS = sorted(CASES.glob("reply/*/*/out.json"))
# What only the provider itself could refuse: bytes pass there.
PASSES = "user-and-others"


def judge_openai(body):
    return Shape(openai.types.embedding_create_params.EmbeddingCreateParams).problems(body)


def judge_mistral(body):
    known = {field.alias or name for name, field in EmbeddingRequest.model_fields.items()}
    EmbeddingRequest.model_validate(body, strict=True)
    return [f".{name}: is unknown to Mistral" for name in body.keys() - known]


def judge_cohere(body):
    call = cohere.v2.raw_client.RawV2Client.embed
    hints = typing.get_type_hints(call, include_extras=True)
    known = [name for name in inspect.signature(call).parameters if name not in ("self", "request_options")]
    problems = [f".{name}: is unknown to embed" for name in body if name not in known]
    return problems + [one for name in body if name in known for one in Shape(hints[name]).problems(body[name])]


def judge_gemini(body):
    problems = []
    for one in body.get("requests", [body]):
        problems += [f".{name}: is unknown" for name in one.keys() - {"model", "content", "outputDimensionality"}]
        problems += Shape(genai.Content).problems(one["content"])
    return problems


JUDGES = {"openai": judge_openai, "azure_openai": judge_openai, "mistral": judge_mistral, "cohere": judge_cohere, "gemini": judge_gemini}


@pytest.mark.parametrize("path", [path for path in REQUESTS if path.stem in JUDGES], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_request(path):
    problems = JUDGES[path.stem](json.loads(path.read_text())["body"])
    if path.parent.name == PASSES and path.stem in ("openai", "azure_openai"):
        assert problems, "the caller's own members went missing"
    else:
        assert not problems, problems


@pytest.mark.parametrize("path", ANSWERS, ids=lambda p: "/".join(p.parts[-3:-1]))
def test_answer(path):
    body = json.loads(path.read_text())
    # OpenAI's type has numbers only: its client decodes base64 before anybody looks.
    for one in body["data"]:
        if isinstance(one["embedding"], str):
            one["embedding"] = [0.0]
    body.pop("x", None)
    assert not Shape(openai.types.CreateEmbeddingResponse).problems(body)
