/* SPDX-License-Identifier: MIT */
/*
 * Power cuts and full disks, one at each single write and sync.
 *
 * SQLite's own file functions are used, with ours in front of write and sync. After each sync the
 * file is copied: the copies are what a power cut leaves at worst, where nothing of what was not
 * synced has reached the disk. Each such pair of copies has to be a whole record that has every
 * board whose record_board() had returned.
 */
#include "rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOARDS 30

enum fault { FAULT_NONE, FAULT_WRITE_FULL, FAULT_SYNC_FAILS, FAULT_POWER };

static struct rig rig;
static struct {
	enum fault fault;
	unsigned int countdown; /* calls until it happens     */
	unsigned int syncs, writes;
	int64_t told; /* boards that were recorded  */
	char durable[160]; /* the copy of the record     */
} power;

static sqlite3_vfs vfs;
/* Of the record itself and of its journal; SQLite's functions for them are not the same. */
enum { MAIN, WAL };
static const sqlite3_io_methods *real_methods[2];
static sqlite3_io_methods methods[2];

/* ---- the disk ---- */

static bool happens(enum fault fault)
{
	return power.fault == fault && power.countdown > 0 && --power.countdown == 0;
}

static int kind_of(const sqlite3_file *file)
{
	return file->pMethods == &methods[WAL] ? WAL : MAIN;
}

static int our_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 at)
{
	power.writes++;
	if (happens(FAULT_WRITE_FULL))
		return SQLITE_FULL;
	return real_methods[kind_of(file)]->xWrite(file, data, length, at);
}

/* What the disk has of it now is what it keeps. */
static void keep(sqlite3_file *file)
{
	char from[160], to[200];
	const char *suffix = kind_of(file) == WAL ? "-wal" : "";

	snprintf(from, sizeof(from), "%s%s", rig.path, suffix);
	snprintf(to, sizeof(to), "%s%s", power.durable, suffix);
	rig_copy(from, to);
}

/* Our disk is the copy; that of this machine need not be waited for. */
static int our_sync(sqlite3_file *file, int flags)
{
	(void)flags;
	power.syncs++;
	if (happens(FAULT_SYNC_FAILS))
		return SQLITE_IOERR_FSYNC;
	bool cut = happens(FAULT_POWER);
	if (power.fault != FAULT_POWER || cut || power.countdown > 0)
		keep(file);
	return cut ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int our_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
	sqlite3_vfs *real = self->pAppData;
	int code = real->xOpen(real, name, file, flags, out);

	if (code != SQLITE_OK || !name || strncmp(name, rig.path, strlen(rig.path)) != 0 ||
	    !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
		return code;
	int kind = flags & SQLITE_OPEN_WAL ? WAL : MAIN;
	real_methods[kind] = file->pMethods;
	methods[kind] = *real_methods[kind];
	methods[kind].xWrite = our_write;
	methods[kind].xSync = our_sync;
	file->pMethods = &methods[kind];
	return code;
}

static void disk_open(void)
{
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);

	rig_open(&rig);
	memset(&power, 0, sizeof(power));
	snprintf(power.durable, sizeof(power.durable), "%s/durable.db", rig.dir);
	if (!vfs.pAppData) {
		vfs = *real;
		vfs.zName = "power";
		vfs.pAppData = real;
		vfs.xOpen = our_open;
	}
	ck_assert_int_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

static void disk_close(void)
{
	sqlite3_vfs_unregister(&vfs);
	rig_close(&rig);
}

/* ---- what the power cut left ---- */

static void ascending_without_holes(const char *path, const char *table)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT coalesce(max(id), 0) - count(*) FROM %s", table);
	ck_assert_int_eq(rig_number(path, sql), 0);
}

/* A whole record with all that was told; opened by the record itself, and it goes on. */
static void durable_is_whole(void)
{
	char path[160];

	if (access(power.durable, F_OK) != 0)
		rig_copy(rig.path, power.durable); /* made complete by other means than SQLite */
	strcpy(path, power.durable);
	rig.recipe.record = path;
	sqlite3_vfs_unregister(&vfs);
	struct record *rec = rig_record(&rig);
	int64_t boards = rig_number(path, "SELECT count(*) FROM boards WHERE result = 'pass'");
	ck_assert_msg(boards >= power.told && boards <= power.told + 1, "%lld boards, %lld told",
		      (long long)boards, (long long)power.told);
	ck_assert_int_eq(rig_number(path, "SELECT count(*) FROM serials"), boards);
	ck_assert_int_eq(rig_number(path, "SELECT coalesce(max(number), 0) FROM serials"), boards);
	ck_assert_int_eq(rig_number(path, "SELECT count(*) FROM steps"), boards * RIG_STEPS);
	ck_assert_int_eq(
		rig_number(path, "SELECT count(*) FROM outbox WHERE topic = 'site/A/board'"),
		boards);
	ascending_without_holes(path, "outbox");
	ascending_without_holes(path, "boards");
	ck_assert_int_eq(rig_pass(&rig, rec, "next"), boards + 1);
	record_close(rec);
	rig.recipe.record = rig.path;
}

/* Boards until the fault strikes. Returns how many were told. */
static int64_t work(struct record *rec)
{
	for (int i = 0; i < BOARDS; i++) {
		char uid[16], text[RECORD_SERIAL];
		int64_t number = rig_take(&rig, rec, text);

		snprintf(uid, sizeof(uid), "u%d", i);
		struct record_board board = rig_board(uid, number, text);
		if (!record_board(rec, &board, NULL, rig.why))
			break;
		power.told++;
	}
	return power.told;
}

START_TEST(at_every_sync_the_disk_has_every_board_that_was_told)
{
	unsigned int step = getenv("STMFW_TEST_SHORT") ? 7 : 1;
	unsigned int at = 1;
	int64_t told;

	do {
		struct record *rec;

		disk_open();
		power.fault = FAULT_POWER;
		power.countdown = at;
		told = record_open(&rec, &rig.recipe, "anna", rig.why) ? work(rec) : 0;
		power.countdown = power.countdown > 0 ? 1000 : 0;
		durable_is_whole();
		ck_assert_int_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
		record_close(rec);
		disk_close();
		at += step;
	} while (told < BOARDS);
	ck_assert_uint_ge(at, BOARDS);
}
END_TEST

START_TEST(no_pass_is_told_before_a_sync)
{
	disk_open();
	struct record *rec = rig_record(&rig);
	for (int i = 0; i < 5; i++) {
		unsigned int before = power.syncs;

		rig_pass(&rig, rec, "abc");
		ck_assert_uint_gt(power.syncs, before);
	}
	record_close(rec);
	disk_close();
}
END_TEST

/* ---- a disk that fails and comes back ---- */

static void fails_at(enum fault fault, unsigned int at, const char *words)
{
	char text[RECORD_SERIAL];

	disk_open();
	struct record *rec = rig_record(&rig);
	rig_pass(&rig, rec, "first");
	struct record_board board = rig_board("second", rig_take(&rig, rec, text), text);
	power.fault = fault;
	power.countdown = at;
	bool written = record_board(rec, &board, NULL, rig.why);
	power.fault = FAULT_NONE;
	if (!written) {
		ck_assert_msg(strstr(rig.why, words) && strstr(rig.why, rig.path), "%s", rig.why);
		ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM boards"), 1);
		/* Room was made: the very same board can be recorded. */
		ck_assert_msg(record_board(rec, &board, NULL, rig.why), "%s", rig.why);
	} else {
		ck_assert_uint_gt(at, 1);
	}
	ck_assert_int_eq(rig_number(rig.path, "SELECT count(*) FROM boards"), 2);
	ck_assert_int_eq(rig_number(rig.path, "SELECT max(number) FROM serials"), 2);
	ck_assert_int_eq(rig_pass(&rig, rec, "third"), 3);
	record_close(rec);
	disk_close();
}

START_TEST(a_full_disk_is_said_and_loses_nothing)
{
	for (unsigned int at = 1; at < 30; at++)
		fails_at(FAULT_WRITE_FULL, at, "the disk is full");
}
END_TEST

START_TEST(a_disk_that_fails_to_sync_is_no_pass)
{
	for (unsigned int at = 1; at < 3; at++)
		fails_at(FAULT_SYNC_FAILS, at, "cannot write the record");
}
END_TEST

START_TEST(a_full_disk_at_the_begin_leaves_nothing_half_made)
{
	for (unsigned int at = 1; at < 20; at++) {
		struct record *rec;

		disk_open();
		power.fault = FAULT_WRITE_FULL;
		power.countdown = at;
		if (record_open(&rec, &rig.recipe, "anna", rig.why))
			record_close(rec);
		else
			ck_assert_ptr_nonnull(strstr(rig.why, "full"));
		power.countdown = 0;
		rec = rig_record(&rig);
		ck_assert_int_eq(rig_pass(&rig, rec, "first"), 1);
		record_close(rec);
		disk_close();
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		at_every_sync_the_disk_has_every_board_that_was_told,
		no_pass_is_told_before_a_sync,
		a_full_disk_is_said_and_loses_nothing,
		a_disk_that_fails_to_sync_is_no_pass,
		a_full_disk_at_the_begin_leaves_nothing_half_made,
		NULL,
	};

	return rig_run("power", tests, 60);
}
