/* SPDX-License-Identifier: MIT */
/*
 * The flash operation, in three parts that share one struct:
 *
 *   flash.c        the story: look, show the plan, write, put back if that fails, let go
 *   flash_look.c   what is there: the chip, banks, protection, the content of the sectors
 *   flash_write.c  makes sectors hold what is wanted, and proves it; for the new content and for
 *                  putting the old one back
 *
 * plan.h has the sectors and what is to become of them.
 */
#ifndef STMFW_FLASH_H
#define STMFW_FLASH_H

#include "bank.h"
#include "chip.h"
#include "digest.h"
#include "plan.h"
#include "protect.h"
#include "scratch.h"

/* A part of a bank that has been read, and that the chip is to confirm. */
struct flash_span {
	const stmfw_bank *bank;
	uint64_t offset; /* in the bank */
	uint64_t length;
	uint8_t *bytes;
};

/* What is awaited. */
enum look_step {
	LOOK_BEGIN,
	LOOK_BANKS,    /* which banks are there?                           */
	LOOK_CHIP,     /* which one? is it protected against reading?      */
	LOOK_APPROVED, /* the user says whether it is the right one        */
	LOOK_HALT,
	LOOK_DESCRIBE, /* the sectors of each bank that the image may touch */
	LOOK_SHARE,    /* a file that OpenOCD sees                         */
	LOOK_SUM,      /* checksums of all that lies in touched sectors    */
	LOOK_READ,     /* what must be known byte by byte                  */
	LOOK_PROVE,    /* the chip confirms what was read                  */
	LOOK_REREAD,   /* or, where it cannot: read again, and compare     */
	LOOK_BACKUP    /* the user saves it                                */
};

/* A part of a sector, and what the chip's checksum of it says. */
struct look_part {
	size_t sector; /* of plan.sectors */
	struct sector_part part;
};

struct look {
	enum look_step step;
	size_t current;           /* bank or span             */
	const stmfw_bank *all_banks;
	size_t all_count;
	struct identify_job identify;
	stmfw_chip chip;
	bool identified;
	struct look_part *parts;  /* ranges[i] belongs to parts[i] */
	struct digest_range *ranges;
	size_t part_count;
	struct flash_span *spans;
	size_t span_count;
	uint64_t read_total;
	uint64_t received;        /* of the current span      */
	bool differs;             /* the second read          */
	int refused;              /* by the user's callback   */
};

enum write_goal { WRITE_NEW, WRITE_OLD };

/* What is awaited. */
enum write_step {
	WRITE_BEGIN,
	WRITE_RECOVER, /* a reset, before something that failed is repeated */
	WRITE_CHECK,   /* putting back: which sectors hold the old content after all? */
	WRITE_ERASE,
	WRITE_ERASED,  /* the user is told */
	WRITE_BYTES,
	WRITE_WRITTEN, /* the user is told */
	WRITE_ALL,     /* the user is told that proving begins */
	WRITE_PROVE,   /* checksums of all that was written          */
	WRITE_REREAD,  /* or, where there are none, or one is wrong: its bytes */
	WRITE_PROVEN   /* the user is told */
};

/* Sectors that follow each other and are treated alike in one go. */
struct piece {
	size_t first, count; /* of plan.sectors */
	bool erases, writes;
	uint64_t length;  /* of all of them                */
	size_t bytes;     /* to be written from their start */
	uint64_t sent_ns;
};

struct write {
	enum write_goal goal;
	enum write_step step;
	struct piece piece;
	uint64_t piece_limit;
	uint64_t speed; /* bytes per second of the last piece; 0: not known yet */
	uint64_t erased, erase_total; /* bytes, for progress */
	uint64_t written, write_total;
	uint64_t prove_total;
	size_t *proving; /* ranges[i] is sector proving[i] */
	struct digest_range *ranges;
	size_t proving_count, current;
	uint64_t received;   /* of the sector that is read back */
	uint64_t differing;  /* bytes of it                     */
	uint64_t first_bad;  /* address                         */
	uint8_t is, should;  /* there                           */
};

enum flash_step {
	FLASH_BEGIN,
	FLASH_LOOK,
	FLASH_PLAN,    /* the user is shown it */
	FLASH_UNLOCK,  /* write protection is removed */
	FLASH_WRITE,
	FLASH_RECOVER, /* a reset, before the old content is put back */
	FLASH_RESTORE,
	FLASH_AFTER
};

/* Why it failed, while the rest is put in order. */
struct failure {
	stmfw_result res; /* text and advice are in the arena */
	const char *log;
	size_t log_len;
};

struct flash {
	stmfw_flash_opts o;
	enum flash_step step;
	stmfw_bank *banks;       /* that the image may touch */
	size_t bank_count;
	const char *target;      /* whose flash this is about */
	struct plan plan;
	stmfw_plan shown;
	stmfw_flash_report report;
	stmfw_span *open;        /* room for the report: memory may have run out by then */
	struct scratch scratch;
	struct digest digest;
	bool can_digest;         /* false once the chip could not */
	bool was_reset;          /* so it is to be let go         */
	struct look look;
	struct protect_job unlock;
	struct write write;
	struct failure failure; /* res.status STMFW_OK: none so far */
	int refused;            /* by the plan callback             */
	stmfw_progress progress; /* to be told */
};

/* The one that is told next, with MOVE_OFFER. */
void stmfw__flash_progress(struct op *op, const char *step, uint64_t done, uint64_t total);
void stmfw__flash_tell(struct op *op);

const stmfw_bank *stmfw__flash_bank_of(const struct flash *f, unsigned int number);
/* Calls the digest. Badly ended: the chip cannot, and the bytes must be read. */
enum move stmfw__flash_ask_for_sums(struct op *op, struct digest_range *ranges, size_t count);

extern const struct op_kind stmfw__flash_look_kind;
extern const struct op_kind stmfw__flash_write_kind;

#endif
