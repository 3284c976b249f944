/* SPDX-License-Identifier: MIT */
/*
 * The table that gives an image its size: words that look random but are
 * worked out from their place alone, at compile time. The new version's
 * table starts as the old one's does, so that old and new images have
 * pages in common as well as pages that differ.
 */
#include "blinky.h"

#define MIX1(x) (((x) ^ (x) >> 16) * 0x7feb352du)
#define MIX2(x) (((x) ^ (x) >> 15) * 0x846ca68bu)
#define WORD(i) MIX2(MIX1((uint32_t)(i) * 0x9e3779b9u + 0x5354u))

#define W4(i)   WORD(i), WORD((i) + 1), WORD((i) + 2), WORD((i) + 3)
#define W16(i)  W4(i), W4((i) + 4), W4((i) + 8), W4((i) + 12)
#define W64(i)  W16(i), W16((i) + 16), W16((i) + 32), W16((i) + 48)
#define W128(i) W64(i), W64((i) + 64)
#define W512(i) W128(i), W128((i) + 128), W128((i) + 256), W128((i) + 384)

const uint32_t flicker[FW_TABLE_LEN] = {
	W512(0), W512(512), W512(1024),
#if FW_TABLE_LEN >= 2048
	W512(1536),
#endif
#if FW_TABLE_LEN >= 2560
	W512(2048),
#endif
#if FW_TABLE_LEN >= 4224
	W512(2560), W512(3072), W512(3584), W128(4096),
#endif
#if FW_TABLE_LEN >= 4736
	W512(4224),
#endif
};
