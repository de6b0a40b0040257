"""What is measured against what: plain Envoy, Envoy that buffers, Envoy with the filter."""

import json
import os
import pathlib
import subprocess

from harness import document
from harness.envoy import Envoy, binary
from harness.process import built

T = "type.googleapis.com/"
LIMIT = 33554432


def plain(port: int, buffered: bool = False) -> dict:
    """A bootstrap that passes everything on; `buffered`: after the whole body is there."""
    filters = [{"name": "router", "typed_config": {"@type": T + "envoy.extensions.filters.http.router.v3.Router", "suppress_envoy_headers": True}}]
    if buffered:
        config = {"@type": T + "envoy.extensions.filters.http.buffer.v3.Buffer", "max_request_bytes": LIMIT}
        filters.insert(0, {"name": "buffer", "typed_config": config})
    route = {"match": {"prefix": "/"}, "route": {"cluster": "provider", "timeout": "0s"}}
    manager = {
        "@type": T + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "plain",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": filters,
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "static_resources": {
            "listeners": [{
                "name": "plain",
                "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
                "per_connection_buffer_limit_bytes": LIMIT,
                "filter_chains": [{"filters": [{"name": "manager", "typed_config": manager}]}],
            }],
            "clusters": [{
                "name": "provider",
                "type": "STATIC",
                "connect_timeout": "1s",
                "circuit_breakers": {"thresholds": [{"max_connections": 100000, "max_requests": 100000, "max_pending_requests": 100000}]},
                "load_assignment": {"cluster_name": "provider", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]},
            }],
        },
    }


def described(port: int, kind: str, targets: int = 1) -> dict:
    """A `switchover.yaml` whose group asks one provider; with more targets, the others never answer and are never asked."""
    known = dict(document.PROVIDERS[kind])
    base = known.pop("base")
    url = f"http://127.0.0.1:{port}{base}"
    ids = [f"target-{number}" for number in range(targets)]
    return document.document([{"id": one, "provider": kind, "endpoint": url, "credential": "key", **known} for one in ids])


class Pinned(Envoy):
    """An Envoy with one worker on one core."""

    def __init__(self, config: pathlib.Path, core: int):
        super().__init__(binary(), config, concurrency=1)
        subprocess.run(["taskset", "-acp", str(core), str(self.process.popen.pid)], check=True, capture_output=True)

    def cpu_seconds(self) -> float:
        """Processor time of the whole process so far."""
        fields = pathlib.Path(f"/proc/{self.process.popen.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self) -> int:
        pages = int(pathlib.Path(f"/proc/{self.process.popen.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def with_filter(folder: pathlib.Path, document_: dict) -> pathlib.Path:
    """The document rendered, as an operator would run it, without the access log that plain Envoy has not either."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "envoy.json"
    words = [built("switchover"), "render", "envoy", document.write(document_, folder), "-o", out]
    words += ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--wasm", built("switchover.wasm")]
    subprocess.run(words, check=True)
    bootstrap = json.loads(out.read_text())
    for listener in bootstrap["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            for filter_ in chain["filters"]:
                filter_["typed_config"].pop("access_log", None)
    out.write_text(json.dumps(bootstrap))
    return out


def without_filter(folder: pathlib.Path, bootstrap: dict) -> pathlib.Path:
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "envoy.json"
    out.write_text(json.dumps(bootstrap))
    return out
