/* SPDX-License-Identifier: MIT */
/*
 * A file on OpenOCD's machine into a bank, or compared with it: write_bank, verify_bank.
 *
 * Both cut a file that is too long and call that success, and an empty file as well. So the bank's
 * size and the file's are asked for first, what does not fit is refused before anything is done,
 * and in the end OpenOCD's count has to be the file's:
 *
 *     find bank -> size of the file -> the command
 */
#include "plain.h"

#include <inttypes.h>

#include "bank.h"
#include "parse.h"
#include "tcl.h"

enum file_step { FILE_BANK, FILE_SIZE, FILE_COMMAND };

struct file_command {
	const char *step;
	const char *command;
	const char *count; /* the word in front of OpenOCD's count */
	uint32_t slowest;
	int wrong_count;
};

static const struct file_command write_command = { "write bank", "flash write_bank", "wrote ",
						   FLASH_SLOWEST_WRITE, STMFW_ERANGE };
static const struct file_command verify_command = { "verify bank", "flash verify_bank", "read ",
						    FLASH_SLOWEST_READ, STMFW_EVERIFY };

struct file_job {
	enum file_step step;
	const struct file_command *command;
	struct bank_search search;
	const char *path;
	uint64_t offset;
	uint64_t length;
};

/* -1: this OpenOCD's Tcl knows no files (0.10). */
static const char size_of[] =
	"apply {f {"
	"if {![llength [info commands file]]} {return -1};"
	"if {![file isfile $f]} {error \"OpenOCD's machine has no file \\\"$f\\\"\"};"
	"file size $f}}";

static enum move ask_size(struct op *op)
{
	struct file_job *job = op->job;
	struct buf *b = stmfw__op_script(op, job->command->step, 0);

	job->step = FILE_SIZE;
	stmfw__buf_puts(b, size_of);
	stmfw__tcl_arg(b, job->path);
	return MOVE_SEND;
}

static enum move send_command(struct op *op)
{
	struct file_job *job = op->job;
	uint32_t ms = stmfw__op_deadline(op, FLASH_PATIENCE_MS, job->length, job->command->slowest);
	struct buf *b = stmfw__op_script(op, job->command->step, ms);

	job->step = FILE_COMMAND;
	stmfw__buf_printf(b, "%s %u", job->command->command, job->search.number);
	stmfw__tcl_arg(b, job->path);
	stmfw__buf_printf(b, " 0x%" PRIx64, job->offset);
	return MOVE_SEND;
}

static enum move no_file(struct op *op, const struct reply *last)
{
	op->res.advice = "OpenOCD opens files on its own machine: give it an absolute path there.";
	return stmfw__op_refused(op, STMFW_ECOMMAND, last);
}

static enum move take_size(struct op *op, const struct reply *last)
{
	struct file_job *job = op->job;
	int64_t size;

	if (!reply_ok(last))
		return no_file(op, last);
	if (!stmfw__parse_int(last->result, &size) || size < -1)
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "OpenOCD's answer about the size of the file makes no sense");
	if (size == 0)
		return stmfw__op_fail(op, STMFW_ERANGE, "the file is empty");
	if (job->length != 0 && size > 0 && job->length != (uint64_t)size)
		return stmfw__op_fail(op, STMFW_ERANGE,
				      "the file has %" PRId64 " bytes, not %" PRIu64, size,
				      job->length);
	if (size < 0 && job->length == 0)
		return stmfw__op_fail(op, STMFW_EUNSUPPORTED,
				      "this OpenOCD cannot tell how long the file is");
	if (size > 0)
		job->length = (uint64_t)size;
	return stmfw__check_range(op, &job->search.bank, job->offset, &job->length)
		       ? send_command(op)
		       : MOVE_DONE;
}

static enum move command_failed(struct op *op, const struct reply *last)
{
	const struct file_job *job = op->job;
	struct difference d;

	if (!stmfw__find_difference(last, &d))
		return stmfw__op_refused(op, STMFW_ECOMMAND, last);
	return stmfw__op_fail(op, STMFW_EVERIFY,
			      "flash bank %u and the file differ, first at 0x%08" PRIx64
			      " (flash %02" PRIx64 ", file %02" PRIx64 ")",
			      job->search.number, job->search.bank.base + d.at, d.chip, d.image);
}

static enum move take_result(struct op *op, const struct reply *last)
{
	const struct file_job *job = op->job;

	if (!reply_ok(last))
		return command_failed(op, last);
	uint64_t n = stmfw__op_count(last, job->command->count);
	op->res.bytes = n;
	if (n != job->length)
		return stmfw__op_fail(op, job->command->wrong_count,
				      "OpenOCD handled %" PRIu64 " bytes instead of %" PRIu64, n,
				      job->length);
	return stmfw__command_done(op, last, n);
}

static enum move file_next(struct op *op, const struct reply *last)
{
	struct file_job *job = op->job;
	enum move move;

	switch (job->step) {
	case FILE_BANK:
		return stmfw__find_bank(op, &job->search, last, &move) ? ask_size(op) : move;
	case FILE_SIZE:
		return take_size(op, last);
	case FILE_COMMAND:
		break;
	}
	return take_result(op, last);
}

static const struct op_kind file_kind = { .name = "flash file", .next = file_next };

static int submit(stmfw_client *c, const struct file_command *command, unsigned int bank,
		  const char *path, uint64_t offset, uint64_t length, stmfw_done_cb cb, void *arg,
		  stmfw_op *out)
{
	struct op *op;

	if (!c || !path || !*path)
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &file_kind, sizeof(struct file_job), cb, arg);
	if (err)
		return err;
	struct file_job *job = op->job;
	*job = (struct file_job){ .command = command,
				  .search = { .number = bank, .probe = true },
				  .path = stmfw__arena_strdup(&op->arena, path),
				  .offset = offset,
				  .length = length };
	return stmfw__op_submit(op, out);
}

int stmfw_write_bank(stmfw_client *c, unsigned int bank, const char *ocd_path, uint64_t offset,
		     uint64_t length, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	return submit(c, &write_command, bank, ocd_path, offset, length, cb, arg, out);
}

int stmfw_verify_bank(stmfw_client *c, unsigned int bank, const char *ocd_path, uint64_t offset,
		      uint64_t length, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	return submit(c, &verify_command, bank, ocd_path, offset, length, cb, arg, out);
}
