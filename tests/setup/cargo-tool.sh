#!/usr/bin/env bash
# cargo-tool.sh FOLDER CRATE VERSION BINARY [LEVEL]: builds one command of a crate into FOLDER/bin, optimized that much.
set -euo pipefail
folder=$1 crate=$2 version=$3 binary=$4 level=${5:-1}

"$(dirname "$0")/needs.sh" cargo
# These tools run for seconds: compiling them quickly counts for more than how fast they are.
export CARGO_PROFILE_RELEASE_OPT_LEVEL="$level" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0
install=(cargo install --quiet --root "$folder" --target-dir "$folder/build" --no-default-features
  --version "=$version" --bin "$binary" "$crate")
# The crate's own lock file may name releases that a mirror does not have yet; the second try says what else is wrong.
"${install[@]}" --locked 2>/dev/null || "${install[@]}"
rm -rf "$folder/build"
