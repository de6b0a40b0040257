"""The bill of materials of one program, as CycloneDX 1.6 has it in JSON."""

import datetime
import hashlib
import json
import uuid

import crates

STD = "rust-std"
WASI = "wasi-libc"


def component(crate: crates.Crate) -> dict:
    told = {"type": "library", "bom-ref": crate.purl, "name": crate.name, "version": crate.version}
    if checksum := crates.checksums().get((crate.name, crate.version)):
        told["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return told | {"licenses": [{"expression": crate.licence}], "purl": crate.purl}


def standard_library(program: str) -> dict:
    """The compiler links it by itself, so no lock file has it."""
    release = crates.rustc()["release"]
    inner = [{"type": "library", "bom-ref": f"{STD}/{name}", "name": name} for name in crates.of_std(program)]
    told = {"type": "library", "bom-ref": STD, "name": STD, "version": release, "licenses": [{"expression": "MIT OR Apache-2.0"}]}
    return told | {"purl": f"pkg:generic/{STD}@{release}", **({"components": inner} if inner else {})}


def bill(program: str, content: bytes, epoch: int) -> bytes:
    """For the program with this content."""
    uses = crates.inside(program)
    package = next(iter(uses))
    parts = [component(crate) for crate in sorted(uses) if crate != package] + [standard_library(program)]
    linked = [STD]
    if crates.target(program) == crates.WASM:
        # Its version is the compiler's secret: it comes built, with std.
        parts.append({"type": "library", "bom-ref": WASI, "name": WASI, "licenses": [{"expression": "Apache-2.0 AND MIT AND BSD-2-Clause"}]})
        linked.append(WASI)
    parts.sort(key=lambda part: part["bom-ref"])
    needs = [{"ref": crate.purl, "dependsOn": sorted(used.purl for used in uses[crate])} for crate in sorted(uses) if crate != package]
    needs.append({"ref": program, "dependsOn": sorted([used.purl for used in uses[package]] + linked)})
    told = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": program,
                "name": program,
                "version": package.version,
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}],
                "licenses": [{"expression": package.licence}],
            },
        },
        "components": parts,
        "dependencies": sorted(needs, key=lambda need: need["ref"]),
    }
    # The same bill has the same number.
    told["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(told, sort_keys=True))}"
    return (json.dumps(told, indent=2) + "\n").encode()
