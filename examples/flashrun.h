/* SPDX-License-Identifier: MIT */
/*
 * One run that brings an image into flash: what stmfw-flash and stmfw-restore share.
 *
 *     flashrun.c            connect, identify, back up, flash
 *     flashrun_unprotect.c  before that, if asked: remove read protection
 *     flashrun_report.c     the plan and the last words
 */
#ifndef FLASHRUN_H
#define FLASHRUN_H

#include "backup.h"

/* Removing read protection erases the chip, whatever comes of the rest. */
enum flashrun_unprotect {
	UNPROTECT_NOT_ASKED,
	UNPROTECT_ASKED,
	UNPROTECT_NEEDLESS, /* it was off */
	UNPROTECT_TRIED,    /* what came of it is not known */
	UNPROTECT_DONE
};

struct flashrun;

/* The chip is known, nothing has been erased: may it be done? False: after cli_fail(). */
typedef bool (*flashrun_check)(struct flashrun *run);

struct flashrun {
	struct cli cli;
	struct session session;
	struct board board;
	stmfw_image *image;
	const char *path;         /* its file, for messages               */
	stmfw_flash_opts opts;    /* image, bank, flags, after            */
	enum flashrun_unprotect unprotect;
	unsigned int *numbers;    /* flashrun_unprotect.c: banks that are known */
	stmfw_span *banks;        /* and where they lie                   */
	size_t number_count, probed, bank_count;
	flashrun_check check;     /* may be NULL                          */
	const char *doing;        /* completes "cannot ..."               */
	const char *repair;       /* the command that repairs a mixture   */
	const char *if_protected; /* advice for read protection level 1   */
	/* A backup before anything is changed; file NULL: none. */
	struct backup_opts backup;
	struct image *saved;
	size_t saved_count;
	/* How it ended. */
	bool has_report;
	enum stmfw_content content;
	uint64_t planned, proven, written;
	uint64_t to_write, shown; /* progress of writing */
	size_t erased, skipped, changed;
	unsigned int retries;
	uint64_t elapsed_ms;
	/* Sectors that must change and are write protected, if --unlock asks for them. */
	stmfw_sector *sectors;    /* of opts.bank, as they were */
	size_t sector_count, unlocked;
	json_t *open;             /* spans */
};

/* "run", "halt" or "reset". */
bool flashrun_parse_after(enum stmfw_after *after, const char *value);
/* Loads the image. False: after cli_fail(). */
bool flashrun_load(struct flashrun *run, const char *path, const stmfw_image_opts *opts);
/* From connecting to the last word; returns the exit code, and releases what the run has. */
int flashrun_main(struct flashrun *run);

/* ---- between the parts ---- */

void flashrun_leave(struct flashrun *run);
/* Checks what a call returned: its callback will come, or we leave. */
void flashrun_expect(struct flashrun *run, int err);
/* False: it did not, and cli knows why. */
bool flashrun_went_well(struct flashrun *run, const char *doing, const stmfw_result *res);
/* Connected: removes read protection if there is any, and goes on with flashrun_flash(). */
void flashrun_unprotect(struct flashrun *run);
void flashrun_flash(struct flashrun *run);

/* ---- flashrun_report.c ---- */

void flashrun_show_plan(struct flashrun *run, const stmfw_plan *plan);
void flashrun_keep_report(struct flashrun *run, const stmfw_flash_report *report);
int flashrun_report(struct flashrun *run);

#endif
