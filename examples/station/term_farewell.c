/* SPDX-License-Identifier: MIT */
/*
 * The board vanishes with the alternate screen: these lines are left on the ordinary one.
 *
 *      [left] 12 passed, 1 failed; last: PASS, UID 0123..., serial SN-00017
 *      [right] 11 passed, 2 failed; last: FAIL, UID 4567..., Verify failed at 0x08000400.
 *      stmfw-station: 23 passed, 3 failed, 0 already programmed
 */
#include "term_farewell.h"

#include <stdio.h>

/* ", serial SN-00017"; nothing where there is nothing to say. */
static void add_part(struct term_bytes *out, const char *what, const char *text)
{
	char part[500];

	snprintf(part, sizeof(part), ", %s%.400s", what, text);
	if (text[0])
		bytes_add(out, part);
}

static void add_site(struct term_bytes *out, const struct site_view *s, enum term_result last)
{
	static const char *const ends[] = { "no board", "PASS", "FAIL", "already programmed" };
	char line[200];

	snprintf(line, sizeof(line), "[%.80s] %u passed, %u failed; last: %s", s->name, s->passed,
		 s->failed, ends[last]);
	bytes_add(out, line);
	if (last != RESULT_NO_BOARD)
		add_part(out, "UID ", s->uid);
	if (last == RESULT_PASSED || last == RESULT_WAS_KNOWN)
		add_part(out, "serial ", s->serial);
	if (last == RESULT_FAILED || s->state == SITE_DOWN)
		add_part(out, "", s->reason);
	bytes_add(out, "\r\n");
}

void term_farewell(struct term_bytes *out, const char *tool, const struct station_view *station,
		   const enum term_result *last, const char *note)
{
	char line[800];

	for (unsigned int i = 0; i < station->site_count; i++)
		add_site(out, &station->sites[i], last[i]);
	snprintf(line, sizeof(line), "%s: %.600s\r\n", tool, note);
	if (note[0])
		bytes_add(out, line);
	snprintf(line, sizeof(line), "%s: %u passed, %u failed, %u already programmed\r\n", tool,
		 station->passed, station->failed, station->known);
	bytes_add(out, line);
}
