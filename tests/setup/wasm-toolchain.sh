#!/usr/bin/env bash
# wasm-toolchain.sh FILE: finds or installs a Rust that compiles for WebAssembly and writes its name into FILE:
#   installed   the Rust on the PATH has both targets, or rustup could add them
#   debian      Debian's rustc-web, which carries the sources of std, so that std is built here too
# WASM_TOOLCHAIN=installed or debian forces one of them.
set -euo pipefail
file=$1
targets=(wasm32-wasip1 wasm32-unknown-unknown)

"$(dirname "$0")/needs.sh" cargo rustc

has_targets() {
  local target
  for target in "${targets[@]}"; do
    [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ] || return 1
  done
}

# A network that swallows packets would hold rustup for many minutes: the time is bounded.
add_targets() {
  command -v rustup >/dev/null && RUST_BACKTRACE=0 timeout 120 rustup target add "${targets[@]}" && has_targets
}

debian() {
  local packages=(rustc-web cargo-web rust-web-src wasi-libc lld-22)
  if ! dpkg --status "${packages[@]}" >/dev/null 2>&1; then
    "$(dirname "$0")/apt.sh" "${packages[@]}"
  fi
}

chosen=${WASM_TOOLCHAIN:-}
if [ -z "$chosen" ]; then
  if has_targets || add_targets; then
    chosen=installed
  else
    echo "This Rust can't get ${targets[*]}: taking Debian's rustc-web, which builds std from source." >&2
    chosen=debian
  fi
fi
case "$chosen" in
  installed)
    if ! has_targets && ! add_targets; then
      echo "The Rust on the PATH lacks ${targets[*]}. Add them with 'rustup target add', or set WASM_TOOLCHAIN=debian." >&2
      exit 1
    fi
    ;;
  debian) debian ;;
  *)
    echo "WASM_TOOLCHAIN is '$chosen'; it takes 'installed' or 'debian'." >&2
    exit 1
    ;;
esac
mkdir -p "$(dirname "$file")"
echo "$chosen" >"$file"
