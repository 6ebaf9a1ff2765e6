#!/usr/bin/env bash
# The ClickHouse server of the tests: one library of an npm package, which is fetched once and kept.
# METASQL_CLICKHOUSE_LIB names another folder for it. Prints the folder.
set -euo pipefail

package="@chdb/lib-linux-x64-gnu"
version="26.7.3-stable.1"
folder="${METASQL_CLICKHOUSE_LIB:-${XDG_CACHE_HOME:-$HOME/.cache}/metasql/clickhouse-$version}"

if [[ ! -f "$folder/libchdb.so" ]]; then
    scratch="$(mktemp -d)"
    trap 'rm -rf "$scratch"' EXIT
    (cd "$scratch" && npm pack --silent "$package@$version" >/dev/null && tar xzf ./*.tgz)
    mkdir -p "$folder"
    mv "$scratch/package/libchdb.so" "$folder/libchdb.so"
fi
echo "$folder"
