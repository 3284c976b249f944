/* SPDX-License-Identifier: MIT */
/*
 * A file into a bank, or compared with it: write_bank, verify_bank.
 *
 * Both cut a file that is too long and call that success, and an empty file as well. So the bank's
 * size and the file's are asked for first, what does not fit is refused before anything is done,
 * and in the end OpenOCD's count has to be the file's:
 *
 *     find bank -> a file on OpenOCD's machine: its size -> the command
 *               -> content of ours: is sent --------------^
 */
#include "plain.h"

#include <inttypes.h>
#include <stdio.h>

#include "bank.h"
#include "content.h"
#include "parse.h"
#include "patience.h"
#include "tcl.h"

enum file_step { FILE_BANK, FILE_SIZE, FILE_CONTENT, FILE_COMMAND };

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
	struct content content;
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
	stmfw__tcl_arg(b, job->content.path);
	return MOVE_SEND;
}

static enum move send_command(struct op *op)
{
	struct file_job *job = op->job;
	uint32_t ms = stmfw__op_deadline(op, FLASH_PATIENCE_MS, job->length, job->command->slowest);
	struct buf *b = stmfw__op_script(op, job->command->step, ms);
	char before[48], after[24];

	job->step = FILE_COMMAND;
	snprintf(before, sizeof(before), "%s %u", job->command->command, job->search.number);
	snprintf(after, sizeof(after), "0x%" PRIx64, job->offset);
	return stmfw__content_command(op, &job->content, b, before, after) ? MOVE_SEND : MOVE_DONE;
}

static enum move prepare_content(struct op *op, const struct reply *last)
{
	struct file_job *job = op->job;
	enum move move;

	job->step = FILE_CONTENT;
	return stmfw__content_ready(op, &job->content, last, &move) ? send_command(op) : move;
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
		       ? prepare_content(op, NULL)
		       : MOVE_DONE;
}

static enum move bank_found(struct op *op)
{
	struct file_job *job = op->job;

	if (job->content.path)
		return ask_size(op);
	return stmfw__check_range(op, &job->search.bank, job->offset, &job->length)
		       ? prepare_content(op, NULL)
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
		return stmfw__find_bank(op, &job->search, last, &move) ? bank_found(op) : move;
	case FILE_SIZE:
		return take_size(op, last);
	case FILE_CONTENT:
		return prepare_content(op, last);
	case FILE_COMMAND:
		break;
	}
	return take_result(op, last);
}

static void file_ended(struct op *op)
{
	stmfw__content_ended(&((struct file_job *)op->job)->content);
}

static const struct op_kind file_kind = { .name = "flash file",
					  .next = file_next,
					  .ended = file_ended };

static int submit(stmfw_client *c, const struct file_job *wanted, stmfw_done_cb cb, void *arg,
		  stmfw_op *out)
{
	const struct content *content = &wanted->content;
	struct op *op;

	if (!c || !stmfw__content_is_good(content->path, content->data, content->length))
		return STMFW_EINVAL;
	int err = stmfw__op_new(&op, c, &file_kind, sizeof(struct file_job), cb, arg);
	if (err)
		return err;
	struct file_job *job = op->job;
	*job = *wanted;
	job->search.probe = true;
	job->content.path = stmfw__arena_strdup(&op->arena, content->path);
	return stmfw__op_submit(op, out);
}

int stmfw_write_bank(stmfw_client *c, unsigned int bank, const char *ocd_path, uint64_t offset,
		     uint64_t length, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	const struct file_job job = { .command = &write_command,
				      .search = { .number = bank },
				      .content = { .path = ocd_path },
				      .offset = offset,
				      .length = length };

	return submit(c, &job, cb, arg, out);
}

int stmfw_verify_bank(stmfw_client *c, unsigned int bank, const char *ocd_path, uint64_t offset,
		      uint64_t length, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	const struct file_job job = { .command = &verify_command,
				      .search = { .number = bank },
				      .content = { .path = ocd_path },
				      .offset = offset,
				      .length = length };

	return submit(c, &job, cb, arg, out);
}

int stmfw_write_bank_data(stmfw_client *c, unsigned int bank, const void *data, size_t length,
			  uint64_t offset, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	const struct file_job job = { .command = &write_command,
				      .search = { .number = bank },
				      .content = { .data = data, .length = length },
				      .offset = offset,
				      .length = length };

	return submit(c, &job, cb, arg, out);
}

int stmfw_verify_bank_data(stmfw_client *c, unsigned int bank, const void *data, size_t length,
			   uint64_t offset, stmfw_done_cb cb, void *arg, stmfw_op *out)
{
	const struct file_job job = { .command = &verify_command,
				      .search = { .number = bank },
				      .content = { .data = data, .length = length },
				      .offset = offset,
				      .length = length };

	return submit(c, &job, cb, arg, out);
}
