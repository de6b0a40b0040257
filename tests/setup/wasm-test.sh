#!/usr/bin/env bash
# wasm-test.sh TOOLCHAIN RUNNER: runs tests/wasm.rs, the core on 32 bits without a clock or a host, in Node.
# The runner takes "no tests to run!" for success, so the number of tests is looked at as well.
set -euo pipefail
toolchain=$1 runner=$2
here=$(dirname "$0")

"$here/needs.sh" node
output=$(mktemp)
trap 'rm -f "$output"' EXIT
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$runner \
  "$here/wasm-cargo.sh" "$toolchain" test --target wasm32-unknown-unknown --test wasm 2>&1 | tee "$output"
if ! grep -Eq '^test result: ok\. [1-9][0-9]* passed' "$output"; then
  echo "No test of tests/wasm.rs ran in Node." >&2
  exit 1
fi
