#!/usr/bin/env bash
# The programs that read dbt's artifacts, for `tests/artifacts`: dbt-core with its documentation, dagster-dbt, and
# jsdom, a browser without a window. They are kept apart from what metasql needs. Prints the folder.
set -euo pipefail

folder="${1:-${XDG_CACHE_HOME:-$HOME/.cache}/metasql/artifacts}"

if [[ ! -f "$folder/done" ]]; then
    mkdir -p "$folder"
    "${PYTHON:-python3}" -m venv "$folder/venv"
    "$folder/venv/bin/python" -m pip install --quiet "dbt-core>=1.10,<1.11" "dagster-dbt>=0.29,<0.30" jsonschema >&2
    npm install --silent --no-fund --no-audit --prefix "$folder" "jsdom@29" >&2
    touch "$folder/done"
fi
echo "$folder"
