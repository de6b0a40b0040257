#!/usr/bin/env bash
# wasm-cargo.sh TOOLCHAIN ARGUMENTS…: runs cargo for a WebAssembly target with what wasm-toolchain.sh chose.
set -euo pipefail
toolchain=$1
shift

# SIMD is in the V8 of every Envoy promised. Inlining less than the compiler would makes the filter a seventh smaller and no
# slower (docs/performance.md). Where in the sources a panic was is nothing that the filter can use: without it the module is
# 1 % smaller. That flag is not stable yet, so the compiler must be told to take it.
flags="-Ctarget-feature=+simd128"
case " $* " in *" wasm32-wasip1 "*)
  export RUSTC_BOOTSTRAP=1
  flags="$flags -Cllvm-args=-inline-threshold=60 -Zlocation-detail=none"
  ;;
esac

if [ "$toolchain" = debian ]; then
  # rustc-web has the sources of std but no std for these targets; building it takes the nightly flag.
  export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO=/usr/bin/cargo
  export CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-22
  case " $* " in *" wasm32-wasip1 "*) flags="$flags -Clink-self-contained=no -Lnative=/usr/lib/wasm32-wasi" ;; esac
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22
  set -- -Zbuild-std=std,panic_abort "$@"
fi
MORE_FLAGS=$flags exec "$(dirname "$0")/clean-cargo.sh" "$@"
