/* SPDX-License-Identifier: MIT */
/* test_read_flash.c - bytes, progress, and the scratch file's end, whatever happens. */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_chip.h"

static struct watch done;
static stmfw_op reading;

static stmfw_read_opts read_opts(uint64_t offset, uint64_t length, uint32_t chunk)
{
	stmfw_read_opts o = STMFW_INIT(stmfw_read_opts);

	o.offset = offset;
	o.length = length;
	o.chunk = chunk;
	o.sink = on_sink;
	o.progress = on_progress;
	o.arg = &side;
	return o;
}

static void start(const stmfw_read_opts *o)
{
	memset(&done, 0, sizeof(done));
	ACCEPTED(stmfw_read_flash(fx.client, o, on_done, &done, &reading));
}

static void cancel_reading(stmfw_client *c)
{
	ACCEPTED(stmfw_cancel(c, reading));
}

static void read_range(uint64_t offset, uint64_t length, uint32_t chunk)
{
	stmfw_read_opts o = read_opts(offset, length, chunk);

	start(&o);
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(done.calls, 1);
	ck_assert_msg(fake_chip_litter() == 0, "the scratch file is left behind");
}

static void begin(void)
{
	side_reset();
	fake_chip_connect();
}

struct range {
	uint64_t offset, length;
	uint32_t chunk;
	uint64_t expected;
	int pieces;
};

static const struct range ranges[] = {
	{ 0, 0, 0, FAKE_CHIP_FLASH_SIZE, 1 },
	{ 0, 0, 1024, FAKE_CHIP_FLASH_SIZE, 8 },
	{ 0, FAKE_CHIP_FLASH_SIZE, 1000, FAKE_CHIP_FLASH_SIZE, 9 },
	{ 0, 1, 0, 1, 1 },
	{ 8191, 1, 0, 1, 1 },
	{ 8191, 0, 16, 1, 1 },
	{ 3, 5, 1, 5, 5 },
	{ 100, 256, 256, 256, 1 },
	{ 100, 257, 256, 257, 2 },
	{ 4096, 0, 1 << 20, 4096, 1 },
};

START_TEST(p6_bytes_and_progress)
{
	const struct range *r = &ranges[_i];

	begin();
	read_range(r->offset, r->length, r->chunk);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, r->expected);
	ck_assert_uint_eq(side.length, r->expected);
	ck_assert_mem_eq(side.bytes, fake_chip.flash + r->offset, r->expected);
	ck_assert_int_eq(side.sinks, r->pieces);
	ck_assert_int_eq(fake_chip.reads, r->pieces);
	ck_assert_str_eq(side.step, "read");
	ck_assert_uint_eq(side.done, r->expected);
	ck_assert_uint_eq(side.total, r->expected);
	ck_assert_msg(!side.went_back, "P6: done decreased");
	ck_assert_int_lt(side.order, done.order);
}
END_TEST

static const struct range outside[] = {
	{ 8192, 0, 0, 0, 0 },          { 8192, 1, 0, 0, 0 },         { 8191, 2, 0, 0, 0 },
	{ 0, 8193, 0, 0, 0 },          { UINT64_MAX, 0, 0, 0, 0 },   { UINT64_MAX, 2, 0, 0, 0 },
	{ 1, UINT64_MAX, 0, 0, 0 },    { 0, UINT64_MAX, 0, 0, 0 },
};

START_TEST(range_outside_the_bank)
{
	begin();
	read_range(outside[_i].offset, outside[_i].length, 0);
	assert_failed_once(&done, STMFW_ERANGE, STMFW_FINISHED);
	ck_assert_int_eq(side.sinks + side.progresses, 0);
	ck_assert_int_eq(fake_chip.reads, 0);
}
END_TEST

START_TEST(bank_that_does_not_exist)
{
	stmfw_read_opts o = read_opts(0, 16, 0);

	begin();
	o.bank = 1;
	start(&o);
	RUN_UNTIL(done.calls);
	assert_failed_once(&done, STMFW_ERANGE, STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 0);
}
END_TEST

START_TEST(p9_options_are_copied)
{
	stmfw_read_opts o = read_opts(10, 300, 100);
	char directory[sizeof(fake_chip.directory)];

	begin();
	memcpy(directory, fake_chip.directory, sizeof(directory));
	o.scratch_dir = directory;
	start(&o);
	memset(&o, 0x55, sizeof(o));
	memset(directory, 'x', sizeof(directory) - 1);
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_mem_eq(side.bytes, fake_chip.flash + 10, 300);
}
END_TEST

START_TEST(progress_may_be_missing)
{
	stmfw_read_opts o = read_opts(0, 64, 16);

	begin();
	o.progress = NULL;
	start(&o);
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(side.length, 64);
}
END_TEST

/* ---- without a sink ------------------------------------------------------------------------ */

static struct {
	uint8_t bytes[FAKE_CHIP_FLASH_SIZE];
	size_t count;
	bool has_data;
} kept;

static void keep(struct watch *w, stmfw_client *c, const stmfw_result *res)
{
	(void)w;
	(void)c;
	kept.has_data = res->data != NULL;
	kept.count = res->count;
	INSIST(res->count <= sizeof(kept.bytes), "%zu bytes", res->count);
	if (res->data)
		memcpy(kept.bytes, res->data, res->count);
}

/* opts NULL: none are given. */
static void read_into_memory(stmfw_read_opts *o)
{
	memset(&kept, 0, sizeof(kept));
	memset(&done, 0, sizeof(done));
	done.then = keep;
	if (o)
		o->sink = NULL;
	ACCEPTED(stmfw_read_flash(fx.client, o, on_done, &done, &reading));
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(side.sinks, 0);
	ck_assert_int_eq(fake_chip_litter(), 0);
}

static void assert_kept(uint64_t offset, uint64_t length)
{
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, length);
	ck_assert_uint_eq(kept.count, length);
	ck_assert_mem_eq(kept.bytes, fake_chip.flash + offset, length);
}

static void assert_nothing_kept(int status)
{
	assert_failed_once(&done, status, STMFW_FINISHED);
	ck_assert(!kept.has_data);
	ck_assert_uint_eq(kept.count, 0);
}

START_TEST(p6_without_a_sink_the_result_has_it_all)
{
	const struct range *r = &ranges[_i];
	stmfw_read_opts o = read_opts(r->offset, r->length, r->chunk);

	begin();
	read_into_memory(&o);
	assert_kept(r->offset, r->expected);
	ck_assert_int_eq(fake_chip.reads, r->pieces);
	ck_assert_int_eq(side.progresses, r->pieces);
	ck_assert_uint_eq(side.done, r->expected);
	ck_assert_uint_eq(side.total, r->expected);
}
END_TEST

START_TEST(without_options_it_is_all_of_bank_0)
{
	begin();
	read_into_memory(NULL);
	assert_kept(0, FAKE_CHIP_FLASH_SIZE);
}
END_TEST

START_TEST(a_read_that_failed_has_nothing)
{
	stmfw_read_opts o = read_opts(0, 300, 100);

	begin();
	fake_chip.fault = FAULT_ERROR;
	fake_chip.fault_at = 3;
	read_into_memory(&o);
	assert_nothing_kept(STMFW_ETARGET);
	ck_assert_uint_eq(done.bytes, 200);
}
END_TEST

START_TEST(nor_has_one_that_was_cancelled)
{
	stmfw_read_opts o = read_opts(0, 300, 100);

	begin();
	side.in_progress = cancel_reading;
	read_into_memory(&o);
	assert_nothing_kept(STMFW_ECANCELED);
	ck_assert_uint_eq(done.bytes, 100);
}
END_TEST

#define MOST (64ul << 20)

/* What is too much is not read, and no memory is asked for; what is not begins. */
START_TEST(more_than_64_mib_want_a_sink)
{
	stmfw_read_opts o = read_opts(0, 0, 0);

	begin();
	fake_chip.size = MOST + (_i == 0);
	fake_chip.fault = FAULT_ERROR;
	fake_chip.fault_at = 1;
	read_into_memory(&o);
	assert_nothing_kept(_i == 0 ? STMFW_ERANGE : STMFW_ETARGET);
	ck_assert_int_eq(fake_chip.faults, _i);
	ck_assert_int_eq(fx.heap.peak > MOST, _i);
	if (_i == 0)
		ck_assert_msg(strstr(done.text, "67108865") && strstr(done.advice, "sink"), "%s %s",
			      done.text, done.advice);
}
END_TEST

START_TEST(memory_is_as_large_as_the_range)
{
	stmfw_read_opts o = read_opts(0, 100, 0);

	begin();
	fake_chip.size = MOST;
	read_into_memory(&o);
	assert_kept(0, 100);
	ck_assert_uint_lt(fx.heap.peak, 256u << 10);
}
END_TEST

/* ---- files that are not what they should be ------------------------------------------------ */

/* Numbers are judged as what they are. */
static int too_few(void)
{
	return fake_chip.no_files ? STMFW_EUNSUPPORTED : STMFW_EFILE;
}

START_TEST(short_file)
{
	begin();
	fake_chip.short_by = 1;
	read_range(0, 256, 128);
	assert_failed_once(&done, too_few(), STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 0);
	ck_assert_uint_eq(done.bytes, 0);
}
END_TEST

START_TEST(long_file)
{
	begin();
	fake_chip.short_by = -1;
	read_range(0, 256, 128);
	assert_failed_once(&done, too_few(), STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 0);
}
END_TEST

START_TEST(file_that_stays_empty)
{
	begin();
	fake_chip.writes_nothing = true;
	read_range(0, 256, 128);
	assert_failed_once(&done, too_few(), STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 0);
}
END_TEST

static void write_no_more(stmfw_client *c)
{
	(void)c;
	if (side.sinks == 2)
		fake_chip.fault = FAULT_NOTHING; /* success, and the file as it was */
}

/* The second piece is not there; the first one's bytes must not be taken for it. */
START_TEST(old_content_is_not_taken_for_new)
{
	begin();
	side.in_sink = write_no_more;
	fake_chip.fault_at = 3; /* bank and file, read, read, read */
	read_range(0, 512, 128);
	assert_failed_once(&done, too_few(), STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 2);
	ck_assert_uint_eq(done.bytes, 256);
	ck_assert_int_eq(fake_chip.faults, 1);
}
END_TEST

START_TEST(files_are_not_shared)
{
	fx.opts.transfer = STMFW_TRANSFER_SHARED;
	begin();
	if (_i)
		fake_chip.wrong_token = true;
	else
		fake_chip.not_shared = true;
	read_range(0, 256, 128);
	assert_failed_once(&done, STMFW_EUNSUPPORTED, STMFW_FINISHED);
	ck_assert_msg(done.advice[0] != '\0', "no advice");
	if (fake_chip.not_shared)
		ck_assert_ptr_nonnull(strstr(done.text, "No such file"));
	ck_assert_int_eq(fake_chip.reads, 0);
	ck_assert_int_eq(side.sinks, 0);
}
END_TEST

static void look_at_the_file(stmfw_client *c)
{
	struct stat st;
	char *slash;

	(void)c;
	if (!fake_chip_shares()) {
		ck_assert_int_eq(fake_chip_litter(), 0);
		return;
	}
	ck_assert_int_eq(stat(fake_chip.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	slash = strrchr(fake_chip.path, '/');
	*slash = '\0';
	ck_assert_int_eq(stat(fake_chip.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(strncmp(fake_chip.path, fake_chip.directory,
				 strlen(fake_chip.directory)), 0);
}

START_TEST(file_is_private_and_absolute)
{
	begin();
	side.in_sink = look_at_the_file;
	read_range(0, 16, 0);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
}
END_TEST

START_TEST(scratch_directory_that_is_not_there)
{
	stmfw_read_opts o = read_opts(0, 16, 0);

	fx.opts.transfer = STMFW_TRANSFER_SHARED;
	begin();
	o.scratch_dir = "/nowhere/at/all";
	start(&o);
	RUN_UNTIL(done.calls);
	assert_failed_once(&done, STMFW_EFILE, STMFW_FINISHED);
}
END_TEST

/* As those do that clean up /tmp. */
static void clean_up(stmfw_client *c)
{
	char directory[sizeof(fake_chip.path)];

	(void)c;
	ck_assert_int_eq(unlink(fake_chip.path), 0);
	strcpy(directory, fake_chip.path);
	*strrchr(directory, '/') = '\0';
	ck_assert_int_eq(rmdir(directory), 0);
}

static void replace_the_file(stmfw_client *c)
{
	(void)c;
	ck_assert_int_eq(unlink(fake_chip.path), 0);
	ck_assert_int_eq(close(open(fake_chip.path, O_WRONLY | O_CREAT | O_EXCL, 0600)), 0);
}

/* What has come counts; nothing is taken for the rest. */
START_TEST(file_that_vanishes_meanwhile)
{
	fx.opts.transfer = STMFW_TRANSFER_SHARED;
	begin();
	side.in_sink = _i ? replace_the_file : clean_up;
	read_range(0, 300, 128);
	assert_failed_once(&done, _i ? STMFW_EFILE : STMFW_ECOMMAND, STMFW_FINISHED);
	ck_assert_msg(strstr(done.text, _i ? "left 0 of 128 bytes" : "couldn't open file"), "%s",
		      done.text);
	ck_assert_int_eq(side.sinks, 1);
	ck_assert_uint_eq(done.bytes, 128);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

static struct rlimit usual;

static void room_again(int request)
{
	(void)request;
	setrlimit(RLIMIT_FSIZE, &usual);
}

/* Files cannot grow, as on a full disk, until the next request: Check's own must. */
static void no_room(void)
{
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &usual);
	fake_chip.before = room_again;
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, usual.rlim_max });
}

START_TEST(no_room_for_the_scratch_file)
{
	stmfw_read_opts o = read_opts(0, 300, 128);

	if (_i)
		fx.opts.transfer = STMFW_TRANSFER_SHARED;
	begin();
	memset(&done, 0, sizeof(done));
	no_room();
	(void)CALL(stmfw_read_flash(fx.client, &o, on_done, &done, &reading));
	while (!done.calls && !fake_chip.requests)
		uv_run(&fx.loop, UV_RUN_ONCE);
	room_again(0);
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(fake_chip_litter(), 0);
	if (_i) {
		assert_failed_once(&done, STMFW_EFILE, STMFW_FINISHED);
		ck_assert_msg(strstr(done.text, strerror(EFBIG)) && done.advice[0], "%s", done.text);
		ck_assert_int_eq(fake_chip.requests, 0);
		return;
	}
	assert_status(&done, STMFW_OK, STMFW_FINISHED); /* it travels in the reply */
	ck_assert_mem_eq(side.bytes, fake_chip.flash, 300);
}
END_TEST

/* ---- which way --------------------------------------------------------------------------- */

/* OpenOCD does not see our file, sees another one, or there is none: with its commands for files
   and without. */
START_TEST(what_is_not_shared_travels_in_the_reply)
{
	stmfw_read_opts o = read_opts(3, 1000, 300);

	begin();
	fake_chip.not_shared = _i % 3 == 0;
	fake_chip.wrong_token = _i % 3 == 1;
	o.scratch_dir = _i % 3 == 2 ? "/nowhere/at/all" : NULL;
	fake_chip.no_files = _i >= 3;
	start(&o);
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_uint_eq(side.length, 1000);
	ck_assert_mem_eq(side.bytes, fake_chip.flash + 3, 1000);
	ck_assert_int_eq(fake_chip.temporary_files, _i < 3 ? 4 : 0);
	ck_assert_int_eq(fake_chip.reads, 4);
}
END_TEST

START_TEST(a_shared_file_is_used_if_there_is_one)
{
	begin();
	read_range(0, 1000, 300);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.temporary_files != 0, !fake_chip_shares() && !fake_chip.no_files);
}
END_TEST

START_TEST(pieces_fit_into_a_small_reply)
{
	fx.opts.transfer = STMFW_TRANSFER_INLINE;
	fx.opts.reply_limit = 1000;
	begin();
	memset(fake_chip.flash, 0, 600); /* each of these takes three on the wire */
	read_range(0, 600, 0);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_mem_eq(side.bytes, fake_chip.flash, 600);
}
END_TEST

START_TEST(scratch_directory_with_odd_characters)
{
	char odd[sizeof(fake_chip.directory) + 40];
	stmfw_read_opts o = read_opts(0, 300, 128);

	begin();
	strcpy(odd, fake_chip.directory);
	strcat(odd, "/a b$c[d]{\"e\\f;g\n\xc3\xa9");
	ck_assert_int_eq(mkdir(odd, 0700), 0);
	o.scratch_dir = odd;
	start(&o);
	RUN_UNTIL(done.calls);
	assert_status(&done, STMFW_OK, STMFW_FINISHED);
	ck_assert_mem_eq(side.bytes, fake_chip.flash, 300);
	ck_assert_int_eq(rmdir(odd), 0);
}
END_TEST

/* ---- stopping ------------------------------------------------------------------------------ */

static void stop_at_the_second(stmfw_client *c)
{
	(void)c;
	if (side.sinks == 1)
		side.sink_result = 1; /* read before this; so it is the next one that says it */
}

START_TEST(sink_says_stop)
{
	static const int reasons[] = { 1, -1, 42 };

	begin();
	side.sink_result = reasons[_i];
	read_range(0, 1024, 128);
	assert_failed_once(&done, STMFW_EABORTED, STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 1);
	ck_assert_int_eq(fake_chip.reads, 1);
}
END_TEST

START_TEST(sink_says_stop_later)
{
	begin();
	side.in_sink = stop_at_the_second;
	read_range(0, 1024, 128);
	assert_failed_once(&done, STMFW_EABORTED, STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 2);
	ck_assert_uint_eq(done.bytes, side.length);
}
END_TEST

/* From the sink, or from progress: the piece counts, the next one is not read. */
START_TEST(cancel_between_two_pieces)
{
	begin();
	if (_i)
		side.in_progress = cancel_reading;
	else
		side.in_sink = cancel_reading;
	read_range(0, 1024, 128);
	assert_failed_once(&done, STMFW_ECANCELED, STMFW_FINISHED);
	ck_assert_int_eq(side.sinks, 1);
	ck_assert_int_eq(fake_chip.reads, 1);
	ck_assert_uint_eq(done.bytes, 128);
}
END_TEST

/* 5.23: at each of its commands. The answer to that one is still waited for. */
START_TEST(cancel_at_each_command)
{
	stmfw_read_opts o = read_opts(0, 300, 100);

	begin();
	start(&o);
	RUN_UNTIL(fake_chip.requests > _i || done.calls);
	if (CALL(stmfw_cancel(fx.client, reading)) != STMFW_OK)
		ck_assert_int_eq(fx.result, STMFW_ESTATE);
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(fake_chip_litter(), 0);
	if (done.status == STMFW_OK)
		ck_assert_uint_eq(done.bytes, 300);
	else
		assert_failed_once(&done, STMFW_ECANCELED, STMFW_FINISHED);
	ck_assert_uint_eq(done.bytes, side.length);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

/* The connection breaks at each of its commands: the bytes so far are told. */
START_TEST(lost_at_each_command)
{
	stmfw_read_opts o = read_opts(0, 300, 100);

	begin();
	fake_chip.fault = FAULT_HANG_UP;
	fake_chip.fault_at = _i;
	start(&o);
	RUN_UNTIL(done.calls);
	ck_assert_int_eq(fake_chip_litter(), 0);
	ck_assert_int_eq(fake_chip.faults, 1);
	assert_failed_once(&done, STMFW_ELOST, STMFW_UNKNOWN);
	ck_assert_uint_eq(done.bytes, side.length);
	ck_assert_uint_eq(done.bytes, _i < 2 ? 0 : (uint64_t)(_i - 1) * 100);
}
END_TEST

START_TEST(chip_that_cannot_be_read)
{
	begin();
	fake_chip.fault = FAULT_ERROR;
	fake_chip.fault_at = 1;
	read_range(0, 300, 100);
	assert_failed_once(&done, STMFW_ETARGET, STMFW_FINISHED);
	ck_assert_int_eq(fake_chip.faults, 1);
	ck_assert_int_eq(stmfw_client_is_connected(fx.client), 1);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ p6_bytes_and_progress, sizeof(ranges) / sizeof(ranges[0]) },
		{ range_outside_the_bank, sizeof(outside) / sizeof(outside[0]) },
		{ bank_that_does_not_exist, 0 },
		{ p9_options_are_copied, 0 },
		{ progress_may_be_missing, 0 },
		{ p6_without_a_sink_the_result_has_it_all, sizeof(ranges) / sizeof(ranges[0]) },
		{ without_options_it_is_all_of_bank_0, 0 },
		{ a_read_that_failed_has_nothing, 0 },
		{ nor_has_one_that_was_cancelled, 0 },
		{ more_than_64_mib_want_a_sink, 2 },
		{ memory_is_as_large_as_the_range, 0 },
		{ short_file, 0 },
		{ long_file, 0 },
		{ file_that_stays_empty, 0 },
		{ old_content_is_not_taken_for_new, 0 },
		{ files_are_not_shared, 2 },
		{ file_is_private_and_absolute, 0 },
		{ scratch_directory_that_is_not_there, 0 },
		{ file_that_vanishes_meanwhile, 2 },
		{ no_room_for_the_scratch_file, 2 },
		{ what_is_not_shared_travels_in_the_reply, 6 },
		{ a_shared_file_is_used_if_there_is_one, 0 },
		{ pieces_fit_into_a_small_reply, 0 },
		{ scratch_directory_with_odd_characters, 0 },
		{ sink_says_stop, 3 },
		{ sink_says_stop_later, 0 },
		{ cancel_between_two_pieces, 2 },
		{ cancel_at_each_command, 6 },
		{ lost_at_each_command, 4 },
		{ chip_that_cannot_be_read, 0 },
		{ NULL, 0 },
	};

	fixture_before_tear_down = fake_chip_stop;
	return run_cases("read_flash", cases);
}
