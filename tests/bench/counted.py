"""`make bench-counted`: what a request costs a real Envoy in instructions, and in misses of the processor's first cache.

Envoy runs under callgrind, which simulates the caches of a server's core: a busy machine changes nothing, and two runs differ
by a thousandth. What it doesn't see: the kernel, and how many instructions the processor does at once. Under it Envoy's
allocator takes its slower path, for all proxies alike. `BENCH_ONLY` picks workloads.
"""

import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))

from bodies import WORKLOADS  # noqa: E402
from harness.envoy import Envoy, binary  # noqa: E402
from harness.standin import Standin  # noqa: E402
from proxies import described, plain, with_filter, without_filter  # noqa: E402

ONLY = os.environ.get("BENCH_ONLY", "")
CONNECTIONS, ROUNDS = 8, {"chat 1 MB": 1}
USUAL_ROUNDS = 10
# Sizes and ways as on the Xeons of the last years; the last level is a core's own second one.
CACHES = ("--cache-sim=yes", "--I1=32768,8,64", "--D1=49152,12,64", "--LL=1310720,20,64")
# Where Envoy's own code ends; what V8 makes lies far above.
ENVOYS = 1 << 32


def started(folder: pathlib.Path, configuration: pathlib.Path) -> Envoy:
    """An Envoy under callgrind that counts nothing yet, and doesn't go through its statistics meanwhile: that is no request's work,
    and whether it fell into the count made two runs differ by six thousand instructions a request."""
    folder.mkdir()
    bootstrap = json.loads(configuration.read_text()) | {"stats_flush_interval": "299s"}
    configuration.write_text(json.dumps(bootstrap))
    words = ["valgrind", "--tool=callgrind", "--smc-check=all-non-file", "--instr-atstart=no", *CACHES, f"--callgrind-out-file={folder}/counts"]
    script = folder / "envoy"
    script.write_text("#!/bin/sh\nexec " + " ".join([*words, str(binary()), '"$@"\n']))
    script.chmod(0o755)
    return Envoy(script, configuration, seconds=300)


def requests(url: str, body: bytes, rounds: int):
    """So many requests one after the other on each of several connections."""
    address = urllib.parse.urlsplit(url)

    def one(_):
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=300)
        for _ in range(rounds):
            connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text[:500]
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(one, range(CONNECTIONS)))


def counted(folder: pathlib.Path, envoy: Envoy, body: bytes, rounds: int) -> dict:
    """Counts of one request."""
    control = lambda *words: subprocess.run(["callgrind_control", *words, str(envoy.process.popen.pid)], check=True, capture_output=True)  # noqa: E731
    for old in folder.glob("counts*"):
        old.unlink()
    requests(envoy.url(), body, 3)
    control("-i", "on")
    # What is counted first is also translated first, which is nothing of Envoy's.
    requests(envoy.url(), body, 2)
    control("-z")
    requests(envoy.url(), body, rounds)
    control("-d")
    control("-i", "off")
    (dump,) = folder.glob("counts.*")
    return {name: count / (CONNECTIONS * rounds) for name, count in summed(dump).items()}


def summed(dump: pathlib.Path) -> dict:
    """Instructions by where the code is, and misses, of a callgrind file."""
    sums, objects, functions = collections.Counter(), {}, {}
    where, is_call = "Envoy", False
    current = ""
    with dump.open() as lines:
        for line in lines:
            if named := re.match(r"(ob|fn|cob|cfn)=\((\d+)\)(?: (.*))?$", line):
                what, number, name = named.groups()
                known = objects if what.endswith("ob") else functions
                if name is not None:
                    known[number] = name
                if what == "ob":
                    current = known[number]
                elif what == "fn":
                    where = place(current, known[number])
            elif line.startswith("calls="):
                is_call = True
            elif re.match(r"[+\-*\d]", line):
                # The line after a call counts what was called, which is counted where it is.
                if not is_call:
                    instructions, _, _, misses = (line.split() + ["0"] * 4)[1:5]
                    sums[where] += int(instructions)
                    sums["cache misses"] += int(misses)
                is_call = False
    return sums


def place(object_: str, function: str) -> str:
    if object_ != "???":
        return "libraries" if ".so" in object_ else "Envoy"
    # Envoy's allocator has a section of its own, without names.
    address = int(function, 16) if function.startswith("0x") else 0
    return "Envoy" if address < ENVOYS else "filter"


def main():
    with tempfile.TemporaryDirectory(prefix="switchover-counted-") as folder:
        folder = pathlib.Path(folder)
        fast = Standin(folder / "fast.log", "fast", options=("--fast",))
        port = fast["fast"].port
        configurations = {
            "plain Envoy": without_filter(folder / "plain", plain(port)),
            "to OpenAI": with_filter(folder / "openai", described(port, "openai")),
            "to Anthropic": with_filter(folder / "anthropic", described(port, "anthropic")),
            "to OpenAI, 6 targets": with_filter(folder / "six", described(port, "openai", 6)),
        }
        report = collections.defaultdict(dict)
        print(f"{'workload':20} {'proxy':22} {'Envoy':>10} {'filter':>10} {'libraries':>10} {'sum':>11}  ratio  cache misses")
        for name, configuration in configurations.items():
            work = folder / ("counts of " + name).replace(" ", "_").replace(",", "")
            envoy = started(work, configuration)
            for workload, body in WORKLOADS.items():
                if ONLY in workload:
                    report[workload][name] = counted(work, envoy, body, ROUNDS.get(workload, USUAL_ROUNDS))
                    show(workload, name, report[workload])
            envoy.stop()
        fast.stop()
    out = pathlib.Path(os.environ.get("SWITCHOVER_DIST", HERE.parents[1] / "dist")) / "counted.json"
    out.write_text(json.dumps(report, indent=1))


def show(workload: str, name: str, results: dict):
    total = lambda counts: sum(counts.get(part, 0) for part in ("Envoy", "filter", "libraries"))  # noqa: E731
    counts = results[name]
    cells = [f"{counts.get(part, 0):>10,.0f}" for part in ("Envoy", "filter", "libraries")]
    ratio = total(counts) / total(results["plain Envoy"])
    print(f"{workload:20} {name:22} {' '.join(cells)} {total(counts):>11,.0f}  {ratio:.2f}x  {counts['cache misses']:>12,.0f}", flush=True)


if __name__ == "__main__":
    main()
