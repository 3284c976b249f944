/* SPDX-License-Identifier: MIT */
/*
 * What the parts of stmfw-backup share:
 *
 *     backup.c         begin and end; what is found out before the chip is touched
 *     backup_copy.c    one bank after the other: probe, read, prove
 *     backup_opts.c    the command line
 *     backup_save.c    names, files, manifest
 *     backup_report.c  the last words
 */
#ifndef BACKUP_H
#define BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "cli.h"
#include "digest.h"
#include "dumpcheck.h"
#include "visit.h"

enum backup_verify { VERIFY_CRC, VERIFY_REREAD, VERIFY_NONE };

#define BANK_ALL (-1)

struct backup_opts {
	const char *file; /* NULL: make a name */
	bool force;
	const char *spare; /* a file that is needed and must not be replaced, or NULL */
	int bank;         /* number, or BANK_ALL */
	uint64_t offset;
	uint64_t length;  /* 0: to the end */
	uint64_t size;    /* 0: what the chip says */
	enum backup_verify verify;
	enum visit_after after;
};

/* One bank's range on its way from the chip to a file. */
struct image {
	unsigned int bank;
	char name[64], driver[64], target[64];
	uint64_t base, offset, length;
	bool is_part; /* of the bank */
	char *path;
	uint8_t *data;
	char sha256[DIGEST_TEXT];
	struct dump_verdict verdict;
	json_t *manifest; /* NULL until it is saved */
};

/* Where the second of two reads is not what the first was. */
struct difference {
	uint64_t places, bytes, first;
	bool inside;
};

struct backup {
	struct visit visit;
	struct backup_opts opts;
	struct image *images;
	size_t count, current;
	const char *step; /* for progress */
	uint64_t received; /* bytes of the running read */
	struct difference difference;
};

/* ---- backup_copy.c ---- */

/* The chip is halted: copies images[current] and those behind it, and leaves. */
void backup_copy_bank(struct backup *b);
/* Before that: does the range that was asked for lie in the bank? Then the chip is halted. */
void backup_check_range(struct backup *b);

/* ---- backup_opts.c ---- */

/* False: nothing more is to be done, cli knows why. */
bool backup_parse(struct backup_opts *opts, struct cli *cli, int argc, char **argv);

/* "crc", "reread", "none" */
const char *backup_verify_name(enum backup_verify verify);

/* ---- backup_save.c ---- */

/* May a backup get this name? False: after cli_fail(). */
bool backup_may_be_made(const char *path, const struct backup_opts *opts, struct cli *cli);
/* Names the image's file. False: after cli_fail(), also when that file may not be made. */
bool backup_choose_path(struct image *image, const struct backup_opts *opts,
			const struct board *board, bool one_of_many, struct cli *cli);
/* The file and its manifest, both or none. False: after cli_fail(). */
bool backup_save(struct image *image, const struct backup_opts *opts, const struct board *board,
		 const stmfw_server *server, struct cli *cli);

/* ---- backup_report.c ---- */

/* Says how it went and returns the exit code. */
int backup_report(struct cli *cli, const struct backup_opts *opts, const struct board *board,
		  const struct image *images, size_t count);

#endif
