/* SPDX-License-Identifier: MIT */
/*
 * Which chip, which banks, which sectors: see flash.h.
 *
 *   banks -> which chip? is it protected? -> does the user want that one? -> reset halt
 *     -> the sectors of each bank that the image touches; nothing of it may lie outside
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "flash.h"

/* ---- which banks ---- */

/* A bank that has not been probed yet may have no size, and reach up to the next one. */
static uint64_t end_of(const struct flash_find *l, const stmfw_bank *bank)
{
	uint64_t end = (uint64_t)1 << 32;

	if (bank->size)
		return bank->base + bank->size;
	for (size_t i = 0; i < l->all_count; i++)
		if (l->all_banks[i].base > bank->base && l->all_banks[i].base < end)
			end = l->all_banks[i].base;
	return end;
}

/* One that has not been probed may not even have its address. */
static bool may_be_touched(const struct flash *f, const stmfw_bank *bank)
{
	size_t count;
	const stmfw_range *r = stmfw_image_ranges(f->o.image, &count);
	uint64_t end = end_of(&f->find, bank);

	if (bank->size == 0 && bank->base == 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		uint64_t first = r[i].address + f->plan.shift;

		if (first < end && first + r[i].length > bank->base)
			return true;
	}
	return false;
}

/* The bank that was named is known now. Several boards on one OpenOCD have flash at the same
   addresses: only one of them is meant. */
static void choose_banks(struct flash *f)
{
	const struct flash_find *l = &f->find;

	if (!stmfw_image_is_placed(f->o.image))
		f->plan.shift = f->banks[0].base;
	for (size_t i = 0; i < l->all_count; i++)
		if (i != f->o.bank && strcmp(l->all_banks[i].target, f->target) == 0 &&
		    may_be_touched(f, &l->all_banks[i]))
			f->banks[f->bank_count++] = l->all_banks[i];
}

static enum move identify(struct op *op)
{
	struct flash *f = op->job;
	struct flash_find *l = &f->find;

	stmfw__identify_bank(&l->identify, &f->banks[0]);
	l->step = FIND_CHIP;
	return stmfw__op_call(op, &stmfw__identify_kind, &l->identify);
}

static enum move take_banks(struct op *op)
{
	struct flash *f = op->job;
	struct flash_find *l = &f->find;

	l->all_banks = op->res.banks;
	l->all_count = op->res.count;
	if (f->o.bank >= l->all_count)
		return stmfw__no_such_bank(op, f->o.bank, l->all_count);
	f->banks = stmfw__arena_alloc(&op->arena, l->all_count * sizeof(*f->banks));
	if (!f->banks)
		return stmfw__op_no_memory(op);
	f->banks[f->bank_count++] = l->all_banks[f->o.bank];
	f->target = f->banks[0].target;
	return identify(op);
}

/* ---- sectors ---- */

static enum move describe_bank(struct op *op)
{
	struct flash *f = op->job;

	f->find.step = FIND_DESCRIBE;
	void *job = stmfw__bank_info_job(op, f->banks[f->find.current].number);
	return job ? stmfw__op_call(op, &stmfw__bank_info_kind, job) : stmfw__op_no_memory(op);
}

static enum move outside(struct op *op, const stmfw_span *lost)
{
	const struct flash *f = op->job;
	char known[200] = "";
	size_t n = 0;

	for (size_t i = 0; i < f->bank_count && n < sizeof(known) - 40; i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s0x%08" PRIx64 " + %" PRIu64,
				      i ? ", " : "", f->banks[i].base, f->banks[i].size);
	op->res.advice = "Is the image for this chip? A section for RAM does not belong into it; a "
			 "second flash bank must be known to OpenOCD (`flash banks`).";
	return stmfw__op_fail(op, STMFW_ERANGE,
			      "0x%08" PRIx64 " + %" PRIu64 " bytes of the image lie outside of the "
			      "flash that OpenOCD knows there (%s)",
			      lost->address, lost->length, known);
}

/* What is written there stays, and nothing could be put back. */
static const stmfw_bank *touched_otp(const struct flash *f)
{
	for (size_t i = 0; i < f->plan.count; i++) {
		const stmfw_bank *bank = stmfw__flash_bank_of(f, f->plan.sectors[i].plan.bank);

		if (stmfw__is_otp(bank))
			return bank;
	}
	return NULL;
}

/* All sectors are known: each byte of the image must lie in one. */
static enum move find_done(struct op *op)
{
	const struct flash *f = op->job;
	const stmfw_bank *otp = touched_otp(f);
	stmfw_span lost;

	if (otp)
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "the image reaches into flash bank %u (%s), which can be "
				      "programmed once and never erased",
				      otp->number, otp->name);
	return stmfw__plan_outside(&f->plan, &lost) ? outside(op, &lost) : stmfw__op_ok(op);
}

/* ---- the right chip, halted ---- */

static enum move halt(struct op *op)
{
	struct flash *f = op->job;

	f->find.step = FIND_HALT;
	f->was_reset = true;
	return stmfw__flash_reset(op, STMFW_RESET_HALT);
}

static enum move read_protected(struct op *op, enum stmfw_rdp rdp)
{
	op->res.advice = rdp == STMFW_RDP_1
				 ? "Removing the protection erases everything on the chip."
				 : "This protection is for ever.";
	return stmfw__op_fail(op, STMFW_EPROTECTED,
			      "read protection is on (RDP level %d): the chip cannot be "
			      "programmed like this",
			      (int)rdp);
}

/* It may be asleep: then once more when it is halted. A chip that cannot be identified even then
   may be flashed all the same, if nobody asks which it is. */
static enum move take_chip(struct op *op)
{
	struct flash *f = op->job;
	struct flash_find *l = &f->find;

	if (!call_ok(op)) {
		if (op->res.status == STMFW_EUNSUPPORTED)
			return MOVE_DONE; /* OpenOCD does not say which chip it is about */
		if (!f->was_reset)
			return halt(op);
		return f->o.chip ? MOVE_DONE : describe_bank(op);
	}
	l->chip = *op->res.chip;
	l->identified = true;
	l->step = FIND_APPROVED;
	return MOVE_OFFER;
}

static enum move take_approval(struct op *op)
{
	struct flash *f = op->job;

	if (f->find.refused)
		return stmfw__op_fail(op, STMFW_EABORTED, "it was said not to be the right chip");
	if (f->find.chip.rdp == STMFW_RDP_1 || f->find.chip.rdp == STMFW_RDP_2)
		return read_protected(op, f->find.chip.rdp);
	return f->was_reset ? describe_bank(op) : halt(op);
}

static enum move take_halt(struct op *op)
{
	struct flash *f = op->job;

	if (!call_ok(op))
		return MOVE_DONE;
	return f->find.identified ? describe_bank(op) : identify(op);
}

static enum move take_description(struct op *op)
{
	struct flash *f = op->job;
	stmfw_bank *bank = &f->banks[f->find.current];

	*bank = op->res.banks[0];
	if (f->find.current == 0)
		choose_banks(f);
	if (!stmfw__plan_add_bank(&f->plan, &op->arena, bank))
		return stmfw__op_no_memory(op);
	if (++f->find.current < f->bank_count)
		return describe_bank(op);
	return find_done(op);
}

/* ---- step by step ---- */

static void offer_chip(struct op *op)
{
	struct flash *f = op->job;

	f->find.refused = f->o.chip ? f->o.chip(op->client, &f->find.chip, f->o.arg) : 0;
}

static enum move find_next(struct op *op, const struct reply *last)
{
	struct flash *f = op->job;

	(void)last;
	if (op->cancel_wanted)
		return stmfw__op_fail(op, STMFW_ECANCELED, "canceled before anything was changed");
	switch (f->find.step) {
	case FIND_BEGIN:
		f->find.step = FIND_BANKS;
		return stmfw__op_call(op, &stmfw__banks_kind, NULL);
	case FIND_BANKS:
		return call_ok(op) ? take_banks(op) : MOVE_DONE;
	case FIND_CHIP:
		return take_chip(op);
	case FIND_APPROVED:
		return take_approval(op);
	case FIND_HALT:
		return take_halt(op);
	case FIND_DESCRIBE:
		return call_ok(op) ? take_description(op) : MOVE_DONE;
	}
	return MOVE_DONE;
}

const struct op_kind stmfw__flash_find_kind = { .name = "find", .next = find_next,
						.offer = offer_chip };
