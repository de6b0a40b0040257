#!/usr/bin/env bash
# venv.sh FOLDER REQUIREMENTS: makes the virtual environment if there is none, and installs what the file lists.
set -euo pipefail
folder=$1 requirements=$2

"$(dirname "$0")/needs.sh" python3
if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
  rm -rf "$folder"
  if ! python3 -m venv "$folder"; then
    rm -rf "$folder"
    "$(dirname "$0")/apt.sh" python3-venv
    python3 -m venv "$folder"
  fi
fi
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
