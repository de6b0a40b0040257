#!/usr/bin/env bash
# wasm-cargo.sh TOOLCHAIN ARGUMENTS…: runs cargo for a WebAssembly target with what wasm-toolchain.sh chose.
set -euo pipefail
toolchain=$1
shift

if [ "$toolchain" = debian ]; then
  # rustc-web has the sources of std but no std for these targets; building it takes the nightly flag.
  export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc
  export CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-22
  export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="-Clink-self-contained=no -Lnative=/usr/lib/wasm32-wasi"
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22
  exec /usr/bin/cargo -Zbuild-std=std,panic_abort "$@"
fi
exec cargo "$@"
