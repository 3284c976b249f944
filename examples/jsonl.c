/* SPDX-License-Identifier: MIT */
/* JSON lines: whoever reads them over a pipe sees each as soon as it is written. */
#include "jsonl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void jsonl_write(json_t *object)
{
	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
}

json_t *jsonl_text(const char *s)
{
	if (!s)
		return json_null();
	json_t *text = json_string(s);
	if (text)
		return text;
	size_t size = 4 * strlen(s) + 1;
	char *plain = malloc(size);
	if (!plain)
		return NULL;
	text = json_string(text_harmless(plain, size, s));
	free(plain);
	return text;
}

json_t *jsonl_hex(uint64_t value, int digits)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%0*" PRIx64, digits, value);
	return json_string(text);
}
