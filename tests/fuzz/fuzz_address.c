/* SPDX-License-Identifier: MIT */
/* fuzz_address.c - addresses: what is understood can be written down and understood again. */
#include <string.h>

#include "fuzz.h"
#include "stmfw.h"

static void check(const stmfw_address *a)
{
	stmfw_address again;

	MUST(strlen(a->text) < sizeof(a->text) && strlen(a->host) < sizeof(a->host));
	MUST(a->host[0] != '\0');
	MUST((a->port == 0) == (a->way == STMFW_WAY_UNIX));
	for (const char *p = a->text; *p; p++)
		MUST((unsigned char)*p >= 0x20 && *p != 0x7f);
	MUST(stmfw_address_parse(&again, a->text) == STMFW_OK);
	MUST(again.way == a->way && again.port == a->port && again.is_local == a->is_local);
	MUST(strcmp(again.host, a->host) == 0 && strcmp(again.text, a->text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	stmfw_address a;

	MUST(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	memset(&a, 0x5a, sizeof(a));
	if (stmfw_address_parse(&a, text) == STMFW_OK)
		check(&a);
	else
		MUST(a.text[0] == 0x5a);
	free(text);
	return 0;
}
