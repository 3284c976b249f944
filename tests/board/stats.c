/* SPDX-License-Identifier: MIT */
/*
 * What happened to a board so far, as JSON.
 */
#include "board.h"

#include <stdlib.h>
#include <string.h>

static json_t *count(uint64_t value)
{
	return json_integer((json_int_t)value);
}

json_t *stats_json(const struct board *b)
{
	const struct stats *s = &b->stats;
	const struct fault *stall = &b->faults[FAULT_STALL_AFTER];
	bool halted = b->core.state == CORE_HALTED;
	json_t *erases = json_array();

	for (unsigned i = 0; i < chip_sector_count(b->chip); i++)
		json_array_append_new(erases, count(s->erases[i]));
	return json_pack("{ss ss so so so so so so so so sb sb sb}",
			 "serial", b->serial, "chip", b->chip->name,
			 "commands", count(s->commands),
			 "bytes_in", count(s->bytes_in), "bytes_out", count(s->bytes_out),
			 "flash_bytes_read", count(s->flash_bytes_read),
			 "bytes_programmed", count(s->bytes_programmed), "erases", erases,
			 "mass_erases", count(s->mass_erases), "resets", count(s->resets),
			 "halted", halted, "running", !halted, "stalled",
			 stall->on && stall->happened);
}

bool stats_save(const struct board *b, const char *path)
{
	json_t *json = stats_json(b);
	char *text = json_dumps(json, JSON_INDENT(1));
	bool saved = text && file_replace(path, text, strlen(text));

	free(text);
	json_decref(json);
	return saved;
}
