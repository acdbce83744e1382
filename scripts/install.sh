#!/bin/sh
# Installs parlmesh from this checkout as a systemd service, or upgrades it, and rolls back if it does not get ready.
#
#   sudo scripts/install.sh                       install or upgrade
#   sudo scripts/install.sh --no-start            install without starting (images, chroots)
#   sudo scripts/install.sh --rollback            go back to the release that ran before this one
#   sudo scripts/install.sh --uninstall           remove the program and the service; keep state and configuration
#   sudo scripts/install.sh --uninstall --purge   remove those and the user too
#
# Needs systemd, Node 20 or newer with npm, and the npm registry (or a checkout in which `npm ci` was run before).
# Exit codes: 0 done; 1 failed, nothing was changed; 2 wrong use; 3 the release did not get ready and was taken back.
set -eu
umask 022

prefix=/opt/parlmesh
state=/var/lib/parlmesh
cache=/var/cache/parlmesh
etc=/etc/parlmesh
unit=/etc/systemd/system/parlmesh.service
command=/usr/local/bin/parlmesh
kept_releases=2
# What we run here as root leaves no compiled code in the temporary folder, and asks the service alone.
export NODE_DISABLE_COMPILE_CACHE=1 PARLMESH_SOCKET=/run/parlmesh/parlmesh.sock

say() { printf '%s\n' "parlmesh: $*"; }
fail() { code=$1; shift; say "$*" >&2; exit "$code"; }
usage() { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; }

# Copies the checkout to $target and makes a release of it there: the checkout itself stays as it is.
build_release() {
  mkdir -p "$target"
  parts=
  for part in package.json package-lock.json .npmrc LICENSE README.md CHANGELOG.md \
    bin core daemon mesh agents vision web scripts hw-profiles systemd docs node_modules; do
    [ ! -e "$checkout/$part" ] || parts="$parts $part"
  done
  # shellcheck disable=SC2086 # a list of words
  tar -C "$checkout" -cf - $parts | tar --no-same-owner -C "$target" -xf -
  cd "$target"
  [ -d node_modules ] || npm ci --loglevel=error
  npm run -s build
  npm prune --omit=dev --loglevel=error >/dev/null
  # What the bundles in dist/ were made of, native code for other systems, and what only compilers read.
  case $(uname -m) in aarch64) other=x64 ;; *) other=arm64 ;; esac
  rm -rf core mesh agents web scripts node_modules/node-linux-*/include \
    node_modules/onnxruntime-node/bin/*/darwin node_modules/onnxruntime-node/bin/*/win32 \
    node_modules/onnxruntime-node/bin/*/linux/$other
  find daemon vision -name '*.ts' -delete
  find daemon vision -type d -empty -delete
  # Code belongs to root and is read-only for the service, whatever modes the checkout has.
  chmod -R go-w,a+rX .
  cd /
}

# switch_to RELEASE: the next start of the service is this release's.
switch_to() {
  ln -sfn "$1" "$prefix/current.new"
  mv -T "$prefix/current.new" "$prefix/current"
  install -m 0644 "$1/systemd/parlmesh.service" "$unit"
  ln -sfn "$prefix/current/bin/parlmesh" "$command"
  # Compiled code of the release before.
  rm -rf "$cache"
}

# Type=notify: restart returns once the node says that it is ready, or fails.
start_service() {
  systemctl daemon-reload
  systemctl reset-failed parlmesh.service 2>/dev/null || true
  systemctl restart parlmesh.service && "$command" status >/dev/null
}

# The releases but the one that runs, newest first.
other_releases() {
  find "$prefix/releases" -mindepth 1 -maxdepth 1 -type d ! -path "$(readlink "$prefix/current")" -printf '%T@ %p\n' |
    sort -rn | cut -d' ' -f2-
}

remove_program() {
  systemctl disable --quiet --now parlmesh.service 2>/dev/null || true
  rm -f "$unit" "$command"
  rm -rf "$prefix" "$cache"
  systemctl daemon-reload 2>/dev/null || true
  systemctl reset-failed parlmesh.service 2>/dev/null || true
}

action=install purge=no start=yes
for argument in "$@"; do
  case $argument in
    --uninstall) action=uninstall ;;
    --rollback) action=rollback ;;
    --purge) purge=yes ;;
    --no-start) start=no ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
[ "$purge" = no ] || [ "$action" = uninstall ] || fail 2 "--purge goes with --uninstall"
[ "$(id -u)" = 0 ] || fail 1 "run it as root: sudo $0 $*"
command -v systemctl >/dev/null || fail 1 "there is no systemd here; run it by hand: npm ci && npm start"

if [ "$action" = uninstall ]; then
  remove_program
  if [ "$purge" = no ]; then
    say "removed; $state and $etc are kept (--uninstall --purge removes them too)"
    exit 0
  fi
  rm -rf "$state" "$etc" "$unit.d"
  systemctl daemon-reload 2>/dev/null || true
  userdel parlmesh 2>/dev/null || true
  groupdel parlmesh 2>/dev/null || true
  say "removed, with its state, configuration and user"
  exit 0
fi

previous=$(readlink "$prefix/current" 2>/dev/null || true)

if [ "$action" = rollback ]; then
  [ -n "$previous" ] || fail 1 "nothing is installed"
  target=$(other_releases | head -n 1)
  [ -n "$target" ] || fail 1 "there is no release to go back to"
else
  checkout=$(cd "$(dirname "$0")/.." && pwd -P)
  version=$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$checkout/package.json" | head -n 1)
  [ -n "$version" ] || fail 1 "$checkout is no parlmesh checkout: package.json names no version"
  command -v npm >/dev/null || fail 1 "root finds no npm: install Node 20 or newer, or run: sudo env PATH=\"\$PATH\" $0 $*"
  target=$prefix/releases/$version-$(date -u +%Y%m%d%H%M%S)
  say "building ${target##*/}"
  trap 'rm -rf "$target"; say "failed; nothing was changed" >&2; exit 1' EXIT
  trap 'exit 1' INT TERM HUP
  build_release
  "$target/bin/parlmesh" --version >/dev/null || fail 1 "the new release does not start on this machine"
  if [ -f "$etc/config.yaml" ]; then
    "$target/bin/parlmesh" config check "$etc/config.yaml" || fail 1 "$etc/config.yaml does not fit this release"
  fi
  getent passwd parlmesh >/dev/null || useradd --system --user-group --home-dir "$state" --shell /usr/sbin/nologin parlmesh
  # Passwords of cameras and brokers may stand in there.
  install -d -m 0750 -g parlmesh "$etc"
  trap - EXIT INT TERM HUP
fi

started=$(date +%s)
switch_to "$target"
if [ "$start" = no ]; then
  systemctl enable --quiet parlmesh.service
  say "installed ${target##*/}; start it with: systemctl start parlmesh"
  exit 0
fi
if ! start_service; then
  reason=$(journalctl -u parlmesh.service --since "@$started" -n 12 --no-pager -o cat 2>/dev/null || true)
  if [ -z "$previous" ]; then
    remove_program
    outcome="did not get ready; the program was removed again"
  else
    switch_to "$previous"
    [ "$action" = rollback ] || rm -rf "$target"
    if start_service; then outcome="did not get ready; ${previous##*/} runs again"
    else outcome="did not get ready, and nor does ${previous##*/}, which is installed again"; fi
  fi
  fail 3 "${target##*/} $outcome. Its last words:
$reason"
fi
systemctl enable --quiet parlmesh.service
other_releases | tail -n "+$kept_releases" | while read -r old; do rm -rf "$old"; done
say "${target##*/} runs"
"$command" status
