/* SPDX-License-Identifier: MIT */
/*
 * A file and a chip. In a visit (visit.h), at first without touching the chip, if it can be probed
 * like this:
 *
 *     bank_described ... -> (halted) -> bank_read ... -> compare
 *                                     -> (differs) part_reread ... -> compare
 *
 * The banks that the image touches are read as a whole: what is around it explains differences,
 * too. Sectors that differ are read a second time, as the connection may be what is wrong.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "text.h"

static void no_memory(struct compare *c)
{
	cli_fail(&c->visit.cli, CLI_INTERNAL, "", "Out of memory.");
	visit_leave(&c->visit);
}

/* How many of the bytes from `address` to below `end` lie in this bank, from the first on. */
static uint64_t bytes_in(const stmfw_bank *bank, uint64_t address, uint64_t end)
{
	uint64_t bank_end = bank->base + bank->size;

	if (address < bank->base || address >= bank_end)
		return 0;
	return (end < bank_end ? end : bank_end) - address;
}

static void on_progress(stmfw_client *client, const stmfw_progress *p, void *arg)
{
	struct compare *c = arg;

	(void)client;
	progress_show(&c->visit.session.progress, c->result ? "reread" : "read", p->done, p->total);
}

/* ---- reading again what differs ---------------------------------------------------------- */

static void reread_next(struct compare *c);

static int keep_reread(stmfw_client *client, uint64_t offset, const uint8_t *data, size_t length,
		       void *arg)
{
	struct compare *c = arg;
	const struct reread *r = &c->rereads[c->current];

	(void)client;
	(void)offset;
	if (length > r->length - c->received)
		return 1;
	memcpy(c->copies[r->copy].again + r->offset + c->received, data, length);
	c->received += length;
	return 0;
}

static void part_reread(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct compare *c = arg;

	(void)client;
	if (!visit_went_well(&c->visit, "read the flash a second time", res))
		return;
	c->current++;
	reread_next(c);
}

static void reread_next(struct compare *c)
{
	if (c->current == c->reread_count) {
		compare_sides(c);
		visit_leave(&c->visit);
		return;
	}
	const struct reread *r = &c->rereads[c->current];
	stmfw_read_opts opts = STMFW_INIT(stmfw_read_opts);
	c->received = 0;
	opts.bank = c->copies[r->copy].bank.number;
	opts.offset = r->offset;
	opts.length = r->length;
	opts.sink = keep_reread;
	opts.progress = on_progress;
	opts.arg = c;
	visit_expect(&c->visit, stmfw_read_flash(c->visit.session.client, &opts, part_reread, c,
						 &c->visit.session.op));
}

/* The bank that has this cell's bytes. */
static bool copy_of(const struct compare *c, const stmfw_cell *cell, size_t *copy)
{
	for (*copy = 0; *copy < c->copy_count; ++*copy)
		if (bytes_in(&c->copies[*copy].bank, cell->address, cell->address + cell->length) ==
		    cell->length)
			return true;
	return false;
}

/* False: no memory. */
static bool add_reread(struct compare *c, size_t copy, const stmfw_cell *cell)
{
	struct bank_copy *from = &c->copies[copy];
	uint64_t offset = cell->address - from->bank.base;
	struct reread *next = &c->rereads[c->reread_count], *last = next - 1;

	if (c->reread_count && last->copy == copy && last->offset + last->length == offset) {
		last->length += cell->length;
		return true;
	}
	if (!from->again)
		from->again = malloc((size_t)from->bank.size);
	*next = (struct reread){ .copy = copy, .offset = offset, .length = cell->length };
	c->reread_count++;
	return from->again != NULL;
}

/* Sectors that differ; those that follow each other are one part. */
static bool choose_rereads(struct compare *c)
{
	const stmfw_comparison *r = c->result;
	size_t copy;

	c->rereads = calloc(r->cell_count + 1, sizeof(*c->rereads));
	for (size_t i = 0; c->rereads && i < r->cell_count; i++)
		if (r->cells[i].differing && copy_of(c, &r->cells[i], &copy) &&
		    !add_reread(c, copy, &r->cells[i]))
			return false;
	return c->rereads != NULL;
}

static void compare_copies(struct compare *c)
{
	if (!compare_sides(c) || c->result->agrees) {
		visit_leave(&c->visit);
	} else if (!choose_rereads(c)) {
		no_memory(c);
	} else {
		c->current = 0;
		reread_next(c);
	}
}

/* ---- reading ----------------------------------------------------------------------------- */

static void read_next(struct compare *c);

static int keep_piece(stmfw_client *client, uint64_t offset, const uint8_t *data, size_t length,
		      void *arg)
{
	struct compare *c = arg;
	struct bank_copy *copy = &c->copies[c->current];

	(void)client;
	(void)offset;
	if (length > copy->bank.size - c->received)
		return 1;
	memcpy(copy->data + c->received, data, length);
	c->received += length;
	return 0;
}

static void bank_read(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct compare *c = arg;

	(void)client;
	if (!visit_went_well(&c->visit, "read the flash", res))
		return;
	c->current++;
	read_next(c);
}

static void read_next(struct compare *c)
{
	if (c->current == c->copy_count) {
		compare_copies(c);
		return;
	}
	stmfw_read_opts opts = STMFW_INIT(stmfw_read_opts);
	const struct bank_copy *copy = &c->copies[c->current];

	c->received = 0;
	opts.bank = copy->bank.number;
	opts.length = copy->bank.size;
	opts.sink = keep_piece;
	opts.progress = on_progress;
	opts.arg = c;
	visit_expect(&c->visit, stmfw_read_flash(c->visit.session.client, &opts, bank_read, c,
						 &c->visit.session.op));
}

/* What was read, as a side; all of it, before it is filled. */
static bool make_side(struct compare *c)
{
	c->other.ranges = calloc(c->copy_count + 1, sizeof(*c->other.ranges));
	for (size_t i = 0; c->other.ranges && i < c->copy_count; i++) {
		struct bank_copy *copy = &c->copies[i];

		copy->data = malloc((size_t)copy->bank.size);
		if (!copy->data)
			return false;
		c->other.ranges[c->other.count++] =
			(stmfw_range){ copy->bank.base, copy->bank.size, copy->data };
	}
	return c->other.ranges != NULL;
}

/* ---- which banks ------------------------------------------------------------------------- */

static void describe_next(struct compare *c);

static bool is_touched(const struct compare *c, const stmfw_bank *bank)
{
	for (size_t i = 0; i < c->file.count; i++) {
		const stmfw_range *r = &c->file.ranges[i];

		if (r->address < bank->base + bank->size && bank->base < r->address + r->length)
			return true;
	}
	return false;
}

/* The first address of the range that lies in no bank; its end if there is none. */
static uint64_t first_outside(const struct compare *c, const stmfw_range *r)
{
	const uint64_t end = r->address + r->length;
	uint64_t at = r->address, step = 1;

	while (at < end && step) {
		step = 0;
		for (size_t i = 0; i < c->copy_count && !step; i++)
			step = bytes_in(&c->copies[i].bank, at, end);
		at += step;
	}
	return at;
}

/* An image that does not fit can neither be there nor be compared with what is there. */
static bool fits(struct compare *c)
{
	char who[256];

	board_describe(&c->visit.board, &c->visit.cli, who, sizeof(who));
	for (size_t i = 0; i < c->file.count; i++) {
		const stmfw_range *r = &c->file.ranges[i];
		uint64_t at = first_outside(c, r), end = r->address + r->length;

		if (at == end)
			continue;
		cli_fail(&c->visit.cli, CLI_RANGE,
			 "Is it for another chip? stmfw-info lists the banks; --address says where "
			 "a binary begins.",
			 "%s does not fit: its %" PRIu64 " byte%s from 0x%08" PRIx64
			 " to 0x%08" PRIx64 " lie in no flash bank that OpenOCD knows. (%s.)",
			 c->file.quoted, end - at, end - at == 1 ? "" : "s", at, end - 1, who);
		return false;
	}
	return true;
}

static int by_base(const void *left, const void *right)
{
	const struct bank_copy *a = left, *b = right;

	return a->bank.base < b->bank.base ? -1 : a->bank.base > b->bank.base;
}

/* Of the banks, those that matter. False: after cli_fail(). */
static bool choose_copies(struct compare *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->copy_count; i++)
		if (c->copies[i].bank.number == c->bank &&
		    !compare_place(c, &c->file, c->copies[i].bank.base))
			return false;
	for (size_t i = 0; i < c->copy_count; i++) {
		if (is_touched(c, &c->copies[i].bank))
			c->copies[kept++] = c->copies[i];
		else
			free((void *)c->copies[i].bank.sectors);
	}
	c->copy_count = kept;
	qsort(c->copies, c->copy_count, sizeof(*c->copies), by_base);
	return fits(c);
}

static void begin_reading(struct compare *c)
{
	if (!choose_copies(c)) {
		visit_leave(&c->visit);
	} else if (!make_side(c)) {
		no_memory(c);
	} else {
		c->current = 0;
		if (c->is_halted)
			read_next(c);
		else
			visit_halt(&c->visit, NULL);
	}
}

static bool keep_bank(struct compare *c, const stmfw_bank *bank)
{
	struct bank_copy *copy = &c->copies[c->copy_count];
	stmfw_sector *sectors = calloc(bank->sector_count + 1, sizeof(*sectors));

	if (!sectors)
		return false;
	if (bank->sector_count)
		memcpy(sectors, bank->sectors, bank->sector_count * sizeof(*sectors));
	snprintf(copy->name, sizeof(copy->name), "%s", bank->name);
	copy->bank = (stmfw_bank){ .number = bank->number,
				   .base = bank->base,
				   .size = bank->size,
				   .sectors = sectors,
				   .sector_count = bank->sector_count };
	c->copy_count++;
	return true;
}

/* A bank that cannot be described, such as a memory chip that is not there, may not be needed. */
static bool can_do_without(const struct compare *c, const stmfw_result *res)
{
	return c->numbers[c->current] != c->bank && c->visit.session.signal == 0 &&
	       (res->status == STMFW_ETARGET || res->status == STMFW_ECOMMAND);
}

/* Some chips can be probed only when they are halted. */
static bool may_try_halted(const struct compare *c, stmfw_client *client, const stmfw_result *res)
{
	return !c->is_halted && res->status != STMFW_OK && c->visit.session.signal == 0 &&
	       stmfw_client_is_connected(client);
}

static void forget_copies(struct compare *c)
{
	for (size_t i = 0; i < c->copy_count; i++)
		free((void *)c->copies[i].bank.sectors);
	c->copy_count = 0;
}

static void bank_described(stmfw_client *client, const stmfw_result *res, void *arg)
{
	struct compare *c = arg;

	if (may_try_halted(c, client, res)) {
		forget_copies(c);
		visit_halt(&c->visit, NULL);
		return;
	}
	if (!can_do_without(c, res)) {
		if (!visit_went_well(&c->visit, "describe a flash bank", res))
			return;
		if (!keep_bank(c, &res->banks[0])) {
			no_memory(c);
			return;
		}
	}
	c->current++;
	describe_next(c);
}

static void describe_next(struct compare *c)
{
	if (c->current == c->number_count)
		begin_reading(c);
	else
		visit_expect(&c->visit,
			     stmfw_bank_info(c->visit.session.client, c->numbers[c->current], 0,
					     bank_described, c, &c->visit.session.op));
}

/* ---- the visit --------------------------------------------------------------------------- */

/* Neither sizes nor, with some drivers, addresses are known before a bank is described. */
static bool choose_banks(void *arg, const stmfw_bank *banks, size_t count, const char **target)
{
	struct compare *c = arg;
	const stmfw_bank *home = NULL;

	for (size_t i = 0; i < count; i++)
		if (banks[i].number == c->bank)
			home = &banks[i];
	if (!home) {
		visit_no_bank(&c->visit, (int)c->bank, count);
		return false;
	}
	*target = home->target;
	c->numbers = calloc(count, sizeof(*c->numbers));
	c->copies = calloc(count, sizeof(*c->copies));
	if (!c->numbers || !c->copies) {
		cli_fail(&c->visit.cli, CLI_INTERNAL, "", "Out of memory.");
		return false;
	}
	for (size_t i = 0; i < count; i++)
		c->numbers[c->number_count++] = banks[i].number;
	return true;
}

static void look(void *arg)
{
	struct compare *c = arg;

	c->current = 0;
	describe_next(c);
}

/* Halted. Where it could not be probed before, there are no copies yet. */
static void begin(void *arg)
{
	struct compare *c = arg;

	c->is_halted = true;
	c->current = 0;
	if (c->copy_count)
		read_next(c);
	else
		describe_next(c);
}

void compare_with_chip(struct compare *c)
{
	static const struct visit_work work = { .choose = choose_banks,
						.look = look,
						.begin = begin };

	visit_run(&c->visit, &work, c);
}

void compare_release_chip(struct compare *c)
{
	for (size_t i = 0; i < c->copy_count; i++) {
		free((void *)c->copies[i].bank.sectors);
		free(c->copies[i].data);
		free(c->copies[i].again);
	}
	free(c->rereads);
	free(c->copies);
	free(c->numbers);
}
