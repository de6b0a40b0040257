"""`switchover doctor`: an admin interface that says what a rendered bootstrap has, whole or with something forgotten.

tests/envoy/test_examined.py asks real Envoys the same.
"""

import contextlib
import copy
import http.server
import json
import os
import pathlib
import subprocess
import threading
import urllib.request

import pytest

from harness.forgotten import FORGOTTEN

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ.get("SWITCHOVER_DIST", ROOT / "dist")) / "switchover"
ADMIN = "type.googleapis.com/envoy.admin.v3"
CONFIG = """\
version: 1
targets:
- {id: openai-main, provider: openai, model: gpt-5.4-mini, credential: one}
- {id: claude, provider: anthropic, model: claude-sonnet-4-5, max_output_tokens: 8192, credential: two}
credentials: [{id: one, secret_env: ONE}, {id: two, secret_env: TWO}]
model_groups: [{name: production-llm, targets: [{id: openai-main}, {id: claude, priority: 1}]}]
"""


@contextlib.contextmanager
def admin(bootstrap: dict | None, version: str = "1.40.0"):
    """The address of an admin interface of an Envoy with this bootstrap."""
    resources = (bootstrap or {}).get("static_resources", {})
    dump = [
        {"@type": f"{ADMIN}.BootstrapConfigDump", "bootstrap": bootstrap},
        {"@type": f"{ADMIN}.ClustersConfigDump", "static_clusters": [{"cluster": one} for one in resources.get("clusters", [])]},
        {"@type": f"{ADMIN}.ListenersConfigDump", "static_listeners": [{"listener": one} for one in resources.get("listeners", [])]},
    ]
    said = {"/config_dump": {"configs": dump}, "/server_info": {"version": f"0/{version}/Clean/RELEASE/BoringSSL"}}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(said.get(self.path)).encode() if bootstrap else b"<html>"
            self.send_response(200 if self.path in said else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "switchover.yaml").write_text(CONFIG)
    words = [COMMAND, "render", "envoy", folder / "switchover.yaml", "-o", folder / "envoy.json", "--secrets", "/keys"]
    subprocess.run(words, check=True, capture_output=True, timeout=30)
    return json.loads((folder / "envoy.json").read_text())


def doctor(url: str) -> subprocess.CompletedProcess:
    return subprocess.run([COMMAND, "doctor", url], capture_output=True, text=True, timeout=30)


def test_what_is_rendered_is_right(rendered):
    with admin(rendered) as url:
        done = doctor(url + "/")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert done.stdout == "Nothing is wrong: Envoy 1.40.0 has the router role in 1 listener, and all 3 orders of the document.\n"


@pytest.mark.parametrize("name", FORGOTTEN)
def test_what_is_forgotten_is_said(rendered, name):
    forget, beginning, word = FORGOTTEN[name]
    changed = copy.deepcopy(rendered)
    forget(changed)
    with admin(changed) as url:
        done = doctor(url)
    assert done.returncode == 1 and done.stdout == "", done
    (line,) = done.stderr.splitlines()
    assert line.startswith(beginning) and word in line and line.endswith("."), line


def test_a_saved_dump(rendered, tmp_path):
    with admin(rendered) as url:
        dump = urllib.request.urlopen(f"{url}/config_dump").read()
    (tmp_path / "dump.json").write_bytes(dump)
    done = doctor(str(tmp_path / "dump.json"))
    assert done.returncode == 0 and done.stdout.startswith("Nothing is wrong: Envoy (of no known version) has the router role"), done
    piped = subprocess.run([COMMAND, "doctor", "-"], input=dump, capture_output=True, timeout=30)
    assert piped.stdout.decode() == done.stdout, piped
    (tmp_path / "dump.json").write_text("<html>")
    done = doctor(str(tmp_path / "dump.json"))
    assert done.returncode == 1 and "dump.json: this is no JSON" in done.stderr, done
    done = doctor(str(tmp_path / "missing.json"))
    assert done.returncode == 1 and "missing.json" in done.stderr, done


def test_an_old_envoy_and_all_that_is_wrong_at_once(rendered):
    changed = copy.deepcopy(rendered)
    for name in ("tags", "idle", "no-breaker"):
        FORGOTTEN[name][0](changed)
    changed.pop("node")
    with admin(changed, "1.36.2") as url:
        lines = doctor(url).stderr.splitlines()
    assert len(lines) == 5 and lines[0].startswith("This is Envoy 1.36.2: before 1.37"), lines
    assert lines[1].startswith("The Envoy's node has no `id` and no `cluster`"), lines


def test_who_is_no_envoy(tmp_path):
    with admin(None) as url:
        done = doctor(url)
    assert done.returncode == 1 and f"{url}/server_info is no JSON" in done.stderr, done
    done = doctor(url)
    assert done.returncode == 1 and f"{url}/server_info: " in done.stderr and "admin interface of a running Envoy" in done.stderr
    done = doctor("127.0.0.1:9901")
    assert done.returncode == 2 and "is no address of plain HTTP" in done.stderr
