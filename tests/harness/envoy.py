"""A real Envoy, started with a bootstrap and stopped without a trace."""

import json
import os
import pathlib
import subprocess

import httpx

from .process import ROOT, Process


def binary(which: str = "main") -> pathlib.Path:
    """The Envoy that is served with (`main`), or the oldest one promised (`floor`)."""
    name = {"main": "SWITCHOVER_ENVOY", "floor": "SWITCHOVER_ENVOY_FLOOR"}[which]
    if name in os.environ:
        path = pathlib.Path(os.environ[name])
        assert path.exists(), f"{name} says {path}, where there is nothing"
        return path
    assert which == "main", f"{name} is not set: run `make test-envoy`, or say where that Envoy is"
    command = ["make", "--silent", "envoy-path"]
    return pathlib.Path(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip())


class Envoy:
    """An Envoy with the bootstrap in `config`, in which every port may be 0; it must serve within `seconds`."""

    def __init__(
        self, binary: pathlib.Path, config: pathlib.Path, concurrency: int = 1, env=None, options=(), seconds: float = 90.0, level="warning"
    ):
        admin_file = config.with_name("admin.txt")
        admin_file.unlink(missing_ok=True)
        words = [binary, "--config-path", config, "--concurrency", concurrency, "--disable-hot-restart"]
        words += ["--admin-address-path", admin_file, "--log-level", level, *options]
        words += ["--component-log-level", "wasm:info"] if level == "warning" else []
        self.process = Process(words, config.with_name("envoy.log"), env=os.environ | (env or {}), cwd=config.parent)
        try:
            address = self.process.wait_until(lambda: admin_file.exists() and admin_file.read_text(), seconds)
            self.admin_url = f"http://{address}"
            self.process.wait_until(self._is_ready, seconds)
            self.listeners = self._listeners()
        except BaseException:
            self.process.stop()
            raise

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.admin_url}/ready").status_code == 200
        except httpx.TransportError:
            return False

    def _listeners(self) -> dict:
        statuses = self.admin("listeners?format=json").json().get("listener_statuses", [])
        # An internal listener has no socket.
        open_ = [status for status in statuses if "socket_address" in status["local_address"]]
        address = {status["name"]: status["local_address"]["socket_address"] for status in open_}
        return {name: f"http://{at['address']}:{at['port_value']}" for name, at in address.items()}

    def url(self, listener: str | None = None) -> str:
        """Where a listener takes requests; without a name, the only one."""
        if listener is None:
            (listener,) = self.listeners
        return self.listeners[listener]

    def admin(self, path: str) -> httpx.Response:
        answer = httpx.get(f"{self.admin_url}/{path}", timeout=10)
        answer.raise_for_status()
        return answer

    def stats(self, filter: str = ".") -> dict:
        """Counters and gauges whose name matches the regular expression."""
        answer = self.admin(f"stats?format=json&filter={filter}").json()["stats"]
        return {stat["name"]: stat["value"] for stat in answer if "value" in stat}

    def clusters(self) -> dict:
        """The hosts of each cluster, as the admin interface tells of them."""
        answer = self.admin("clusters?format=json").json()["cluster_statuses"]
        return {cluster["name"]: cluster.get("host_statuses", []) for cluster in answer}

    def ejected(self) -> set:
        """The clusters of which a host is ejected."""
        failed = lambda host: host["health_status"].get("failed_outlier_check", False)  # noqa: E731
        return {name for name, hosts in self.clusters().items() if any(failed(host) for host in hosts)}

    def config_dump(self) -> str:
        return self.admin("config_dump?include_eds").text

    def alive(self) -> bool:
        return self.process.alive()

    def stop(self):
        self.process.stop()


def write(bootstrap: dict, folder: pathlib.Path) -> pathlib.Path:
    """Writes a bootstrap where its Envoy will have its other files too."""
    path = folder / "envoy.json"
    path.write_text(json.dumps(bootstrap, indent=1))
    return path
