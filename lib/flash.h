/* SPDX-License-Identifier: MIT */
/*
 * The flash operation, in parts that share one struct:
 *
 *   flash.c         the story: find, look, show the plan, write, put back if that fails, let go
 *   flash_find.c    which chip, which banks, which sectors
 *   flash_old.c     what these sectors hold, before anything is changed
 *   flash_write.c   makes them hold what is wanted: the new content, or the old one again
 *   flash_prove.c   whether they do
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
#include "read_flash.h"
#include "target.h"

/* ---- flash_find.c: which chip, which sectors ---- */

/* What is awaited. */
enum find_step {
	FIND_BEGIN,
	FIND_BANKS,    /* which banks are there?                            */
	FIND_CHIP,     /* which one? is it protected against reading?       */
	FIND_APPROVED, /* the user says whether it is the right one         */
	FIND_HALT,
	FIND_DESCRIBE  /* the sectors of each bank that the image may touch */
};

struct flash_find {
	enum find_step step;
	const stmfw_bank *all_banks;
	size_t all_count;
	size_t current; /* bank */
	struct identify_job identify;
	stmfw_chip chip;
	bool identified;
	int refused; /* by the user */
};

/* ---- flash_old.c: what these sectors hold ---- */

enum old_step {
	OLD_BEGIN,
	OLD_SHARE,  /* how bytes travel                                  */
	OLD_SUM,    /* checksums of all that lies in touched sectors     */
	OLD_READ,   /* what must be known byte by byte                   */
	OLD_PROVE,  /* the chip confirms what was read                   */
	OLD_REREAD, /* or, where it cannot: read again, and compare      */
	OLD_BACKUP  /* the user saves it                                 */
};

/* A part of a bank that has been read, and that the chip is to confirm. */
struct flash_span {
	const stmfw_bank *bank;
	uint64_t offset; /* in the bank */
	uint64_t length;
	uint8_t *bytes;
};

/* A part of a sector that the chip makes a checksum of. */
struct flash_part {
	size_t sector; /* of plan.sectors */
	struct sector_part part;
};

struct flash_old {
	enum old_step step;
	struct flash_part *parts; /* ranges[i] belongs to parts[i] */
	struct digest_range *ranges;
	size_t part_count;
	struct {
		uint64_t length; /* 0: none yet */
		uint8_t value;
		uint32_t crc;
	} blank; /* the last checksum of erased flash that was needed */
	struct flash_span *spans;
	size_t span_count, current;
	uint64_t read_total;
	uint64_t received; /* of the current span    */
	bool differs;      /* the second read        */
	bool saved;        /* the backup has been made */
	int refused;       /* by the backup callback */
};

/* ---- flash_write.c: sectors made to hold what is wanted ---- */

enum write_goal { WRITE_NEW, WRITE_OLD };

enum write_step {
	WRITE_BEGIN,
	WRITE_RECOVER, /* a reset, before something that failed is repeated */
	WRITE_CHECK,   /* putting back: which sectors hold the old content after all? */
	WRITE_ERASE,
	WRITE_ERASED,  /* the user is told */
	WRITE_BYTES,
	WRITE_WRITTEN, /* the user is told */
	WRITE_ALL,     /* the user is told that proving begins */
	WRITE_PROVE,
	WRITE_PROVEN   /* the user is told */
};

/* Sectors that follow each other and are treated alike in one go. */
struct flash_piece {
	size_t first, count; /* of plan.sectors */
	bool erases, writes;
	uint64_t length;  /* of all of them                */
	size_t bytes;     /* to be written from their start */
	size_t done;      /* of these, with earlier commands */
	size_t part;      /* with the current one            */
	uint64_t sent_ns;
};

struct flash_write {
	enum write_goal goal;
	enum write_step step;
	struct flash_piece piece;
	uint64_t piece_limit;
	uint64_t speed; /* bytes per second of the last piece; 0: not known yet */
	uint64_t erased, erase_total; /* bytes, for progress */
	uint64_t written, write_total;
	uint64_t prove_total;
	unsigned int unproven; /* times that the chip could not even be looked at */
};

/* ---- flash_prove.c: do they? ---- */

enum prove_step { PROVE_BEGIN, PROVE_SUMS, PROVE_READ };

struct flash_prove {
	enum prove_step step;
	bool sums_only;   /* a sector whose checksum differs is not looked at closer */
	size_t *list;     /* ranges[i] is sector list[i] */
	struct digest_range *ranges;
	size_t count, current;
	uint64_t received;  /* of the sector that is read back */
	/* The first sector that holds something else. */
	uint64_t differing; /* bytes of it                     */
	uint64_t address;   /* of the first of them            */
	uint8_t is, should; /* there                           */
};

/* ---- flash.c: the story ---- */

/* What is awaited. */
enum flash_step {
	FLASH_BEGIN,
	FLASH_FIND,
	FLASH_OLD,
	FLASH_PLAN,    /* the user is shown it */
	FLASH_UNLOCK,  /* write protection is removed */
	FLASH_OLD_AGAIN, /* which may have let the firmware run, and change its flash */
	FLASH_WRITE,
	FLASH_RECOVER, /* a reset, before the old content is put back */
	FLASH_RESTORE,
	FLASH_AFTER
};

/* Why it failed, while the rest is put in order. */
struct flash_failure {
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
	struct carrier carrier;
	struct read_job read;      /* each of these serves all calls: what puts things in order */
	struct control_job reset;  /* must not need memory                                      */
	struct digest digest;
	bool can_digest;         /* false once the chip could not run our program */
	bool was_reset;          /* so it is to be let go         */
	uint64_t sent_ns;
	uint64_t request_us;      /* how long a small request takes                */
	uint64_t read_us_per_kib; /* and reading; 0: nothing has been read so far  */
	struct flash_find find;
	struct flash_old old;
	struct protect_job unlock;
	struct flash_write write;
	struct flash_prove prove;
	struct flash_failure failure; /* res.status STMFW_OK: none so far */
	int refused;            /* by the plan callback             */
	stmfw_progress progress; /* to be told */
};

/* The one that is told next, with MOVE_OFFER. */
void stmfw__flash_progress(struct op *op, const char *step, uint64_t done, uint64_t total);
void stmfw__flash_tell(struct op *op);

const stmfw_bank *stmfw__flash_bank_of(const struct flash *f, unsigned int number);
/* Calls the digest. Badly ended: the chip cannot, and the bytes must be read. */
enum move stmfw__flash_ask_for_sums(struct op *op, struct digest_range *ranges, size_t count);

/* Another stepper, with a job that needs no memory. */
enum move stmfw__flash_reset(struct op *op, enum stmfw_reset_mode mode);
/* What a sector is to hold, by the goal of writing: `length` bytes from an offset in it; and their
   CRC-32. */
void stmfw__flash_wanted(const struct flash *f, const struct sector *s, uint64_t offset,
			 uint8_t *out, size_t length);
uint32_t stmfw__flash_wanted_crc(const struct flash *f, const struct sector *s, uint64_t offset,
				 uint64_t length);
/* Room for the proofs, before anything is erased. False: no memory. */
bool stmfw__flash_prove_prepare(struct flash *f, struct arena *a);

/* The job of each is the struct flash. */
extern const struct op_kind stmfw__flash_find_kind;
extern const struct op_kind stmfw__flash_old_kind;
extern const struct op_kind stmfw__flash_write_kind;
/* Sectors with WORK_PROVE: proven, or then WORK_WRONG. */
extern const struct op_kind stmfw__flash_prove_kind;

#endif
