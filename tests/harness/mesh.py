"""A real istiod without Kubernetes, and Envoys that it configures."""

import json
import os
import pathlib
import socket
import subprocess
import time

import httpx
import yaml

from .envoy import Envoy
from .process import Process

MESH = pathlib.Path(os.environ.get("SWITCHOVER_MESH", "/nowhere"))
# What istiod reads; the rest is Kubernetes' own.
ISTIOS = ("networking.istio.io", "telemetry.istio.io", "security.istio.io")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def documents(path: pathlib.Path) -> list:
    return [document for document in yaml.load_all(path.read_text(), yaml.CSafeLoader) if document]


class Istiod:
    """istiod with a folder of manifests; what is put into it is pushed within some 100 ms."""

    def __init__(self, folder: pathlib.Path, mesh: dict | None = None):
        self.config = folder / "config"
        self.config.mkdir()
        self.xds, self.http, self.metrics = free_port(), free_port(), free_port()
        self.mesh = {
            # Filters that only Istio's own build of Envoy has are left out.
            "defaultProviders": {}, "enablePrometheusMerge": False, "rootNamespace": "istio-system",
            "defaultConfig": {"discoveryAddress": f"127.0.0.1:{self.xds}"}, **(mesh or {}),
        }  # fmt: skip
        (folder / "mesh.yaml").write_text(yaml.safe_dump(self.mesh))
        env = {
            "POD_NAMESPACE": "istio-system", "POD_NAME": "istiod", "CLUSTER_ID": "Kubernetes", "ENABLE_CA_SERVER": "false",
            "PILOT_CERT_PROVIDER": "none", "XDS_AUTH": "false", "PILOT_ENABLE_METADATA_EXCHANGE": "false",
            "PILOT_ENABLE_ALPN_FILTER": "false", "PILOT_DEBOUNCE_AFTER": "50ms", "UNSAFE_ENABLE_ADMIN_ENDPOINTS": "true",
        }  # fmt: skip
        at = [f"--{name}Addr=127.0.0.1:{port}" for name, port in (("grpc", self.xds), ("http", self.http), ("monitoring", self.metrics))]
        words = [MESH / "istiod", "--configDir", self.config, "--meshConfig", folder / "mesh.yaml", *at]
        self.process = Process(words, folder / "istiod.log", env=os.environ | env, cwd=folder)
        self.process.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.http}/ready", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def apply(self, name: str, *documents: dict):
        """As `kubectl apply` would, in one piece."""
        own = [document for document in documents if document["apiVersion"].split("/")[0] in ISTIOS]
        if not own:
            return
        part = self.config / f".{name}"
        part.write_text(yaml.safe_dump_all(own))
        part.rename(self.config / f"{name}.yaml")

    def delete(self, name: str):
        (self.config / f"{name}.yaml").unlink()

    def stop(self):
        self.process.stop()


def node(kind: str, name: str, namespace: str, labels: dict, address: str, xds: int) -> dict:
    """Who a proxy says it is. Its address must be no endpoint of a ServiceEntry: istiod would take that one's labels."""
    metadata = {
        "NAME": name, "NAMESPACE": namespace, "ISTIO_VERSION": "1.31.0", "CLUSTER_ID": "Kubernetes", "MESH_ID": "cluster.local",
        "INSTANCE_IPS": address, "LABELS": labels, "UNPRIVILEGED_POD": "true", "PROXY_CONFIG": {"discoveryAddress": f"127.0.0.1:{xds}"},
    }  # fmt: skip
    identity = f"{kind}~{address}~{name}.{namespace}~{namespace}.svc.cluster.local"
    return {"id": identity, "cluster": f"{name}.{namespace}", "metadata": metadata}


# What istio-agent's own bootstrap counts, and what the annotation adds to it.
COUNTED = ["reporter=", "cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "wasm", "component", "istio"]


def bootstrap(who: dict, xds: int, annotations: dict) -> dict:
    """As istio-agent writes it, as far as it matters here."""
    proxy = json.loads(annotations.get("proxy.istio.io/config", "{}"))
    tags = [{"tag_name": tag, "regex": f"({tag}=\\.=(.*?);\\.;)"} for tag in proxy.get("extraStatTags", [])]
    counted = [{"prefix": prefix} for prefix in COUNTED]
    counted += [{"safe_regex": {"regex": regex}} for regex in proxy.get("proxyStatsMatcher", {}).get("inclusionRegexps", [])]
    source = {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    place = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": xds}}}}
    return {
        "node": who,
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "stats_config": {"use_all_default_tags": False, "stats_tags": tags, "stats_matcher": {"inclusion_list": {"patterns": counted}}},
        "bootstrap_extensions": [{
            "name": "envoy.bootstrap.internal_listener",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener"},
        }],
        "dynamic_resources": {
            "lds_config": source, "cds_config": source,
            "ads_config": {
                "api_type": "DELTA_GRPC", "set_node_on_first_message_only": True, "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
            },
        },
        "static_resources": {"clusters": [{
            "name": "xds-grpc", "type": "STATIC", "connect_timeout": "1s",
            "typed_extension_protocol_options": {options: {
                "@type": f"type.googleapis.com/{options}", "explicit_http_config": {"http2_protocol_options": {}},
            }},
            "load_assignment": {"cluster_name": "xds-grpc", "endpoints": [{"lb_endpoints": [place]}]},
        }]},
    }  # fmt: skip


def wait_for(what, seconds: float = 30.0):
    """What `what()` returns once that is true."""
    end = time.monotonic() + seconds
    while True:
        if found := what():
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def istioctl(*words) -> subprocess.CompletedProcess:
    return subprocess.run([MESH / "istioctl", *words], capture_output=True, text=True, timeout=60, env=os.environ | {"HOME": "/nowhere"})


class AgentEnvoy(Envoy):
    """An Envoy that Istio's real agent starts with its own bootstrap, as in a pod: it fetches the module and serves files as secrets."""

    def __init__(self, binary: pathlib.Path, folder: pathlib.Path, istiod: Istiod, annotations: dict, labels: dict, name="gw", namespace="istio-system"):
        admin, status, health, scraped = (free_port() for _ in range(4))
        proxy = json.loads(annotations.get("proxy.istio.io/config", "{}")) | {
            "discoveryAddress": f"127.0.0.1:{istiod.xds}", "controlPlaneAuthPolicy": "NONE", "binaryPath": str(binary),
            "configPath": str(folder / "agent"), "proxyBootstrapTemplatePath": str(MESH / "envoy_bootstrap.json"), "concurrency": 1,
            "proxyAdminPort": admin, "statusPort": status, "drainDuration": "5s",
        }  # fmt: skip
        env = {
            "POD_NAME": name, "POD_NAMESPACE": namespace, "INSTANCE_IP": "127.0.0.10", "SERVICE_ACCOUNT": name,
            "ISTIO_META_CLUSTER_ID": "Kubernetes", "ISTIO_META_WORKLOAD_NAME": name, "ISTIO_META_MESH_ID": "cluster.local",
            "ISTIO_METAJSON_LABELS": json.dumps(labels), "ISTIO_META_UNPRIVILEGED_POD": "true", "ISTIO_META_ISTIO_VERSION": "1.31.0",
            "JWT_POLICY": "none", "CA_PROVIDER": "none", "FILE_MOUNTED_CERTS": "true", "ENVOY_SKIP_DEPRECATED_LOGS": "true",
            "ENVOY_STATUS_PORT": str(health), "ENVOY_PROMETHEUS_PORT": str(scraped), "PROXY_CONFIG": yaml.safe_dump(proxy),
        }  # fmt: skip
        # The agent keeps modules in /var/lib/istio/data: here a private one.
        private = 'mount -t tmpfs none /var/lib && mkdir -p /var/lib/istio/data && exec "$0" "$@"'
        words = [MESH / "istio-agent", "proxy", "router", "--domain", f"{namespace}.svc.cluster.local", "--proxyLogLevel=warning"]
        words = ["unshare", "--mount", "--map-root-user", "bash", "-c", private, *words]
        self.process = Process(words, folder / "agent.log", env=os.environ | env, cwd=folder)
        self.admin_url = f"http://127.0.0.1:{admin}"
        self.process.wait_until(self._is_ready)
