/* SPDX-License-Identifier: MIT */
/*
 * A station that is killed at any instant.
 *
 * The child is a line of four sites: takes numbers, passes and fails boards, acknowledges events,
 * as fast as it can, and tells through a pipe what it was told. We end it with SIGKILL and look
 * whether the record has all of that, and nothing by halves.
 */
#include "rig.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SITES   4
#define WAIT_MS 20000

enum said { SAID_TAKEN, SAID_PASSED, SAID_FAILED, SAID_ACKED, SAID_WRONG };

struct message {
	enum said said;
	int64_t number; /* the serial number, or the event */
	int64_t board;
	int64_t journal; /* its length when that was on disk */
};

static struct rig rig;

static unsigned int rounds(unsigned int usual, unsigned int few)
{
	return getenv("STMFW_TEST_SHORT") ? few : usual;
}

/* ---- the child ---- */

struct line {
	struct record *rec;
	int out;
	int64_t held[SITES]; /* 0: none */
	char text[SITES][RECORD_SERIAL];
	unsigned int boards;
};

static int64_t journal_length(void)
{
	char path[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s-wal", rig.path);
	return stat(path, &st) == 0 ? st.st_size : 0;
}

static void tell(const struct line *line, enum said said, int64_t number, int64_t board)
{
	struct message m = { said, number, board, journal_length() };

	if (write(line->out, &m, sizeof(m)) != sizeof(m))
		_exit(3);
}

static void must(const struct line *line, bool ok)
{
	if (ok)
		return;
	dprintf(STDERR_FILENO, "the child: %s\n", rig.why);
	tell(line, SAID_WRONG, 0, 0);
	_exit(4);
}

static void finish_board(struct line *line, int site, bool passed)
{
	char uid[48];
	int64_t id;

	snprintf(uid, sizeof(uid), "%d-%u", (int)getpid(), line->boards++);
	struct record_board board = rig_board(uid, line->held[site], line->text[site]);
	board.result = passed ? RESULT_PASS : RESULT_FAIL;
	must(line, record_board(line->rec, &board, &id, rig.why));
	tell(line, passed ? SAID_PASSED : SAID_FAILED, line->held[site], id);
	if (!passed)
		record_give_back_serial(line->rec, line->held[site]);
	line->held[site] = 0;
}

static void acknowledge(struct line *line)
{
	struct record_event event;

	if (!record_next_event(line->rec, 0, &event, rig.why)) {
		must(line, rig.why[0] == '\0');
		return;
	}
	must(line, record_acknowledge_event(line->rec, event.id, rig.why));
	tell(line, SAID_ACKED, event.id, 0);
	free(event.topic);
	free(event.payload);
}

static void work(int out, unsigned int seed)
{
	struct line line = { .out = out };

	srand(seed);
	must(&line, record_open(&line.rec, &rig.recipe, "anna", rig.why));
	for (;;) {
		int site = rand() % SITES;

		if (rand() % 5 == 0) {
			acknowledge(&line);
		} else if (line.held[site] == 0) {
			must(&line, record_take_serial(line.rec, &line.held[site], line.text[site],
						       rig.why));
			tell(&line, SAID_TAKEN, line.held[site], 0);
		} else {
			finish_board(&line, site, rand() % 4 != 0);
		}
	}
}

/* ---- its parent ---- */

struct child {
	pid_t pid;
	int in;
};

static struct child start(unsigned int seed)
{
	struct child child;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	child.pid = fork();
	ck_assert_int_ge(child.pid, 0);
	if (child.pid == 0) {
		close(ends[0]);
		work(ends[1], seed);
	}
	close(ends[1]);
	child.in = ends[0];
	return child;
}

/* False: it has ended and there is no more. */
static bool hear(const struct child *child, struct message *m)
{
	struct pollfd fd = { .fd = child->in, .events = POLLIN };

	ck_assert_int_eq(poll(&fd, 1, WAIT_MS), 1);
	ssize_t n = read(child->in, m, sizeof(*m));
	if (n == 0)
		return false;
	ck_assert_int_eq(n, sizeof(*m));
	ck_assert_int_ne(m->said, SAID_WRONG);
	return true;
}

static void finish(const struct child *child)
{
	int status;

	ck_assert_int_eq(kill(child->pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
	ck_assert(WIFSIGNALED(status));
}

static void wait_a_little(void)
{
	struct timespec pause = { 0, rand() % 2000000 };

	nanosleep(&pause, NULL);
}

/* ---- all that was told ---- */

struct told {
	struct message *messages;
	size_t count, passed;
	int64_t journal; /* of what was surely on disk */
};

static void keep(struct told *told, struct message m)
{
	told->messages = realloc(told->messages, (told->count + 1) * sizeof(m));
	ck_assert_ptr_nonnull(told->messages);
	told->messages[told->count++] = m;
	told->passed += m.said == SAID_PASSED;
	told->journal = m.journal;
}

static void all_is_there(const struct told *told, const char *path)
{
	static const char *const sql[] = {
		[SAID_PASSED] = "SELECT count(*) FROM boards b JOIN serials s ON s.board = b.id "
				"WHERE result = 'pass' AND number = ?1 AND b.id = ?2",
		[SAID_FAILED] =
			"SELECT count(*) FROM boards WHERE result = 'fail' AND ?1 = ?1 AND id = ?2",
		[SAID_ACKED] = "SELECT count(*) FROM acks WHERE event = ?1 AND ?2 = ?2",
	};
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	for (size_t i = 0; i < told->count; i++) {
		const struct message *m = &told->messages[i];
		sqlite3_stmt *stmt;

		if (m->said == SAID_TAKEN)
			continue;
		ck_assert_int_eq(sqlite3_prepare_v2(db, sql[m->said], -1, &stmt, NULL), SQLITE_OK);
		sqlite3_bind_int64(stmt, 1, m->number);
		sqlite3_bind_int64(stmt, 2, m->board);
		ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
		ck_assert_msg(sqlite3_column_int(stmt, 0) == 1, "told %d, number %lld, board %lld",
			      (int)m->said, (long long)m->number, (long long)m->board);
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
}

/* ---- nothing by halves ---- */

static void none(const char *path, const char *what)
{
	char sql[400];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", what);
	ck_assert_msg(rig_number(path, sql) == 0, "%s", what);
}

static void is_whole(const char *path)
{
	none(path, "boards WHERE (SELECT count(*) FROM steps WHERE board = boards.id) <> 3");
	none(path, "boards LEFT JOIN serials ON board = boards.id"
		   " WHERE (result = 'pass') <> (value IS NOT NULL AND value = serial)");
	none(path, "(SELECT 1 FROM serials GROUP BY number HAVING count(*) > 1)");
	none(path, "boards WHERE (SELECT count(*) FROM outbox WHERE topic = 'site/A/board'"
		   " AND json_extract(payload, '$.board') = boards.id) <> 1");
	none(path, "outbox WHERE json_extract(payload, '$.id') <> id");
	ck_assert_int_eq(rig_number(path, "SELECT max(id) - count(*) FROM outbox"), 0);
	ck_assert_int_eq(rig_number(path, "SELECT coalesce(max(id), 0) - count(*) FROM boards"), 0);
	ck_assert_int_eq(rig_number(path,
				    "SELECT (SELECT count(*) FROM runs) - count(*) FROM outbox"
				    " WHERE payload LIKE '%\"what\":\"begin\"%'"),
			 0);
}

/* What was held when it died is missing below the highest, and nothing else. */
static void few_holes(const char *path)
{
	int64_t holes = rig_number(path, "SELECT coalesce(max(number), 0) - count(*) FROM serials");

	ck_assert_int_ge(holes, 0);
	ck_assert_int_lt(holes, SITES);
}

/* The next boards get exactly what is missing; then there is no hole. */
static void holes_are_filled(void)
{
	struct record *rec = rig_record(&rig);
	int64_t highest = rig_number(rig.path, "SELECT max(number) FROM serials");
	int64_t holes = rig_number(rig.path, "SELECT max(number) - count(*) FROM serials");

	for (int64_t i = 0; i < holes; i++)
		ck_assert_int_lt(rig_pass(&rig, rec, "filler"), highest);
	ck_assert_int_eq(rig_pass(&rig, rec, "filler"), highest + 1);
	record_close(rec);
	ck_assert_int_eq(rig_number(rig.path, "SELECT max(number) - count(*) FROM serials"), 0);
}

START_TEST(killed_two_hundred_times_the_record_is_whole)
{
	struct told told = { 0 };
	unsigned int kills = rounds(200, 12);

	rig_open(&rig);
	rig.serial.last = 1000000;
	srand(7);
	for (unsigned int i = 0; i < kills; i++) {
		unsigned int messages = (unsigned int)rand() % 25;
		struct child child = start(i);
		struct message m;

		for (; messages > 0 && hear(&child, &m); messages--)
			keep(&told, m);
		wait_a_little();
		finish(&child);
		while (hear(&child, &m))
			keep(&told, m);
		close(child.in);
		few_holes(rig.path);
	}
	ck_assert_uint_gt(told.passed, 2 * kills);
	all_is_there(&told, rig.path);
	is_whole(rig.path);
	holes_are_filled();
	free(told.messages);
	rig_close(&rig);
}
END_TEST

/* ---- the power, too: what was not on disk yet is gone, or garbage ---- */

static void lose_some(const char *journal, const struct told *told)
{
	size_t length;
	char *data = rig_read(journal, &length);
	size_t safe = (size_t)told->journal;

	ck_assert_uint_le(safe, length);
	size_t kept = safe + (length > safe ? (size_t)rand() % (length - safe) : 0);
	if (rand() % 2 == 0)
		memset(data + kept, rand(), length - kept);
	else
		length = kept;
	rig_write(journal, data, length);
	free(data);
}

START_TEST(what_was_not_yet_on_disk_may_be_lost_or_garbled)
{
	unsigned int tries = rounds(60, 6);

	srand(8);
	for (unsigned int i = 0; i < tries; i++) {
		struct told told = { 0 };
		struct message m = { 0 };
		char copy[160], journal[170];
		int status;

		rig_open(&rig);
		struct child child = start(1000 + i);
		for (int n = rand() % 40 + 1; n > 0 && hear(&child, &m); n--)
			keep(&told, m);
		wait_a_little();
		ck_assert_int_eq(kill(child.pid, SIGSTOP), 0);
		ck_assert_int_eq(waitpid(child.pid, &status, WUNTRACED), child.pid);
		snprintf(copy, sizeof(copy), "%s/copy.db", rig.dir);
		rig_copy(rig.path, copy);
		snprintf(journal, sizeof(journal), "%s-wal", rig.path);
		char lost[170];
		snprintf(lost, sizeof(lost), "%s-wal", copy);
		rig_copy(journal, lost);
		finish(&child);
		while (hear(&child, &m))
			keep(&told, m);
		close(child.in);
		lose_some(lost, &told);
		all_is_there(&told, copy);
		is_whole(copy);
		few_holes(copy);
		rig.recipe.record = copy;
		record_close(rig_record(&rig));
		free(told.messages);
		rig_close(&rig);
	}
}
END_TEST

/* ---- readers ---- */

START_TEST(a_reader_beside_the_station_sees_whole_boards_only)
{
	unsigned int reads = rounds(300, 20);
	int64_t before = 0;
	struct message m;

	rig_open(&rig);
	rig.serial.last = 1000000;
	struct child child = start(99);
	ck_assert(hear(&child, &m));
	for (unsigned int i = 0; i < reads; i++) {
		int64_t boards = rig_number(rig.path, "SELECT count(*) FROM boards");

		ck_assert_int_ge(boards, before);
		before = boards;
		ck_assert_int_eq(rig_number(rig.path, "SELECT (SELECT count(*) FROM boards) * 3"
						      " - count(*) FROM steps"),
				 0);
		ck_assert(hear(&child, &m)); /* and it works on */
	}
	finish(&child);
	close(child.in);
	ck_assert_int_gt(before, 0);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		killed_two_hundred_times_the_record_is_whole,
		what_was_not_yet_on_disk_may_be_lost_or_garbled,
		a_reader_beside_the_station_sees_whole_boards_only,
		NULL,
	};

	return rig_run("kill", tests, 90);
}
