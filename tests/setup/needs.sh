#!/usr/bin/env bash
# Says in words which of the tools named as arguments this machine lacks, and how to get them.
set -euo pipefail

advice() {
  case "$1" in
    cargo | rustc | rustfmt) echo "a Rust toolchain of 1.88 or later, from rustup.rs" ;;
    cargo-clippy) echo "clippy: 'rustup component add clippy', or Debian's rust-clippy" ;;
    python3) echo "Python 3.10 or later, for the tests and for Envoy's package (Debian: python3 python3-venv)" ;;
    node) echo "Node 18 or later, which runs the core's WebAssembly tests (Debian: nodejs)" ;;
    wrk) echo "wrk, the load generator (Debian: wrk)" ;;
    *) echo "$1" ;;
  esac
}

missing=0
for tool in "$@"; do
  if ! command -v "$tool" >/dev/null; then
    echo "'$tool' is not on the PATH. Install $(advice "$tool")." >&2
    missing=1
  fi
done
exit "$missing"
