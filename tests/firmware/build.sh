#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the test firmware from source. The images are committed, so only
# someone who changes the source needs this (and gcc-arm-none-eabi).
#
#	build.sh		writes the images next to the source
#	build.sh --check	builds elsewhere and compares with the committed ones
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
export LC_ALL=C

check=0
case ${1-} in
'') ;;
--check) check=1 ;;
*)
	echo "usage: build.sh [--check]" >&2
	exit 2
	;;
esac

for tool in gcc objcopy; do
	if ! command -v "arm-none-eabi-$tool" >/dev/null; then
		echo "build.sh: arm-none-eabi-$tool is missing (Debian: gcc-arm-none-eabi)" >&2
		exit 1
	fi
done

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cflags=(-std=gnu11 -Os -Wall -Wextra -Werror -mthumb -ffreestanding -fno-common
	-ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns
	-fno-ident -frandom-seed=libstmfw)
ldflags=(-nostdlib -nostartfiles -L. '-Wl,--gc-sections,--build-id=none'
	'-Wl,-z,max-page-size=16,--fatal-warnings')

# build NAME CHIP CPU VERSION: $tmp/NAME.{elf,bin,hex}
build() {
	local name=$1 chip=$2 cpu=$3 version=$4 src objs=()

	for src in startup blinky flicker; do
		arm-none-eabi-gcc "${cflags[@]}" "-mcpu=$cpu" "-DFW_${chip^^}" "-DFW_${version^^}" \
			-c "$src.c" -o "$tmp/$src.o"
		objs+=("$tmp/$src.o")
	done
	arm-none-eabi-gcc "-mcpu=$cpu" -mthumb "${ldflags[@]}" -T "$chip.ld" "${objs[@]}" \
		-o "$tmp/$name.elf"
	arm-none-eabi-objcopy --strip-all "$tmp/$name.elf"
	arm-none-eabi-objcopy -O binary "$tmp/$name.elf" "$tmp/$name.bin"
	arm-none-eabi-objcopy -O ihex "$tmp/$name.elf" "$tmp/$name.hex"
}

build blinky-f103-old f103 cortex-m3 old
build blinky-f103-new f103 cortex-m3 new
build blinky-f407-old f407 cortex-m4 old
build blinky-f407-new f407 cortex-m4 new
build blinky-f072 f072 cortex-m0 old

failed=0
for image in "$tmp"/blinky-*.{elf,bin,hex}; do
	name=${image##*/}
	if ((!check)); then
		install -m 644 "$image" "$name"
	elif ! cmp -s "$image" "$name"; then
		echo "build.sh: $name differs from what its source gives" >&2
		failed=1
	fi
done
exit "$failed"
