#!/usr/bin/env bash
# Installs one npm package of one version into a folder: npm-tool.sh FOLDER PACKAGE VERSION
set -euo pipefail
folder=$1 package=$2 version=$3
command -v npm >/dev/null || { echo "npm is missing: install Node.js with npm, then run make again." >&2; exit 1; }
mkdir -p "$folder"
npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-save --loglevel=error "$package@$version"
