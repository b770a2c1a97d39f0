#!/bin/sh
# What tests need beside Python packages: Chromium, a font with Chinese, a PostgreSQL server, LibreOffice. Debian's packages first.
set -eu
bin=$1

found() { command -v "$1" >/dev/null 2>&1; }
have_postgres() { found initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }

packages=""
found chromium || found google-chrome || packages="$packages chromium"
fc-list 2>/dev/null | grep -qi 'cjk\|wenquanyi\|han sans' || packages="$packages fonts-noto-cjk"
have_postgres || packages="$packages postgresql"
found soffice || packages="$packages libreoffice-impress"

if [ -n "$packages" ]; then
  if found apt-get && [ "$(id -u)" = 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
  elif found apt-get && found sudo && sudo -n true 2>/dev/null; then
    sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
  fi
fi

if ! found chromium && ! found google-chrome; then
  "$bin/playwright" install chromium || {
    echo "The tests need a browser. Install Debian's package: sudo apt-get install chromium fonts-noto-cjk" >&2
    exit 1
  }
fi
have_postgres || {
  echo "The tests need a PostgreSQL server. Install Debian's package: sudo apt-get install postgresql" >&2
  exit 1
}
found soffice || {
  echo "The tests open slides in LibreOffice. Install Debian's package: sudo apt-get install libreoffice-impress" >&2
  exit 1
}
