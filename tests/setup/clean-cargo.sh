#!/usr/bin/env bash
# clean-cargo.sh ARGUMENTS…: runs cargo so that what it builds holds no folder of this machine: two checkouts give the same bytes.
# Where a panic was is still said, as crates/NAME-VERSION/FILE. CARGO and RUSTC name other programs than those on the PATH,
# MORE_FLAGS is for the compiler too.
set -euo pipefail
cargo=${CARGO:-cargo} rustc=${RUSTC:-rustc}
root=$(cd "$(dirname "$0")/../.." && pwd)

host=$("$rustc" -vV | sed -n 's/^host: //p')
# Where the crates' sources are: in cargo's registry, a mirror's or a vendor's folder. Asking gets what is missing.
sources=$(cd "$root" && "$cargo" metadata --format-version 1 --filter-platform "$host" |
  grep -o '"manifest_path":"[^"]*"' | cut -d'"' -f4 | { grep -vxF "$root/Cargo.toml" || true; } |
  sed 's|/[^/]*/Cargo\.toml$||' | sort -u)

# Of those that fit the last one counts, so a folder in another comes after that. The standard library's sources, where they are
# installed, get the name that they have everywhere else.
flags=$(
  tr ' ' '\n' <<<"${MORE_FLAGS:-}" | sed '/^$/d'
  echo "--remap-path-prefix=$root=."
  echo "--remap-path-prefix=$(cd "$root" && realpath -m "${CARGO_TARGET_DIR:-target}")=target"
  sed '/^$/d; s/.*/--remap-path-prefix=&=crates/' <<<"$sources"
  echo "--remap-path-prefix=$("$rustc" --print sysroot)/lib/rustlib/src/rust=/rustc/$("$rustc" -vV | sed -n 's/^commit-hash: //p')"
)
# In this form a folder may have a blank in its name.
CARGO_ENCODED_RUSTFLAGS=$(tr '\n' '\037' <<<"$flags" | sed 's/\x1f$//')
export CARGO_ENCODED_RUSTFLAGS
exec "$cargo" "$@"
