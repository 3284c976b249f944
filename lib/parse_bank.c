/* SPDX-License-Identifier: MIT */
/* What OpenOCD prints about flash banks: see parse_bank.h. */
#include "parse_bank.h"

#include <string.h>

#include "parse.h"

static bool parse_bank(char *line, size_t index, stmfw_bank *bank)
{
	const char *field[6];
	uint64_t number;

	for (size_t i = 0; i < 6; i++) {
		field[i] = stmfw__next_piece(&line, '\t');
		if (!field[i])
			return false;
	}
	*bank = (stmfw_bank){
		.name = field[1], .driver = field[2], .target = field[3], .chip = ""
	};
	if (!stmfw__parse_uint(field[0], &number) || number != index || number > 0xffff ||
	    !stmfw__parse_uint(field[4], &bank->base) || !stmfw__parse_uint(field[5], &bank->size))
		return false;
	bank->number = (unsigned int)number;
	return true;
}

bool stmfw__parse_banks(struct arena *a, char *text, stmfw_bank **banks, size_t *count)
{
	stmfw_bank *list = stmfw__arena_alloc(a, stmfw__count_lines(text) * sizeof(*list));
	size_t n = 0;

	if (!list)
		return false;
	for (char *rest = text, *line; (line = stmfw__next_piece(&rest, '\n'));) {
		if (!*line)
			continue;
		if (!parse_bank(line, n, &list[n]))
			return false;
		n++;
	}
	*banks = list;
	*count = n;
	return true;
}

/* "\t#  0: 0x00000000 (0x400 1kB) not protected"; the state may be missing. */
static bool parse_sector(const char *line, uint64_t *index, stmfw_sector *s, const char **state)
{
	line += strspn(line, " \t");
	if (*line++ != '#')
		return false;
	line += strspn(line, " ");
	if (!stmfw__take_uint(&line, index) || *line++ != ':')
		return false;
	line += strspn(line, " ");
	if (!stmfw__take_uint(&line, &s->offset))
		return false;
	line += strspn(line, " (");
	if (!stmfw__take_uint(&line, &s->size))
		return false;
	const char *end = strchr(line, ')');
	if (!end)
		return false;
	*state = end + 1 + strspn(end + 1, " ");
	return true;
}

static int protection(const char *state)
{
	if (strncmp(state, "not protected", 13) == 0)
		return 0;
	return strncmp(state, "protected", 9) == 0 ? 1 : -1;
}

bool stmfw__parse_flash_info(struct arena *a, char *text, struct flash_info *info)
{
	char *rest = text;
	const char *header = stmfw__next_piece(&rest, '\n');

	*info = (struct flash_info){ .chip = "" };
	if (header[0] != '#')
		return false;
	info->sectors = stmfw__arena_alloc(a, (stmfw__count_lines(rest ? rest : "") + 1) *
						      sizeof(*info->sectors));
	if (!info->sectors)
		return false;
	while (rest) {
		stmfw_sector s = { .erased = -1 };
		char *line = rest;
		uint64_t index;
		const char *state;

		if (!parse_sector(line, &index, &s, &state)) {
			info->chip = stmfw__trim(line); /* the driver's words are all the rest */
			break;
		}
		s.is_protected = protection(state);
		info->sectors[info->count++] = s;
		stmfw__next_piece(&rest, '\n');
	}
	return true;
}

bool stmfw__flash_info_fits(const struct flash_info *info, uint64_t size)
{
	uint64_t end = 0;

	for (size_t i = 0; i < info->count; i++) {
		const stmfw_sector *s = &info->sectors[i];

		if (s->size == 0 || s->offset < end || s->offset > size ||
		    s->size > size - s->offset)
			return false;
		end = s->offset + s->size;
	}
	return info->count > 0;
}

bool stmfw__flash_info_same(const struct flash_info *a, const struct flash_info *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->sectors[i].offset != b->sectors[i].offset ||
		    a->sectors[i].size != b->sectors[i].size)
			return false;
	return true;
}

void stmfw__apply_protection(stmfw_sector *sectors, size_t count, const stmfw_sector *blocks,
			     size_t block_count)
{
	size_t k = 0;

	/* Both lists ascend. */
	for (size_t i = 0; i < count; i++) {
		while (k < block_count && sectors[i].offset >= blocks[k].offset &&
		       sectors[i].offset - blocks[k].offset >= blocks[k].size)
			k++;
		if (k < block_count && sectors[i].offset >= blocks[k].offset)
			sectors[i].is_protected = blocks[k].is_protected;
	}
}

static void set_all(stmfw_sector *sectors, size_t count, int erased)
{
	for (size_t i = 0; i < count; i++)
		sectors[i].erased = erased;
}

/* What is not named is erased; but only if OpenOCD says that it could look, and either names some
   or says that there is nothing to name: half a list must not make a sector blank. */
void stmfw__parse_erase_check(char *text, stmfw_sector *sectors, size_t count)
{
	bool whole = stmfw__has_line(text, "successfully checked erase state");
	bool named = stmfw__has_line(text, "\tBank is erased");

	set_all(sectors, count, 1);
	for (char *rest = text, *line; (line = stmfw__next_piece(&rest, '\n'));) {
		stmfw_sector s;
		uint64_t index;
		const char *state;

		if (line[strspn(line, " \t")] != '#')
			continue;
		if (!parse_sector(line, &index, &s, &state))
			whole = false;
		else if (index < count)
			sectors[index].erased = strncmp(state, "not erased", 10) == 0 ? 0 : -1;
		named = true;
	}
	if (!whole || !named)
		set_all(sectors, count, -1);
}
