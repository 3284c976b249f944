/* SPDX-License-Identifier: MIT */
/* Flash banks: what there is, and one in detail. */
#include "bank.h"

#include <inttypes.h>
#include <string.h>

#include "dialect.h"
#include "memory.h"
#include "patience.h"
#include "tcl.h"

#define ADDRESSES ((uint64_t)1 << 32) /* that an STM32 has */
#define LARGEST ((uint64_t)256 << 20) /* it has no more room for one bank, external or not */

static bool keep_banks(struct op *op, const char *list, size_t length, stmfw_bank **banks,
		       size_t *count)
{
	char *text = stmfw__arena_copy(&op->arena, list, length);

	if (text && stmfw__parse_banks(&op->arena, text, banks, count))
		return true;
	if (op->arena.failed)
		stmfw__op_no_memory(op);
	else
		stmfw__op_fail(op, STMFW_EUNSUPPORTED, "OpenOCD's list of banks makes no sense");
	return false;
}

static enum move makes_no_sense(struct op *op, unsigned int bank)
{
	return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
			      "OpenOCD's description of flash bank %u makes no sense", bank);
}

/* ---- finding one ---- */

/* Probed and listed in one request: each costs OpenOCD a look at the target. A bank that does not
   exist is not probed, and then not in the list. */
void stmfw__bank_script(struct buf *b, const struct bank_search *s)
{
	stmfw__buf_printf(b,
			  "if {%u < [llength [flash list]] && "
			  "(%d || [dict get [lindex [flash list] %u] size] == 0)} "
			  "{flash probe %u};",
			  s->number, s->probe, s->number, s->number);
	stmfw__buf_puts(b, stmfw__tell_banks);
}

enum move stmfw__no_such_bank(struct op *op, unsigned int number, size_t count)
{
	op->res.advice = "`flash banks` lists what there is.";
	return stmfw__op_fail(op, STMFW_ERANGE, "there is no flash bank %u: OpenOCD has %zu",
			      number, count);
}

bool stmfw__take_bank(struct op *op, struct bank_search *s, const char *list, size_t length)
{
	stmfw_bank *banks;
	size_t count;

	if (!keep_banks(op, list, length, &banks, &count))
		return false;
	if (s->number >= count) {
		stmfw__no_such_bank(op, s->number, count);
		return false;
	}
	s->bank = banks[s->number];
	if (s->bank.size == 0)
		stmfw__op_fail(op, STMFW_ETARGET, "OpenOCD does not know the size of flash bank %u",
			       s->number);
	else if (s->bank.base >= ADDRESSES || s->bank.size > ADDRESSES - s->bank.base ||
		 s->bank.size > LARGEST)
		makes_no_sense(op, s->number);
	else
		return true;
	return false;
}

bool stmfw__find_bank(struct op *op, struct bank_search *s, const struct reply *last,
		      enum move *move)
{
	*move = MOVE_DONE;
	if (!last) {
		stmfw__bank_script(stmfw__op_script(op, "find bank", 0), s);
		*move = MOVE_SEND;
		return false;
	}
	if (reply_ok(last))
		return stmfw__take_bank(op, s, last->result, last->result_len);
	*move = stmfw__op_refused(op, STMFW_ETARGET, last);
	return false;
}

bool stmfw__check_range(struct op *op, const stmfw_bank *bank, uint64_t offset, uint64_t *length)
{
	if (*length == 0 && offset < bank->size)
		*length = bank->size - offset;
	if (*length != 0 && offset < bank->size && *length <= bank->size - offset)
		return true;
	stmfw__op_fail(op, STMFW_ERANGE,
		       "offset 0x%" PRIx64 " + %" PRIu64 " bytes do not lie in flash bank %u (%s), "
		       "which has %" PRIu64 " bytes",
		       offset, *length, bank->number, bank->name, bank->size);
	return false;
}

/* The second place is that of the L5 and U5. */
bool stmfw__is_otp(const stmfw_bank *bank)
{
	return bank->base >> 20 == 0x1ff || bank->base >> 16 == 0x0bfa;
}

/* The second address is the secure one of chips with TrustZone. */
bool stmfw__is_main_flash(const stmfw_bank *bank)
{
	return bank->base >> 24 == 0x08 || bank->base >> 24 == 0x0c;
}

void stmfw__only_target(struct buf *b, const char *target)
{
	if (!target || !*target)
		stmfw__buf_puts(b, "if {[llength [target names]] != 1} {error {this OpenOCD does "
				   "not say which target the bank belongs to}};");
}

void stmfw__bank_command_begin(struct buf *command, const struct op *op, const stmfw_bank *bank)
{
	stmfw__buf_init(command, op->script.mem, WIRE_SCRIPT_LIMIT / 16);
	stmfw__only_target(command, bank->target);
}

enum move stmfw__bank_command_end(struct buf *command, struct op *op, const stmfw_bank *bank,
				  const char *step, uint32_t deadline_ms)
{
	struct buf *script = stmfw__op_script(op, step, deadline_ms);

	if (!command->error)
		stmfw__tcl_result_on_target(script, bank->target, command->data);
	script->error = command->error ? command->error : script->error; /* noticed when sending */
	stmfw__buf_release(command);
	return MOVE_SEND;
}

uint32_t stmfw__sector_at(const stmfw_bank *bank, uint64_t offset)
{
	uint32_t i = 0;

	while (i < bank->sector_count && offset - bank->sectors[i].offset >= bank->sectors[i].size)
		i++;
	return i;
}

/* ---- all banks ---- */

static enum move banks_next(struct op *op, const struct reply *last)
{
	stmfw_bank *banks;

	if (!last)
		return stmfw__op_send(op, "flash banks", stmfw__tell_banks);
	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ECOMMAND, last);
	if (!keep_banks(op, last->result, last->result_len, &banks, &op->res.count))
		return MOVE_DONE;
	op->res.banks = banks;
	return stmfw__op_ok(op);
}

const struct op_kind stmfw__banks_kind = { .name = "flash banks", .next = banks_next };

int stmfw_banks(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &stmfw__banks_kind, 0, cb, arg);
	return err ? err : stmfw__op_submit(op, out);
}

/* ---- one bank in detail: find and probe -> blocks and sectors -> (erase_check) ---- */

static enum move info_done(struct op *op)
{
	struct bank_info_job *job = op->job;
	stmfw_bank *bank = stmfw__arena_alloc(&op->arena, sizeof(*bank));

	if (bank) {
		*bank = job->search.bank;
		bank->chip = job->sectors.chip;
		bank->sectors = job->sectors.sectors;
		bank->sector_count = job->sectors.count;
		op->res.banks = bank;
		op->res.count = 1;
	}
	return stmfw__op_ok(op);
}

static enum move ask_sectors(struct op *op)
{
	struct bank_info_job *job = op->job;

	job->step = INFO_SECTORS;
	stmfw__buf_printf(stmfw__op_script(op, "bank info", 0), "%s %u", stmfw__tell_sectors,
			  job->search.number);
	return MOVE_SEND;
}

/* Where the chip cannot do it itself, OpenOCD reads the whole bank. If flash cannot be read at all
   (read protection), the versions after 0.12 try for ever and never answer anybody again: so one
   word is read first. Up to 0.11 we may not know the target, and need not. */
static enum move ask_erased(struct op *op)
{
	struct bank_info_job *job = op->job;
	const stmfw_bank *bank = &job->search.bank;
	const struct memory_range first = { bank->base, 32, 1 };
	uint32_t ms = stmfw__op_deadline(op, FLASH_PATIENCE_MS, bank->size,
					 FLASH_SLOWEST_CHECK);
	struct buf *b = stmfw__op_script(op, "bank info", ms);

	job->step = INFO_ERASED;
	if (*bank->target && stmfw__is_main_flash(bank)) {
		stmfw__memory_read_script(b, bank->target, &first);
		stmfw__buf_puts(b, ";");
	}
	stmfw__buf_printf(b, "flash erase_check %u", job->search.number);
	return MOVE_SEND;
}

/* Cuts it off: the second list begins with the second line that begins with a '#'. */
static char *second_list(char *text)
{
	char *at = strstr(text, "\n#");

	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

static bool parse_list(struct op *op, char *text, uint64_t size, struct flash_info *info)
{
	return stmfw__parse_flash_info(&op->arena, text, info) &&
	       stmfw__flash_info_fits(info, size);
}

static bool parse_lists(struct op *op, char *text, uint64_t size)
{
	struct bank_info_job *job = op->job;
	char *second = second_list(text);

	if (!parse_list(op, text, size, &job->blocks))
		return false;
	if (!second) {
		job->sectors = job->blocks;
		return true;
	}
	if (!parse_list(op, second, size, &job->sectors))
		return false;
	stmfw__apply_protection(job->sectors.sectors, job->sectors.count, job->blocks.sectors,
				job->blocks.count);
	return true;
}

static enum move take_sectors(struct op *op, const struct reply *last)
{
	struct bank_info_job *job = op->job;

	if (!reply_ok(last))
		return stmfw__op_refused(op, STMFW_ETARGET, last);
	char *text = stmfw__op_output(op, last);
	if (!text || !parse_lists(op, text, job->search.bank.size))
		return op->arena.failed ? stmfw__op_no_memory(op)
					: makes_no_sense(op, job->search.number);
	job->step = INFO_KNOWN;
	return job->flags & STMFW_BANK_ERASE_STATE ? ask_erased(op) : info_done(op);
}

static enum move take_erased(struct op *op, const struct reply *last)
{
	struct bank_info_job *job = op->job;
	char *text = stmfw__op_output(op, last);

	if (text)
		stmfw__parse_erase_check(text, job->sectors.sectors, job->sectors.count);
	return info_done(op);
}

static enum move info_next(struct op *op, const struct reply *last)
{
	struct bank_info_job *job = op->job;
	enum move move;

	switch (job->step) {
	case INFO_FIND:
		if (!stmfw__find_bank(op, &job->search, last, &move))
			return move;
		return job->flags & STMFW_BANK_BRIEF ? info_done(op) : ask_sectors(op);
	case INFO_SECTORS:
		return take_sectors(op, last);
	case INFO_KNOWN:
		return ask_erased(op);
	case INFO_ERASED:
		return reply_ok(last) ? take_erased(op, last)
				      : stmfw__op_refused(op, STMFW_ETARGET, last);
	}
	return info_done(op);
}

const struct op_kind stmfw__bank_info_kind = { .name = "bank info", .next = info_next };

struct bank_info_job *stmfw__bank_info_job(struct op *op, unsigned int bank)
{
	struct bank_info_job *job = stmfw__arena_alloc(&op->arena, sizeof(*job));

	if (job)
		job->search = (struct bank_search){ .number = bank, .probe = true };
	return job;
}

int stmfw_bank_info(stmfw_client *c, unsigned int bank, unsigned int flags, stmfw_done_cb cb,
		    void *arg, stmfw_op *out)
{
	struct op *op;

	if (!c || (flags & ~(unsigned int)(STMFW_BANK_ERASE_STATE | STMFW_BANK_BRIEF)))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &stmfw__bank_info_kind, sizeof(struct bank_info_job), cb,
				arg);
	if (err)
		return err;
	struct bank_info_job *job = op->job;
	job->search = (struct bank_search){ .number = bank, .probe = true };
	job->flags = flags;
	return stmfw__op_submit(op, out);
}
