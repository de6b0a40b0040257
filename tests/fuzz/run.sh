#!/usr/bin/env bash
# run.sh [SECONDS] [TARGET…]: feeds each target with broken input for SECONDS (60, or FUZZ_SECONDS), one after the other.
# A crash, a broken law, a hang of 10 s or 2 GB of memory ends it, and its input stays under <target directory>/fuzz.
set -euo pipefail
cd "$(dirname "$0")/../.."

tests/setup/needs.sh cargo
# libFuzzer itself is C++.
command -v c++ >/dev/null || tests/setup/apt.sh g++

seconds=${FUZZ_SECONDS:-60}
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi

work=${CARGO_TARGET_DIR:-target}/fuzz
mkdir -p "$work"
work=$(cd "$work" && pwd)

# What cargo-fuzz passes, without its sanitizer, which takes a nightly compiler and has nothing to find in safe Rust.
# With --target the flags stay away from build scripts. Not --locked: the lock file follows what the package takes on.
host=$(rustc -vV | sed -n 's/^host: //p')
flags="--cfg=fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
flags+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
flags+=" -Cllvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS="$flags" CARGO_TARGET_DIR="$work/build" cargo build --quiet --release \
  --manifest-path tests/fuzz/Cargo.toml --target "$host"
fuzz=$work/build/$host/release/switchover-fuzz

targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  mapfile -t targets < <(SWITCHOVER_FUZZ=list "$fuzz")
fi

broken=()
for target in "${targets[@]}"; do
  corpus=$work/corpus/$target
  mkdir -p "$corpus" "$work/broken"
  log=$work/$target.log
  if SWITCHOVER_FUZZ=$target SWITCHOVER_FUZZ_SEEDS=$corpus "$fuzz" "$corpus" -max_total_time="$seconds" \
    -max_len=65536 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/broken/$target-" >"$log" 2>&1; then
    echo "$target: $(tail -n 1 "$log")"
  else
    broken+=("$target")
    grep -E -A3 'panicked at|ERROR: libFuzzer|Test unit written' "$log" || tail -n 20 "$log"
    echo "$target is broken; all it said is in $log. To see it again: SWITCHOVER_FUZZ=$target $fuzz <input>"
  fi
done
if [ ${#broken[@]} != 0 ]; then
  echo "Broken: ${broken[*]}" >&2
  exit 1
fi
