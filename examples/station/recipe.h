/* SPDX-License-Identifier: MIT */
/*
 * What a station does: sites, images, steps, limits, from one YAML file. docs/station.md describes
 * the file; recipe_load() accepts nothing else.
 *
 * A recipe never changes once it is loaded. Times are in the unit of their name. Paths are as they are
 * to be opened: what is relative in the file is so to the recipe's folder.
 */
#ifndef RECIPE_H
#define RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stmfw.h>

#include "../digest.h"
#include "faults.h"

#define RECIPE_WHY  1024 /* room for what is wrong, with file and line where they are known */
#define RECIPE_NAME 63   /* bytes of any name, at most */

struct recipe_site {
	char *name;
	char *openocd;     /* an address as --openocd has it, exec: included; or NULL and: */
	char **start;      /* the words that start OpenOCD for this site; the first can be run  */
	unsigned int start_count;
	char *adapter_serial; /* of its probe; added to the words as `adapter serial`; NULL: none */
	char *usb_path;       /* the same, as `adapter usb location`; NULL: none                   */
};

struct recipe_image {
	char *name;
	char *file;        /* as the recipe has it                       */
	char *sha256;      /* 64 hex digits, lower case                  */
	char *type;        /* "bin", "hex", "srec", "elf"; NULL: told by content */
	uint64_t *address; /* of a binary; NULL: the bank's              */
	char *path;        /* made by recipe_load(): where it is         */
};

/* What a board has to be. NULL: not looked at. */
struct recipe_chip {
	uint32_t *device_id;
	uint32_t *revision_id;
	uint32_t *flash_kib;
	bool uid; /* it must have a unique id */
};

enum recipe_step_kind {
	STEP_IDENTIFY,
	STEP_BACKUP,
	STEP_UNPROTECT,
	STEP_ERASE,
	STEP_FLASH,
	STEP_SERIAL,
	STEP_VERIFY,
	STEP_PROTECT,
	STEP_OPTIONS,
	STEP_RUN,
	STEP_MEMORY,
	STEP_EXEC,
	STEP_TCL
};

#define RECIPE_STEP_KINDS (STEP_TCL + 1)

enum serial_source { SERIAL_COUNTER, SERIAL_LIST, SERIAL_UID, SERIAL_COMMAND };
enum serial_format { SERIAL_ASCII, SERIAL_U32, SERIAL_HEX };

/* Each kind uses the fields that are named with it; the others are 0. */
struct recipe_step {
	enum recipe_step_kind kind;
	char *name;              /* as it is shown and recorded; never NULL, and no other has it */
	uint32_t timeout_s;      /* exec, tcl, memory, serial (its command): how long; others: by the
				    library */
	unsigned int retries;    /* further attempts if it fails; exec, tcl, memory: 0 unless said */
	/* backup: directory for UID.bin and its manifest */
	char *directory;
	/* flash, verify: names of images, at least one */
	char **images;
	unsigned int image_count;
	bool keep;               /* flash: what lies around the images in touched sectors */
	bool unlock;             /* flash, erase: remove write protection                  */
	/* memory: expect (value at address & mask) == expect, within timeout_s */
	uint64_t address;
	unsigned int width;      /* 8, 16 or 32 */
	uint32_t expect;
	/* options: what the option bytes shall be, as stmfw_options_write() has it */
	uint32_t value;
	uint32_t mask;           /* memory, options: which bits; never 0 */
	/* exec: words of a program, which runs in the recipe's folder; tcl: the script */
	char **command;
	unsigned int command_count;
	char *script;
};

struct recipe_serial {
	enum serial_source source;
	enum serial_format format;
	uint64_t address;        /* in flash */
	uint64_t first, last;    /* counter; last: up to INT64_MAX */
	char *prefix;            /* counter, ascii: in front of the number; never NULL  */
	unsigned int digits;     /* counter, ascii: with leading zeros; 0: as many as it takes */
	char *file;              /* list: one number in each line                         */
	char **command;          /* command: its first line of output is the number; as exec  */
	unsigned int command_count;
	unsigned int length;     /* bytes in flash; ascii: the most, filled up with 00        */
	char *lease;             /* counter: PostgreSQL connection string for blocks; NULL: none */
	unsigned int lease_block; /* numbers of one block                                        */
};

struct recipe_limits {
	unsigned int fails_in_row;  /* then the site locks; 0: never           */
	uint32_t board_timeout_s;   /* for all steps of one board              */
	bool repeat_known;          /* a UID that has passed is done again, with another number */
};

struct recipe_mqtt {
	char *host;
	uint16_t port;
	char *topic;       /* first part of all topics */
	char *credentials; /* a file with user name and password in two lines; NULL: none */
	char *ca_file;     /* TLS; NULL: none */
	bool version5;
};

struct recipe {
	char *station;
	char *record;          /* path of the SQLite file, as it is to be opened */
	struct recipe_site *sites;
	unsigned int site_count;
	struct recipe_image *images;
	unsigned int image_count;
	struct recipe_chip chip;
	struct recipe_step *steps;
	unsigned int step_count;
	struct recipe_serial *serial; /* NULL: no serial step */
	struct recipe_limits limits;
	struct recipe_mqtt *mqtt;     /* NULL: none */
	char path[4096];              /* of the file  */
	char sha256[DIGEST_TEXT];     /* of the file  */
};

/* False: why says what is wrong, and where in the file, in one line that any terminal can show. */
bool recipe_load(struct recipe **out, const char *path, char why[RECIPE_WHY]);
/* The same from memory. */
bool recipe_parse(struct recipe **out, const char *path, const void *bytes, size_t length,
		  char why[RECIPE_WHY]);
/*
 * What loading cannot see: images exist, have the digest that the recipe says and can be read;
 * every site has a probe of its own; programs can be found; the record can be opened or made; the
 * serial fits where it is to be.
 */
void recipe_check(const struct recipe *r, struct faults *faults);
void recipe_free(struct recipe *r);

const struct recipe_image *recipe_image(const struct recipe *r, const char *name);
const char *recipe_step_name(enum recipe_step_kind kind);

#endif
