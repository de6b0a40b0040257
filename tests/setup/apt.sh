#!/usr/bin/env bash
# Installs the Debian packages named as arguments, or says what a person has to install.
set -euo pipefail

as_root=()
if [ "$(id -u)" != 0 ]; then
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  echo "Install these packages by hand, then run make again: $*" >&2
  exit 1
fi
# Make runs two things at a time, and apt takes no second caller.
exec 9<"$0"
flock 9
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"
