"""`make bench`: what the filter costs, as a ratio to plain Envoy passing the same bytes, in one run.

Envoy is pinned to one core, load and provider to the other; rounds are short and alternate, so that what else the machine does hits all
alike: each proxy is compared with plain Envoy in the same round, and the median of that counts. BENCH_SECONDS and BENCH_ROUNDS make it longer, BENCH_ONLY picks workloads.
"""

import json
import operator
import os
import pathlib
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))

import peers  # noqa: E402
from bodies import WORKLOADS  # noqa: E402
from harness.standin import Standin  # noqa: E402
from proxies import Pinned, described, plain, with_filter, without_filter  # noqa: E402

ENVOY_CORE, OTHER_CORE = 0, 1
SECONDS = os.environ.get("BENCH_SECONDS", "1")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
ONLY = os.environ.get("BENCH_ONLY", "")
PATH = "/v1/chat/completions"
STREAMS = 1000
OPENED_AT_ONCE = 50


def load(url: str, body: pathlib.Path, connections: int, headers=None) -> dict:
    """One round of wrk."""
    words = ["taskset", "-c", str(OTHER_CORE), "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", HERE / "load.lua", url + PATH]
    lines = "".join(f"{name}: {value}\n" for name, value in (headers or {}).items())
    done = subprocess.run(words, env=os.environ | {"BENCH_BODY": str(body), "BENCH_HEADERS": lines}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.split("RESULT ")[1])


def measure(envoys: dict, body: pathlib.Path, connections: int) -> dict:
    """For each proxy the medians over alternating rounds, and its medians against others of the same round."""
    rounds = {name: [] for name in envoys}
    for envoy in envoys.values():
        load_once(envoy.url(), body.read_bytes(), getattr(envoy, "headers", None))
    for _ in range(ROUNDS):
        for name, envoy in envoys.items():
            before = envoy.cpu_seconds()
            result = load(envoy.url(), body, connections, getattr(envoy, "headers", None))
            assert result["errors"] == 0 and result["requests"], f"{name}: {result}"
            result["cpu_us"] = (envoy.cpu_seconds() - before) / result["requests"] * 1e6
            result["per_second"] = result["requests"] / result["seconds"]
            rounds[name].append(result)
    keys = ("per_second", "p50_us", "p99_us", "cpu_us")
    medians = {name: {key: statistics.median(one[key] for one in results) for key in keys} for name, results in rounds.items()}
    for name, median in medians.items():
        paired = lambda other, key, how: statistics.median(map(how, (one[key] for one in rounds[name]), (one[key] for one in rounds[other])))  # noqa: E731, B023
        median["ratio"] = paired("plain Envoy", "cpu_us", operator.truediv)
        median["to_one"] = paired("to OpenAI", "cpu_us", operator.truediv)
        # Of the whole process, with all that the rounds have left in it.
        median["rss_mib"] = envoys[name].rss_bytes() / 2**20 if hasattr(envoys[name], "rss_bytes") else None
        median["added_us"] = paired("plain Envoy", "p50_us", operator.sub)
    return medians


def request_bytes(body: bytes, headers=None) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"POST {PATH} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body


def load_once(url: str, body: bytes, headers=None):
    """One request that must succeed: the first of a process pays for what all others use."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request_bytes(body, headers))
        status = connection.recv(64)
    assert status.startswith(b"HTTP/1.1 200"), status


def stream_memory(envoy: Pinned, body: bytes) -> float:
    """Bytes of memory that one of many open streams takes."""
    host, port = envoy.url().removeprefix("http://").split(":")
    before = envoy.rss_bytes()
    connections = []
    try:
        # A few at a time: more new connections at once than a provider's backlog holds would wait for seconds.
        for _ in range(STREAMS // OPENED_AT_ONCE):
            fresh = [socket.create_connection((host, int(port)), timeout=30) for _ in range(OPENED_AT_ONCE)]
            connections += fresh
            for connection in fresh:
                connection.sendall(request_bytes(body))
            for connection in fresh:
                got = connection.recv(1024)
                assert got.startswith(b"HTTP/1.1 200"), got
        time.sleep(0.5)
        return (envoy.rss_bytes() - before) / STREAMS
    finally:
        for connection in connections:
            connection.close()


def start_ms(configuration: pathlib.Path) -> float:
    """How long an Envoy takes until it serves, at the median of five."""
    times = []
    for _ in range(5):
        before = time.perf_counter()
        envoy = Pinned(configuration, ENVOY_CORE)
        times.append((time.perf_counter() - before) * 1000)
        envoy.stop()
    return statistics.median(times)


def machine() -> str:
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def row(*cells) -> str:
    widths = (26, 22, 10, 9, 9, 9, 9, 7)
    return "  ".join(str(cell).ljust(width) if place < 2 else str(cell).rjust(width) for place, (cell, width) in enumerate(zip(cells, widths)))


def show(workload: str, results: dict):
    for name, result in results.items():
        figures = (f"{result['per_second']:.0f}", f"{result['p50_us']:.0f}", f"{result['p99_us']:.0f}", f"{result['cpu_us']:.0f}")
        figures += ("" if result["rss_mib"] is None else f"{result['rss_mib']:.0f}",)
        more = f"  {result['to_one']:.2f}x of 1 target" if "6 targets" in name else ""
        print(row(workload, name, *figures, f"{result['ratio']:.2f}x") + more, flush=True)


def against_peers(envoys: dict, provider: int, folder: pathlib.Path, started: list) -> dict:
    """The same chats and streams through other gateways, one at a time so that none disturbs another."""
    body, results = folder / "body.json", {}
    for name, start in {"LiteLLM": peers.litellm, "Portkey": peers.portkey}.items():
        peer = start(folder / name.lower(), provider, ENVOY_CORE, WORKLOADS["chat 1 KB"])
        started.append(peer)
        for workload in ("chat 1 KB", "chat 32 KB", "stream, 50 events"):
            body.write_bytes(WORKLOADS[workload])
            if (status := peer.status(WORKLOADS[workload])) != 200:
                print(row(workload, name, f"answers {status}: not measured"))
                continue
            measured = measure({"plain Envoy": envoys["plain Envoy"], "to OpenAI": envoys["to OpenAI"], name: peer}, body, 32)
            show(workload, measured)
            results.setdefault(workload, {}).update(measured)
        peer.stop()
    return {"versions": peers.versions(), "workloads": results}


def main():
    report = {"machine": machine(), "seconds": SECONDS, "rounds": ROUNDS, "workloads": {}}
    with tempfile.TemporaryDirectory(prefix="switchover-bench-") as folder:
        folder = pathlib.Path(folder)
        started = []
        try:
            fast = Standin(folder / "fast.log", "fast", options=("--fast",))
            slow = Standin(folder / "slow.log", "slow", options=("--lenient",))
            started += [fast, slow]
            for standin in started:
                pinned = ["taskset", "-acp", str(OTHER_CORE), str(standin.process.popen.pid)]
                subprocess.run(pinned, check=True, capture_output=True)
            configurations = {
                "plain Envoy": without_filter(folder / "plain", plain(fast["fast"].port)),
                "Envoy + buffer": without_filter(folder / "buffer", plain(fast["fast"].port, buffered=True)),
                "to OpenAI": with_filter(folder / "openai", described(fast["fast"].port, "openai")),
                "to Anthropic": with_filter(folder / "anthropic", described(fast["fast"].port, "anthropic")),
                "to OpenAI, 6 targets": with_filter(folder / "six", described(fast["fast"].port, "openai", 6)),
            }
            envoys = {}
            for name, configuration in configurations.items():
                envoys[name] = Pinned(configuration, ENVOY_CORE)
                started.append(envoys[name])
            print(machine())
            print(row("workload", "proxy", "req/s", "p50 µs", "p99 µs", "CPU µs", "RSS MiB", "ratio"))
            for workload, body in WORKLOADS.items():
                if ONLY in workload:
                    path = folder / "body.json"
                    path.write_bytes(body)
                    report["workloads"][workload] = measure(envoys, path, 32)
                    show(workload, report["workloads"][workload])
            if ONLY in "latency":
                path = folder / "body.json"
                path.write_bytes(WORKLOADS["chat 1 KB"])
                latency = measure(envoys, path, 1)
                report["latency"] = latency
                for name, result in latency.items():
                    print(row("chat 1 KB, 1 connection", name, "", f"{result['p50_us']:.0f}", "", "", "", f"+{result['added_us']:.0f} µs"))
            if ONLY in "start":
                starts = {name: start_ms(configurations[name]) for name in ("plain Envoy", "to OpenAI", "to OpenAI, 6 targets")}
                report["start_ms"] = starts
                for name, took in starts.items():
                    print(row("start", name, "", "", "", f"{took:.0f} ms", "", f"+{took - starts['plain Envoy']:.0f}"))
            if ONLY in "memory":
                memory = {}
                for name, configuration in {
                    "plain Envoy": without_filter(folder / "plain-slow", plain(slow["slow"].port)),
                    "to OpenAI": with_filter(folder / "openai-slow", described(slow["slow"].port, "openai")),
                    "to Anthropic": with_filter(folder / "anthropic-slow", described(slow["slow"].port, "anthropic")),
                }.items():
                    envoy = Pinned(configuration, ENVOY_CORE)
                    started.append(envoy)
                    slow["slow"].behave()
                    load_once(envoy.url(), WORKLOADS["chat 1 KB"])
                    # From now on streams stay open after their first tokens.
                    slow["slow"].behave(stall=8)
                    memory[name] = stream_memory(envoy, WORKLOADS["stream, 50 events"])
                report["stream_bytes"] = memory
                for name, bytes_ in memory.items():
                    print(row(f"{STREAMS} open streams", name, "", "", "", f"{bytes_ / 1024:.0f} KiB", "", f"+{(bytes_ - memory['plain Envoy']) / 1024:.0f}"))
            if os.environ.get("BENCH_PEERS") == "1":
                report["peers"] = against_peers(envoys, fast["fast"].port, folder, started)
        finally:
            for process in reversed(started):
                process.stop()
    out = pathlib.Path(os.environ.get("SWITCHOVER_DIST", HERE.parents[1] / "dist")) / "bench.json"
    out.write_text(json.dumps(report, indent=1))
    print(f"\nwritten to {out.name} in dist; `ratio` is CPU per request against plain Envoy")


if __name__ == "__main__":
    main()
