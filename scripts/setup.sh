#!/usr/bin/env bash
# Make the virtual environment. `setup.sh run` installs what the service needs, `setup.sh test` what the tests need on
# top. System packages are installed only where they are missing and only where that is allowed.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=.venv

fail() {
    echo "Set-up stopped: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

# apt_install PACKAGE...: true when they are there afterwards.
apt_install() {
    command -v apt-get >/dev/null || return 1
    echo "Installing system packages: $*"
    as_root env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null' apt "$@"
}

make_venv() {
    command -v "$python" >/dev/null || apt_install python3 ||
        fail "Python is missing. Install it (Debian: apt-get install python3 python3-venv) and try again."
    "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' ||
        fail "Python 3.10 to 3.14 is needed, and $python is $("$python" -V). Set PYTHON to another one."
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import pip' 2>/dev/null && return
    rm -rf "$venv"
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install python3-venv ||
            fail "the module venv is missing. Install it (Debian: apt-get install python3-venv) and try again."
    fi
    "$python" -m venv "$venv"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$@" ||
        fail "Python packages could not be installed; the lines above say why."
}

# test_server COMMAND PACKAGE: tests that need a missing server are skipped with that reason, but never in CI.
test_server() {
    command -v "$1" >/dev/null && return
    apt_install "$2" && return
    [ "${CI:-}" != true ] || fail "$2 is needed for the tests and could not be installed."
    echo "Tests that need $2 will be skipped. To run them: apt-get install $2"
}

case "${1:-}" in
run)
    make_venv
    echo "Installing Python packages (a few minutes the first time) ..."
    pip_install -r requirements.txt
    touch "$venv/.ready"
    ;;
test)
    echo "Installing what the tests need ..."
    pip_install -r requirements-dev.txt
    test_server chromium chromium
    test_server redis-server redis-server
    test_server clamd clamav-daemon
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || test_server initdb postgresql
    ls /usr/share/vulkan/icd.d/lvp_icd*.json >/dev/null 2>&1 || apt_install libvulkan1 mesa-vulkan-drivers libomp5 ||
        echo "Tests on a software Vulkan device will be skipped. To run them: apt-get install mesa-vulkan-drivers"
    touch "$venv/.ready-test"
    ;;
*)
    fail "usage: setup.sh run|test"
    ;;
esac
