#!/bin/sh
# Installs parlmesh from this checkout as a systemd service, or upgrades it, and rolls back if it does not get ready.
#
#   sudo scripts/install.sh                 install or upgrade
#   sudo scripts/install.sh --no-start      install without starting (images, chroots)
#   sudo scripts/install.sh --uninstall     remove the program and the service; keep /var/lib/parlmesh and /etc/parlmesh
#   sudo scripts/install.sh --uninstall --purge   remove those and the user too
#
# Needs systemd, Node 20 or newer with npm, and the npm registry (or a checkout whose node_modules is already there).
set -eu

prefix=/opt/parlmesh
state=/var/lib/parlmesh
etc=/etc/parlmesh
unit=/etc/systemd/system/parlmesh.service
wait_seconds=${PARLMESH_INSTALL_WAIT:-60}
kept_releases=3

say() { printf '%s\n' "parlmesh: $*"; }
die() { printf '%s\n' "parlmesh: $*" >&2; exit 1; }
usage() { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; }

action=install purge=no start=yes
for argument in "$@"; do
  case $argument in
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    --no-start) start=no ;;
    -h|--help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
[ "$(id -u)" = 0 ] || die "run it as root: sudo $0 $*"
command -v systemctl >/dev/null || die "there is no systemd here; run it by hand: npm ci && npm start"

if [ "$action" = uninstall ]; then
  systemctl disable --now parlmesh.service 2>/dev/null || true
  rm -f "$unit" /usr/local/bin/parlmesh
  systemctl daemon-reload 2>/dev/null || true
  rm -rf "$prefix"
  if [ "$purge" = yes ]; then
    rm -rf "$state" "$etc"
    userdel parlmesh 2>/dev/null || true
    say "removed, with its state and configuration"
  else
    say "removed; $state and $etc are kept (--purge removes them too)"
  fi
  exit 0
fi

checkout=$(cd "$(dirname "$0")/.." && pwd -P)
version=$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$checkout/package.json" | head -n 1)
[ -n "$version" ] || die "$checkout is not a parlmesh checkout: package.json names no version"
release=$version-$(date -u +%Y%m%d%H%M%S)
target=$prefix/releases/$release

command -v npm >/dev/null || die "npm is missing: install Node 20 or newer (Debian: apt install nodejs npm)"
if [ ! -f "$checkout/daemon/http/public/index.html" ]; then
  say "building the status page"
  (cd "$checkout" && { [ -d node_modules/vite ] || npm ci --no-audit --no-fund; } && npm run -s build:web -- --logLevel warn)
fi

say "unpacking $release"
mkdir -p "$target"
trap 'rm -rf "$target"' EXIT INT TERM
(cd "$checkout" && tar -cf - --exclude=node_modules --exclude=.git \
  package.json package-lock.json .npmrc LICENSE README.md CHANGELOG.md \
  bin core daemon mesh agents vision hw-profiles systemd docs) | tar -xf - -C "$target"
(cd "$target" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
# Code belongs to root and is read-only for the service.
chown -R root:root "$target"
chmod -R go-w,a+rX "$target"
"$target/bin/parlmesh" --version >/dev/null || die "the new release does not start on this machine"

getent passwd parlmesh >/dev/null || useradd --system --home-dir "$state" --shell /usr/sbin/nologin parlmesh
mkdir -p "$etc"
if [ -f "$etc/config.yaml" ]; then
  "$target/bin/parlmesh" config check "$etc/config.yaml" || die "$etc/config.yaml does not fit this release; nothing was changed"
fi

previous=$(readlink "$prefix/current" 2>/dev/null || true)
switch_to() { ln -sfn "$1" "$prefix/current.new" && mv -T "$prefix/current.new" "$prefix/current"; }
switch_to "$target"
trap - EXIT INT TERM
ln -sf "$prefix/current/bin/parlmesh" /usr/local/bin/parlmesh
install -m 0644 "$target/systemd/parlmesh.service" "$unit"

if [ "$start" = no ]; then
  systemctl enable parlmesh.service 2>/dev/null || true
  say "installed $release; start it with: systemctl start parlmesh"
  exit 0
fi

systemctl daemon-reload
systemctl enable --quiet parlmesh.service
# Type=notify: restart returns once the node says it is ready, or fails.
if ! timeout "$wait_seconds" systemctl restart parlmesh.service || ! "$prefix/current/bin/parlmesh" status >/dev/null; then
  reason=$(journalctl -u parlmesh.service -n 8 --no-pager -o cat 2>/dev/null || true)
  if [ -n "$previous" ] && [ -d "$previous" ]; then
    switch_to "$previous"
    install -m 0644 "$previous/systemd/parlmesh.service" "$unit"
    systemctl daemon-reload
    systemctl restart parlmesh.service || true
    rm -rf "$target"
    die "release $release did not get ready and was rolled back to $(basename "$previous"). Its last words:
$reason"
  fi
  die "release $release did not get ready. Its last words:
$reason"
fi

# Keep a few releases to go back to.
find "$prefix/releases" -mindepth 1 -maxdepth 1 -type d | sort -r | tail -n +$((kept_releases + 1)) | while read -r old; do
  [ "$old" = "$(readlink "$prefix/current")" ] || rm -rf "$old"
done
say "release $release runs"
"$prefix/current/bin/parlmesh" status || true
