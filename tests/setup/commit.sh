#!/usr/bin/env bash
# Prints which sources these are: their commit, also `… with changes`, or `unknown` where git knows none. Whoever builds without
# git says it in SWITCHOVER_COMMIT.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -n "${SWITCHOVER_COMMIT:-}" ]; then
  echo "$SWITCHOVER_COMMIT"
elif [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ] && commit=$(git rev-parse --verify --quiet HEAD); then
  echo "$commit$([ -z "$(git status --porcelain)" ] || echo " with changes")"
else
  echo unknown # none, or a repository of somebody else's around these files
fi
