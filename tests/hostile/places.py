"""Where attacks are made: Envoys that differ in their document, or in what was made of it by hand.

In each the same providers stand behind the same groups: `good` and `claude` are the neighbours' own; `hostile` (and
`hostile-anthropic`, …) asks the hostile provider and then `spare`, `hostile-alone` the hostile provider only.
"""

from dataclasses import dataclass, field

from harness.document import SIGNED, document, group, target

MIB = 1024 * 1024
# The standard providers: the first two are the neighbours'.
STANDINS = ("good", "claude", "spare", "first")
# What the providers behind the groups speak, and the paths of their endpoints where scripts are named in those.
DIALECTS = ("openai", "anthropic", "gemini", "bedrock", "mistral", "cohere", "openai_compatible")
IN_PATH = ("early", "early_refusal")
# The defaults that the file promises.
WORKERS = 2
MEMORY = 512 * MIB


@dataclass
class Place:
    """A kind of Envoy: what is in its document besides, and who changes its bootstrap."""

    listen: dict = field(default_factory=dict)
    breaker: dict = field(default_factory=lambda: {"consecutive_failures": 1_000_000})
    edits: tuple = ()
    # The WebAssembly memory that each worker may take, in bytes.
    memory: int = MEMORY
    # Groups of its own, made by a function of the providers, with their targets.
    more: object = None


@dataclass
class Address:
    """What `harness.document.target` needs of a provider."""

    name: str
    url: str


def limits(**made):
    """An edit of a bootstrap: each listener and cluster gets this buffer limit, or loses its own."""

    def edit(bootstrap: dict):
        resources = bootstrap["static_resources"]
        for which in ("listeners", "clusters"):
            if which in made:
                for one in resources[which]:
                    one.pop("per_connection_buffer_limit_bytes", None)
                    if made[which] is not None:
                        one["per_connection_buffer_limit_bytes"] = made[which]

    return edit


def trusting(certificate: str):
    """An edit: providers' certificates are verified against this one."""

    def walk(part):
        if isinstance(part, dict):
            if "trusted_ca" in part:
                part["trusted_ca"] = {"filename": certificate}
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    return walk


def quiet(bootstrap: dict):
    """An edit: no line for each request, of which there are too many to read."""
    for listener in bootstrap["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            for one in chain["filters"]:
                one["typed_config"].pop("access_log", None)


# How a stream breaks: the scripts that do it, for which the breaker's tests have a target each.
BREAKS = ("broken", "cut", "silent", "told")
# Failures in a row that the breaker allows there.
FAILURES = 3


def breakable(standins, hostile) -> tuple[list, list]:
    """For the breaker's tests: targets that break off, and another behind each. Once ejected, most are for longer than a test."""
    quick = {"consecutive_failures": FAILURES, "interval": "100ms", "base_ejection_time": "400ms", "max_ejection_time": "400ms"}
    lasting = quick | {"base_ejection_time": "60s", "max_ejection_time": "60s"}
    names = [f"breaks-{name}" for name in BREAKS] + ["keeps"]
    targets = [target(standins["first"], circuit_breaker=quick)] + [target(hostile, id=name, circuit_breaker=lasting) for name in names]
    groups = [group("quick", "first", "spare")] + [group(name, name, "spare", stream_idle_timeout="1s") for name in names]
    return targets, groups


PLACES = {
    "main": Place(),
    # As who forgot the limit of the listener has it: Envoy's own default is 1 MiB.
    "bare": Place(edits=(limits(listeners=None),)),
    "small": Place(listen={"max_body_bytes": MIB}),
    # So small that each hostcall that can meet a limit does.
    "tiny": Place(edits=(limits(listeners=1024, clusters=1024),)),
    "tiny-listener": Place(edits=(limits(listeners=1024),)),
    "breaker": Place(more=breakable),
    "impatient": Place(
        listen={"body_timeout": "3s", "memory": 160 * MIB, "max_body_bytes": 16 * MIB, "max_answer_bytes": 32 * MIB}, memory=160 * MIB
    ),
}


def described(place: Place, standins, plain: int, secret: int) -> dict:
    """The document of a place; the hostile provider is at these ports."""
    hostile = Address("hostile", f"http://127.0.0.1:{plain}")
    spare, good, claude = target(standins["spare"]), target(standins["good"]), target(standins["claude"], "anthropic")
    targets, groups = [good, claude, spare], [group("good", "good"), group("claude", "claude")]
    usual = {"first_token_timeout": "10s", "answer_timeout": "20s", "stream_idle_timeout": "10s", "timeout": "60s"}
    brisk = usual | {"first_token_timeout": "1s", "answer_timeout": "2s", "stream_idle_timeout": "1s"}

    def add(made: dict, **more):
        targets.append(made)
        groups.append(group(made["id"], made["id"], "spare", **usual | more))
        groups.append(group(f"{made['id']}-alone", made["id"], **usual | more))

    for dialect in DIALECTS:
        name = "hostile" if dialect == "openai" else f"hostile-{dialect}"
        # One is signed, and no key of a file's.
        add(target(hostile, dialect, id=name, credential="aws" if dialect in SIGNED else hostile.name))
    # What they say cools them down, and nobody else.
    for kind in ("openai", "anthropic"):
        add(target(hostile, kind, id=f"echo-{kind}"))
    for name in IN_PATH:
        add(target(hostile, id=f"hostile-{name}", endpoint=f"{hostile.url}/as/{name}/reads/v1"))
    for kind, name in (("openai", "http2"), ("anthropic", "http2-anthropic")):
        over = target(hostile, kind, id=name)
        over["endpoint"] = over["endpoint"].replace(hostile.url, f"https://localhost:{secret}")
        add(over)
    # Vectors of two models must not meet: each is alone.
    for kind, name, model in (("openai", "embeds", "text-embedding-3-large"), ("gemini", "embeds-gemini", "gemini-embedding-001")):
        targets.append(target(hostile, kind, id=name, model=model))
        groups.append(group(f"{name}-alone", name, **usual))
    # A provider that says nothing is not waited for, and a whole request may take two seconds.
    groups += [group("brisk", "hostile", "spare", **brisk), group("brisk-alone", "hostile", **brisk), group("hasty", "hostile", **brisk | {"timeout": "2s"})]
    groups += [group(f"brisk-{name}-alone", name, **brisk) for name in ("http2", "http2-anthropic")]
    if place.more:
        targets, groups = [one + two for one, two in zip((targets, groups), place.more(standins, hostile))]
    listen = {"listen": place.listen} if place.listen else {}
    return document(targets, groups, circuit_breaker=place.breaker, **listen)
