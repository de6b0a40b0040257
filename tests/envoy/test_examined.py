"""`switchover doctor` on real Envoys: it finds nothing wrong with what is rendered, and says whatever was forgotten."""

import subprocess

import pytest

from harness.document import document, group, target
from harness.forgotten import FORGOTTEN
from harness.process import built

UNTIL = "2099-01-01T00:00:00Z"


def doctor(envoy) -> subprocess.CompletedProcess:
    return subprocess.run([built("switchover"), "doctor", envoy.admin_url], capture_output=True, text=True, timeout=60)


def described(cloud) -> dict:
    return document([target(cloud["openai-main"]), target(cloud["anthropic-main"], "anthropic")])


@pytest.mark.floor("deep")
def test_what_is_rendered_is_right(gateway, cloud):
    done = doctor(gateway(described(cloud)))
    assert done.returncode == 0 and done.stdout.startswith("Nothing is wrong: Envoy 1."), done
    assert "all 3 orders" in done.stdout and done.stderr == ""


def test_drills_and_groups_of_all_kinds_are_right(gateway, cloud):
    targets = [target(cloud["openai-main"]), target(cloud["anthropic-main"], "anthropic"), target(cloud["bedrock-main"], "bedrock")]
    ids = [one["id"] for one in targets]
    groups = [group("production-llm", *ids), group("g/quick", ids[0], when_all_ejected="fail_fast"), group("g:two", ids[1], ids[2])]
    drills = [
        {"target": ids[0], "class": "overloaded", "percentage": 0, "until": UNTIL, "allow_tenants": ["acme"]},
        {"target": ids[1], "latency": "1s", "percentage": 1, "until": UNTIL},
    ]
    more = {"tenant": {"header": "x-tenant-id"}, "drills": drills, "listen": {"hosts": ["llm.internal"], "base_path": "/llm"}}
    done = doctor(gateway(document(targets, groups, **more)))
    assert done.returncode == 0, done


# Some of them; tests/command/test_doctor.py has all, without the Envoys.
@pytest.mark.parametrize("name", [pytest.param(one, marks=() if n % 5 == 0 else pytest.mark.deep) for n, one in enumerate(FORGOTTEN)])
def test_what_is_forgotten_is_said(gateway, cloud, name):
    forget, beginning, word = FORGOTTEN[name]
    done = doctor(gateway(described(cloud), edit=forget))
    assert done.returncode == 1 and done.stdout == "", done
    (line,) = done.stderr.splitlines()
    assert line.startswith(beginning) and word in line, line
