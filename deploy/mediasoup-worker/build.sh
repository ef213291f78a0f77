#!/bin/bash
# Builds mediasoup-worker from the source inside the mediasoup npm package against Debian 12's libraries, for machines
# that reach neither mediasoup's prebuilt workers nor its source archives. docs/mediasoup-worker.md has the reasons.
#
# build.sh PACKAGE_DIR OUT_FILE     needs what scripts/setup/debian.mjs lists; about 4 minutes on 2 cores
set -euo pipefail

package=$(realpath "$1")
out=$(realpath -m "$2")
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# bash runs the trap above when it exits, but a signal alone does not make it do so.
trap 'exit 1' INT TERM

# Replaces a text that must be there, exactly once: a source that has changed is looked at by somebody, not built.
patch_line() {
	local file=$1 old=$2 new=$3
	if [ "$(grep -cF -- "$old" "$file")" != 1 ]; then
		echo "build.sh: $file no longer has this once: $old" >&2
		exit 1
	fi
	python3 - "$file" "$old" "$new" <<-'PYTHON'
		import sys
		file, old, new = sys.argv[1:]
		text = open(file).read()
		open(file, "w").write(text.replace(old, new))
	PYTHON
}

cp -r "$package/worker" "$work/worker"
cd "$work/worker"

# The wraps name archives to download; the overlay has a project of the same name for each that is needed.
rm subprojects/*.wrap
cp -r "$here/overlay/." subprojects/

# Debian 12 has meson 1.0.1, and nothing in the file needs more.
patch_line meson.build "meson_version: '>= 1.1.0'" "meson_version: '>= 1.0.0'"

# Debian's OpenSSL is built with kernel TLS, and asks the BIO whether it is on. The question passes through this
# callback, which answered 1 (yes) to whatever was not a plain return; the answer to a control call is the call's own.
patch_line src/RTC/DtlsTransport.cpp '(operationType == BIO_CB_RETURN)' '((operationType & BIO_CB_RETURN) != 0)'

meson setup build . --buildtype release -Db_ndebug=true
# libwebrtc includes these headers too, yet does not say so to meson: built at once, it may be compiled before them.
ninja -C build --quiet fbs/FBS/notification.h
ninja -C build mediasoup-worker
mkdir -p "$(dirname "$out")"
install -m 755 build/mediasoup-worker "$out"
