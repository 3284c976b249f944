/* SPDX-License-Identifier: MIT */
/*
 * test_recipe.c - recipes from text: what a good one becomes, and what is said of bad ones.
 *
 * A bad recipe is the good one with one thing replaced. What is said must have the words, and name
 * the line; for both the user's eyes are what counts.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recipe.h"
#include "serial.h"

#define SHA   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ITEMS(a) (sizeof(a) / sizeof((a)[0]))

/* Line by line, as the tests name lines. */
static const char good[] =
	"station: line3\n"                                                         /*  1 */
	"record: line3.sqlite\n"                                                   /*  2 */
	"sites:\n"                                                                 /*  3 */
	"  - name: A\n"                                                            /*  4 */
	"    openocd: 127.0.0.1:6666\n"                                            /*  5 */
	"  - name: B\n"                                                            /*  6 */
	"    start: [openocd, -f, board.cfg]\n"                                    /*  7 */
	"    adapter_serial: 066DFF48\n"                                           /*  8 */
	"    usb_path: 1-3.2\n"                                                    /*  9 */
	"images:\n"                                                                /* 10 */
	"  - name: boot\n"                                                         /* 11 */
	"    file: images/boot.bin\n"                                              /* 12 */
	"    sha256: " SHA "\n"                                                    /* 13 */
	"    address: 0x08000000\n"                                                /* 14 */
	"  - name: app\n"                                                          /* 15 */
	"    file: /firmware/app.hex\n"                                            /* 16 */
	"    sha256: " SHA "\n"                                                    /* 17 */
	"chip: { device_id: 0x410, flash_kib: 64 }\n"                              /* 18 */
	"serial:\n"                                                                /* 19 */
	"  source: counter\n"                                                      /* 20 */
	"  format: ascii\n"                                                        /* 21 */
	"  address: 0x0800f000\n"                                                  /* 22 */
	"  first: 1\n"                                                             /* 23 */
	"  last: 9999\n"                                                           /* 24 */
	"  prefix: SN-\n"                                                          /* 25 */
	"  digits: 4\n"                                                            /* 26 */
	"  length: 16\n"                                                           /* 27 */
	"limits: { fails_in_row: 5, board_timeout_s: 200, repeat_known: true }\n"  /* 28 */
	"mqtt: { host: broker, version: 5, topic: plant/line3 }\n"                 /* 29 */
	"steps:\n"                                                                 /* 30 */
	"  - identify: {}\n"                                                       /* 31 */
	"  - backup: { directory: backups }\n"                                     /* 32 */
	"  - unprotect: {}\n"                                                      /* 33 */
	"  - erase: { unlock: true }\n"                                            /* 34 */
	"  - flash: { images: [boot, app], keep: true, retries: 2 }\n"             /* 35 */
	"  - serial: {}\n"                                                         /* 36 */
	"  - verify: { images: [boot, app] }\n"                                    /* 37 */
	"  - memory: { address: 0x20000000, width: 32, expect: 0xc0ffee, timeout_s: 7, name: test }\n"
	"  - exec: { command: [./check.sh, \"--fast\"], timeout_s: 30 }\n"         /* 39 */
	"  - options: { value: 0x16800, mask: 0x3fc00 }\n"                        /* 40 */
	"  - protect: {}\n"                                                        /* 41 */
	"  - tcl: { script: \"echo [version]\" }\n"                                /* 42 */
	"  - run: {}\n"                                                            /* 43 */
	"  - run: {}\n";                                                           /* 44 */

static struct recipe *parse(const char *text, const char *path, char why[RECIPE_WHY])
{
	struct recipe *r = NULL;

	strcpy(why, "");
	if (!recipe_parse(&r, path, text, strlen(text), why)) {
		ck_assert_ptr_null(r);
		ck_assert_msg(why[0] && !strpbrk(why, "\n\r\t"), "no line: %s", why);
	}
	return r;
}

/* The good recipe with the first `from` replaced. */
static char *changed(const char *from, const char *to)
{
	const char *at = strstr(good, from);
	char *text;

	ck_assert_msg(at, "not in the recipe: %s", from);
	ck_assert_int_gt(asprintf(&text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from)), 0);
	return text;
}

static struct recipe *parse_changed(const char *from, const char *to, char why[RECIPE_WHY])
{
	char *text = changed(from, to);
	struct recipe *r = parse(text, "line3.yaml", why);

	free(text);
	return r;
}

/* ---- good ones ---- */

START_TEST(sites_images_and_chip)
{
	char why[RECIPE_WHY];
	struct recipe *r = parse(good, "conf/line3.yaml", why);

	ck_assert_msg(r, "%s", why);
	ck_assert_str_eq(r->station, "line3");
	ck_assert_str_eq(r->record, "conf/line3.sqlite");
	ck_assert_str_eq(r->path, "conf/line3.yaml");
	ck_assert_uint_eq(strlen(r->sha256), 64);
	ck_assert_uint_eq(r->site_count, 2);
	ck_assert_str_eq(r->sites[0].openocd, "127.0.0.1:6666");
	ck_assert_ptr_null(r->sites[0].start);
	ck_assert_uint_eq(r->sites[1].start_count, 3);
	ck_assert_str_eq(r->sites[1].start[0], "openocd");
	ck_assert_str_eq(r->sites[1].start[2], "board.cfg");
	ck_assert_str_eq(r->sites[1].adapter_serial, "066DFF48");
	ck_assert_str_eq(r->sites[1].usb_path, "1-3.2");
	ck_assert_uint_eq(r->image_count, 2);
	ck_assert_str_eq(r->images[0].file, "images/boot.bin");
	ck_assert_str_eq(r->images[0].path, "conf/images/boot.bin");
	ck_assert_uint_eq(*r->images[0].address, 0x08000000);
	ck_assert_str_eq(r->images[1].path, "/firmware/app.hex");
	ck_assert_ptr_null(r->images[1].address);
	ck_assert_ptr_eq(recipe_image(r, "app"), &r->images[1]);
	ck_assert_ptr_null(recipe_image(r, "other"));
	ck_assert_uint_eq(*r->chip.device_id, 0x410);
	ck_assert_uint_eq(*r->chip.flash_kib, 64);
	ck_assert_ptr_null(r->chip.revision_id);
	ck_assert(r->chip.uid);
	recipe_free(r);
}
END_TEST

START_TEST(steps_in_their_order)
{
	static const enum recipe_step_kind kinds[] = {
		STEP_IDENTIFY, STEP_BACKUP, STEP_UNPROTECT, STEP_ERASE, STEP_FLASH, STEP_SERIAL,
		STEP_VERIFY, STEP_MEMORY, STEP_EXEC, STEP_OPTIONS, STEP_PROTECT, STEP_TCL, STEP_RUN,
		STEP_RUN
	};
	char why[RECIPE_WHY];
	struct recipe *r = parse(good, "conf/line3.yaml", why);

	ck_assert_msg(r, "%s", why);
	ck_assert_uint_eq(r->step_count, ITEMS(kinds));
	for (unsigned int i = 0; i < r->step_count; i++)
		ck_assert_int_eq(r->steps[i].kind, kinds[i]);
	ck_assert_str_eq(r->steps[1].directory, "conf/backups");
	ck_assert(r->steps[3].unlock && r->steps[4].keep && !r->steps[4].unlock);
	ck_assert_uint_eq(r->steps[4].retries, 2);
	ck_assert_uint_eq(r->steps[4].image_count, 2);
	ck_assert_str_eq(r->steps[4].images[1], "app");
	ck_assert_str_eq(r->steps[7].name, "test");
	ck_assert_uint_eq(r->steps[7].address, 0x20000000);
	ck_assert_uint_eq(r->steps[7].expect, 0xc0ffee);
	ck_assert_uint_eq(r->steps[7].mask, UINT32_MAX);
	ck_assert_uint_eq(r->steps[7].timeout_s, 7);
	ck_assert_str_eq(r->steps[8].command[0], "./check.sh");
	ck_assert_str_eq(r->steps[8].command[1], "--fast");
	ck_assert_uint_eq(r->steps[9].value, 0x16800);
	ck_assert_uint_eq(r->steps[9].mask, 0x3fc00);
	ck_assert_uint_eq(r->steps[9].retries, 1);
	ck_assert_str_eq(r->steps[11].script, "echo [version]");
	ck_assert_str_eq(r->steps[12].name, "run");
	ck_assert_str_eq(r->steps[13].name, "run-2");
	ck_assert_str_eq(recipe_step_name(STEP_IDENTIFY), "identify");
	ck_assert_str_eq(recipe_step_name(STEP_TCL), "tcl");
	recipe_free(r);
}
END_TEST

START_TEST(what_is_left_out_has_its_default)
{
	static const char text[] = "record: r.sqlite\n"
				   "sites: [{ name: A, openocd: localhost }]\n"
				   "steps:\n"
				   "  - memory: { address: 0x20000000, width: 8, expect: 1 }\n"
				   "  - exec: { command: [check] }\n"
				   "  - erase: {}\n";
	char why[RECIPE_WHY];
	struct recipe *r = parse(text, "line3.yaml", why);

	ck_assert_msg(r, "%s", why);
	ck_assert(r->station[0]);
	ck_assert_str_eq(r->record, "r.sqlite");
	ck_assert_uint_eq(r->image_count, 0);
	ck_assert(r->chip.uid && !r->chip.device_id);
	ck_assert_uint_eq(r->steps[0].mask, 0xff);
	ck_assert_uint_eq(r->steps[0].timeout_s, 5);
	ck_assert_uint_eq(r->steps[0].retries, 0);
	ck_assert_uint_eq(r->steps[1].timeout_s, 60);
	ck_assert_uint_eq(r->steps[1].retries, 0);
	ck_assert_str_eq(r->steps[1].command[0], "check");
	ck_assert_uint_eq(r->steps[2].retries, 1);
	ck_assert_uint_eq(r->steps[2].timeout_s, 0);
	ck_assert_ptr_null(r->serial);
	ck_assert_ptr_null(r->mqtt);
	ck_assert_uint_eq(r->limits.fails_in_row, 3);
	ck_assert_uint_eq(r->limits.board_timeout_s, 300);
	ck_assert(!r->limits.repeat_known);
	recipe_free(r);
}
END_TEST

START_TEST(serial_limits_and_mqtt)
{
	char why[RECIPE_WHY];
	struct serial s;
	struct recipe *r = parse(good, "line3.yaml", why);

	ck_assert_msg(r, "%s", why);
	ck_assert_int_eq(r->serial->source, SERIAL_COUNTER);
	ck_assert_int_eq(r->serial->format, SERIAL_ASCII);
	ck_assert_uint_eq(r->serial->address, 0x0800f000);
	ck_assert_uint_eq(r->serial->first, 1);
	ck_assert_uint_eq(r->serial->last, 9999);
	ck_assert_uint_eq(r->serial->length, 16);
	ck_assert(serial_from_number(&s, r->serial, 42, why));
	ck_assert_str_eq(s.text, "SN-0042");
	ck_assert(serial_encode(&s, r->serial, why));
	ck_assert_mem_eq(s.bytes, "SN-0042\0\0\0\0\0\0\0\0\0", 16);
	ck_assert_uint_eq(r->limits.fails_in_row, 5);
	ck_assert_uint_eq(r->limits.board_timeout_s, 200);
	ck_assert(r->limits.repeat_known);
	ck_assert_str_eq(r->mqtt->host, "broker");
	ck_assert_str_eq(r->mqtt->topic, "plant/line3");
	ck_assert_uint_eq(r->mqtt->port, 1883);
	ck_assert(r->mqtt->version5);
	recipe_free(r);
}
END_TEST

static const struct {
	const char *from, *to;
} fine[] = {
	{ "fails_in_row: 5", "fails_in_row: 0" },
	{ "mqtt: { host: broker,", "mqtt: { host: broker, ca_file: ca.pem, credentials: c," },
	{ "  length: 16\n", "" },
	{ "  length: 16\n", "  lease: \"host=db dbname=line\"\n  lease_block: 50\n" },
	{ "sha256: e3b0", "sha256: E3B0" },
	{ "station: line3", "\xef\xbb\xbfstation: line3" },
	{ "station: line3", "# a comment\n---\nstation: \"line3\"" },
	{ "images/boot.bin", "\"images/b\\u00f6\\\"ot 1.bin\"" },
	{ "127.0.0.1:6666", "exec:openocd -f 'my board.cfg'" },
	{ "127.0.0.1:6666", "telnet://ocd.example:4444" },
	{ "127.0.0.1:6666", "unix:/run/ocd.sock" },
	{ "  - serial: {}", "  - erase: {}\n  - flash: { images: [app, boot] }\n  - serial: {}" },
};

START_TEST(these_are_fine_as_well)
{
	char why[RECIPE_WHY];
	struct recipe *r = parse_changed(fine[_i].from, fine[_i].to, why);

	ck_assert_msg(r, "%s", why);
	recipe_free(r);
}
END_TEST

/* ---- bad ones ---- */

static const struct {
	const char *from, *to;
	unsigned int line; /* 0: none */
	const char *words;
} bad[] = {
	/* YAML */
	{ "sites:", "sites: [", 4, "this is no YAML" },
	{ "  - name: A", "\t- name: A", 4, "this is no YAML" },
	{ "station: line3", "station: *other", 1, "no anchors" },
	{ "  - name: A", "  - name: &a A", 4, "no anchors" },
	{ "  - name: A", "  - &a\n    <<: *a\n    name: A", 4, "no anchors" },
	{ "first: 1", "first: !!int 1", 23, "no anchors" },
	{ "  - run: {}\n  - run: {}\n", "  - run: {}\n---\nstation: x\n", 44, "second document" },
	{ "station: line3", "station: \"line\\0three\"", 1, "control character" },
	{ "station: line3", "station: \"\\e[31mred\"", 1, "control character" },
	{ "sites:", "? [sites]\n: ", 3, "a key has to be a word" },
	/* shape */
	{ "station: line3", "statoin: line3", 1,
	  "unknown key \"statoin\" in the recipe; it can have: station, record, sites" },
	{ "retries: 2", "retires: 2", 35,
	  "unknown key \"retires\" in \"flash\"; it can have: images, keep, unlock, name, retries" },
	{ "    openocd:", "    \"openocd\\0\":", 5, "unknown key" },
	{ "  - run: {}", "  - runn: {}", 43, "unknown key \"runn\" in \"steps\"" },
	{ "record: line3.sqlite\n", "", 1, "\"record\" is missing in the recipe" },
	{ "    file: images/boot.bin\n", "", 11, "\"file\" is missing in \"images\"" },
	{ "images: [boot, app], keep", "keep", 35, "\"images\" is missing in \"flash\"" },
	{ "record: line3.sqlite", "station: two", 2, "\"station\" is here for the second time" },
	{ "    file: images/boot.bin\n", "    file: a\n    file: b\n", 13, "for the second time" },
	{ "  - identify: {}", "  - identify:", 31, "\"identify\" has to have keys" },
	{ "  - identify: {}", "  - identify", 31, "\"steps\" has to have keys" },
	{ "start: [openocd, -f, board.cfg]", "start: openocd", 7, "\"start\" has to have a list" },
	{ "station: line3", "station: [line3]", 1, "\"station\" has to have a single value" },
	{ "station: line3", "station:", 1, "\"station\" has no value" },
	{ "station: line3", "station: ~", 1, "\"station\" has no value" },
	{ "station: line3", "station: \"\"", 1, "\"station\" must not be empty" },
	{ "start: [openocd, -f, board.cfg]", "start: []", 7, "\"start\" must not be empty" },
	{ "images: [boot, app], keep", "images: [], keep", 35, "\"images\" must not be empty" },
	/* numbers, words */
	{ "retries: 2", "retries: two", 35, "\"retries\" has to be a number" },
	{ "retries: 2", "retries: 2x", 35, "\"retries\" has to be a number" },
	{ "retries: 2", "retries: -1", 35, "\"retries\" has to be a number" },
	{ "retries: 2", "retries: 010", 35, "\"retries\" has to be a number" },
	{ "retries: 2", "retries: 0x", 35, "\"retries\" has to be a number" },
	{ "retries: 2", "retries: 4294967296", 35, "\"retries\" has to be a number" },
	{ "last: 9999", "last: 18446744073709551616", 24, "\"last\" has to be a number" },
	{ "retries: 2", "retries: 11", 35, "\"retries\" has to be from 0 to 10" },
	{ "keep: true", "keep: ture", 35, "\"keep\" can be: true, false; not \"ture\"" },
	{ "chip: { device_id: 0x410, flash_kib: 64 }\nserial:\n  source: counter\n  format: ascii\n"
	  "  address: 0x0800f000\n  first: 1\n  last: 9999\n  prefix: SN-\n  digits: 4\n  length: 16\n",
	  "chip: { uid: false }\nserial: { source: uid, format: hex, address: 0x0800f000 }\n", 19,
	  "made of the unique id, but \"chip\" says that there may be none" },
	{ "  - run: {}", "  - run: { timeout_s: 3 }", 43, "unknown key \"timeout_s\" in \"run\"" },
	{ "mask: 0x3fc00", "mask: 0", 40, "\"mask\" names no bit" },
	{ "value: 0x16800", "value: 0x16801", 40, "bits that \"mask\" does not name: 0x1" },
	{ ", mask: 0x3fc00", "", 40, "\"mask\" is missing in \"options\"" },
	{ "{ value: 0x16800, mask: 0x3fc00 }", "{ script: reset }", 40,
	  "unknown key \"script\" in \"options\"; it can have: value, mask, name, retries" },
	{ "keep: true", "keep: yes", 35, "\"keep\" can be: true, false" },
	{ "source: counter", "source: count", 20, "\"source\" can be: counter, list, uid, command" },
	{ "version: 5", "version: 4", 29, "\"version\" can be: 3.1.1, 5; not \"4\"" },
	/* names */
	{ "station: line3", "station: line 3", 1, "\"line 3\" is no name" },
	{ "name: A", "name: A/../B", 4, "is no name" },
	{ "name: A", "name: ..", 4, "is no name" },
	{ "name: A", "name: --quiet", 4, "is no name" },
	{ "name: A", "name: \"\\u202eA\"", 4, "\"\\xe2\\x80\\xaeA\" is no name" },
	{ "name: A", "name: B", 6, "there are two sites \"B\"" },
	{ "name: boot", "name: app", 15, "there are two images \"app\"" },
	{ "timeout_s: 30", "name: test", 39, "there are two steps \"test\"" },
	/* sites */
	{ "    openocd: 127.0.0.1:6666\n", "", 4, "either \"openocd\", an address, or \"start\"" },
	{ "    start: [", "    openocd: :6667\n    start: [", 6, "either \"openocd\"" },
	{ "127.0.0.1:6666", "127.0.0.1:99999", 5, "\"127.0.0.1:99999\" is no address: use HOST" },
	{ "127.0.0.1:6666", "\"exec:\"", 5, "is no address" },
	{ "127.0.0.1:6666", "127.0.0.1:6666\n    usb_path: 1-1", 6,
	  "\"usb_path\" goes with \"start\" only" },
	{ "066DFF48", "\"06 [exit]\"", 8, "is no serial number of a probe" },
	{ "1-3.2", "1-3.", 9, "is no USB path: BUS-PORT" },
	{ "1-3.2", "/dev/ttyACM0", 9, "is no USB path" },
	{ "start: [openocd,", "start: [\"\",", 7, "first word of \"start\" is the program" },
	/* images, chip */
	{ "sha256: e3b", "sha256: e3", 13, "64 hex digits" },
	{ "sha256: e3b0", "sha256: g3b0", 13, "64 hex digits" },
	{ "    address: 0x08000000", "    type: binary", 14, "\"type\" can be: bin, hex, srec, elf" },
	{ "    address: 0x08000000", "    type: hex\n    address: 0", 15, "\"address\" is for binaries" },
	{ "address: 0x08000000", "address: 0x100000000", 14, "beyond 32 bits" },
	{ "[boot, app], keep", "[boot, ap], keep", 35, "there is no image \"ap\"" },
	{ "[boot, app], keep", "[boot, boot], keep", 35, "image \"boot\" is here twice" },
	{ "  - name: app\n", "  - name: spare\n    file: s\n    sha256: " SHA "\n  - name: app\n", 15,
	  "no step uses image \"spare\"" },
	{ "device_id: 0x410", "device_id: 0x10410", 18, "\"device_id\" has to be from 1 to 0xfff" },
	{ "flash_kib: 64", "flash_kib: 0", 18, "\"flash_kib\" has to be from 1" },
	/* steps */
	{ "  - identify: {}\n", "  - identify: {}\n    run: {}\n", 31, "this has 2: a \"-\" is missing" },
	{ "  - identify: {}\n", "  - {}\n", 31, "this has none" },
	{ "width: 32", "width: 12", 38, "\"width\" can be: 8, 16, 32" },
	{ "width: 32", "width: 16", 38, "0xc0ffee can never be found" },
	{ "width: 32", "mask: 0xff", 38, "0xc0ffee can never be found" },
	{ "width: 32", "mask: 0", 38, "\"mask\" has to be from 1" },
	{ "address: 0x20000000", "address: 0x20000002", 38, "multiple of 4" },
	{ "timeout_s: 7", "timeout_s: 0", 38, "\"timeout_s\" has to be from 1 to 3600" },
	{ "timeout_s: 30", "timeout_s: 300", 39, "step \"exec\" may take 300 s, all of a board only" },
	{ "[./check.sh,", "[\"\",", 39, "first word of \"command\" is the program" },
	/* order */
	{ "  - run: {}\n", "  - flash: { images: [app] }\n", 43, "cannot come after \"protect\"" },
	{ "  - run: {}\n", "  - verify: { images: [app] }\n", 43, "cannot come after \"protect\"" },
	{ "  - run: {}\n", "  - memory: { address: 0, expect: 1 }\n", 43, "cannot come after \"protect\"" },
	{ "  - run: {}\n", "  - protect: {}\n", 43, "\"protect-2\" cannot come after \"protect\"" },
	{ "  - memory:", "  - identify: {}\n  - memory:", 38, "before the board is changed" },
	{ "  - memory:", "  - erase: {}\n  - memory:", 38, "could erase it" },
	{ "  - memory:", "  - flash: { images: [app], name: again }\n  - memory:", 38,
	  "\"again\" cannot come after the serial number" },
	{ "  - memory:", "  - serial: {}\n  - memory:", 38, "there can be one step \"serial\"" },
	{ "  - serial: {}", "  - erase: {}\n  - serial: {}", 38, "the chip was erased" },
	{ "  - erase: {", "  - verify: { images: [app], name: early }\n  - erase: {", 34,
	  "\"early\" cannot find image \"app\": the chip was erased" },
	{ "  - unprotect: {}", "  - verify: { images: [app], name: early }", 33,
	  "\"early\" comes before image \"app\" is flashed" },
	{ "  - identify: {}\n", "", 18, "no step \"identify\" looks" },
	{ "  - serial: {}\n", "", 19, "no step \"serial\" writes it" },
	/* serial */
	{ "  last: 9999\n", "", 19, "\"last\" is missing: source counter needs it" },
	{ "last: 9999", "last: 0", 24, "\"last\" is smaller than \"first\"" },
	{ "last: 9999", "last: 10000", 24, "\"last\" has 5 digits, but \"digits\" is 4" },
	{ "last: 9999", "last: 9223372036854775808", 24, "\"last\" has to be from 0" },
	{ "length: 16", "length: 6", 24, "\"SN-9999\" does not fit into 6 bytes" },
	{ "length: 16", "length: 500", 27, "\"length\" has to be from 1 to 127" },
	{ "prefix: SN-", "prefix: \"S\\u00dc-\"", 25, "printable ASCII" },
	{ "format: ascii", "format: u32", 25, "go with format ascii only" },
	{ "source: counter", "source: uid", 23, "\"first\" has no meaning with source uid" },
	{ "  length: 16", "  length: 16\n  file: list.txt", 28, "\"file\" has no meaning with source" },
	{ "  length: 16", "  length: 16\n  lease_block: 5", 28, "goes with \"lease\" only" },
	{ "address: 0x0800f000", "address: 0xfffffff8", 22, "beyond 32 bits" },
	/* limits, mqtt */
	{ "board_timeout_s: 200", "board_timeout_s: 0", 28, "\"board_timeout_s\" has to be from 1" },
	{ "fails_in_row: 5", "fails_in_row: 5000", 28, "\"fails_in_row\" has to be from 0 to 1000" },
	{ "host: broker", "host: \"a b\"", 29, "is no host name" },
	{ "host: broker", "host: broker, port: 0", 29, "\"port\" has to be from 1 to 65535" },
	{ "plant/line3", "\"plant/#\"", 29, "cannot begin topics" },
	{ "plant/line3", "/plant", 29, "cannot begin topics" },
};

START_TEST(bad_recipes_are_told_with_line_and_words)
{
	char why[RECIPE_WHY], where[32];
	struct recipe *r = parse_changed(bad[_i].from, bad[_i].to, why);

	ck_assert_msg(!r, "\"%s\" for \"%s\" is accepted", bad[_i].to, bad[_i].from);
	snprintf(where, sizeof(where), "line3.yaml:%u: ", bad[_i].line);
	ck_assert_msg(strncmp(why, where, strlen(where)) == 0 && strstr(why, bad[_i].words),
		      "\"%s\": expected %s... %s ..., got: %s", bad[_i].to, where, bad[_i].words, why);
	ck_assert_msg(!strstr(why, "libcyaml"), "not our words: %s", why);
}
END_TEST

/* ---- serial numbers of other kinds ---- */

static const char serial_recipe[] = "record: r.sqlite\n"
				    "sites: [{ name: A, openocd: localhost }]\n"
				    "steps: [{ serial: {} }]\n"
				    "serial: { address: 0x08001000, %s }\n";

static struct recipe *parse_serial(const char *keys, char why[RECIPE_WHY])
{
	char text[1024];

	snprintf(text, sizeof(text), serial_recipe, keys);
	return parse(text, "s.yaml", why);
}

static const struct {
	const char *keys, *text, *bytes;
	unsigned int length;
} numbers[] = {
	{ "source: counter, format: u32, first: 1, last: 0xffffffff", "305419896",
	  "\x78\x56\x34\x12", 4 },
	{ "source: counter, format: hex, first: 1, last: 0xffffff, length: 3", "254",
	  "\x00\x00\xfe", 3 },
	{ "source: counter, format: ascii, first: 1, last: 12345", "12", "12\0\0\0", 5 },
	{ "source: uid, format: ascii", "0123456789abcdef01234567", "0123456789abcdef01234567", 24 },
	{ "source: uid, format: hex", "0123456789abcdef01234567",
	  "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67", 12 },
	{ "source: command, command: [next], format: hex, length: 2", "Be01", "\xbe\x01", 2 },
	{ "source: list, file: l, format: ascii, length: 4", "ab", "ab\0\0", 4 },
};

START_TEST(numbers_become_bytes)
{
	char why[RECIPE_WHY];
	struct serial s;
	struct recipe *r = parse_serial(numbers[_i].keys, why);

	ck_assert_msg(r, "%s", why);
	ck_assert_uint_eq(r->serial->length, numbers[_i].length);
	if (r->serial->source == SERIAL_COUNTER)
		ck_assert(serial_from_number(&s, r->serial, atoi(numbers[_i].text), why));
	else
		ck_assert(serial_from_output(&s, numbers[_i].text, why));
	ck_assert_msg(serial_encode(&s, r->serial, why), "%s", why);
	ck_assert_uint_eq(s.length, numbers[_i].length);
	ck_assert_mem_eq(s.bytes, numbers[_i].bytes, s.length);
	recipe_free(r);
}
END_TEST

static const struct {
	const char *keys, *text, *same;
} alike[] = {
	{ "source: command, command: [next], format: hex, length: 2", "Be0A", "be0a" },
	{ "source: list, file: l, format: u32", "007", "7" },
	{ "source: list, file: l, format: ascii, length: 4", "Ab07", "Ab07" },
};

START_TEST(numbers_with_the_same_bytes_have_one_text)
{
	char why[RECIPE_WHY];
	struct serial s;
	struct recipe *r = parse_serial(alike[_i].keys, why);

	ck_assert_msg(r, "%s", why);
	ck_assert(serial_from_output(&s, alike[_i].text, why));
	ck_assert_msg(serial_encode(&s, r->serial, why), "%s", why);
	ck_assert_str_eq(s.text, alike[_i].same);
	recipe_free(r);
}
END_TEST

static const struct {
	const char *keys, *text;
} misfits[] = {
	{ "source: list, file: l, format: u32", "4294967296" },
	{ "source: list, file: l, format: u32", "12x" },
	{ "source: list, file: l, format: u32", "" },
	{ "source: list, file: l, format: hex, length: 2", "123" },
	{ "source: list, file: l, format: hex, length: 2", "12345" },
	{ "source: list, file: l, format: hex, length: 2", "12g4" },
	{ "source: list, file: l, format: ascii, length: 2", "123" },
	{ "source: list, file: l, format: ascii, length: 2", "" },
	{ "source: list, file: l, format: ascii, length: 2", "\x1b[" },
};

START_TEST(numbers_that_do_not_fit_are_refused)
{
	char why[RECIPE_WHY] = "";
	struct serial s;
	struct recipe *r = parse_serial(misfits[_i].keys, why);

	ck_assert_msg(r, "%s", why);
	ck_assert(!serial_from_output(&s, misfits[_i].text, why) ||
		  !serial_encode(&s, r->serial, why));
	ck_assert(why[0]);
	recipe_free(r);
}
END_TEST

static const struct {
	const char *keys, *words;
} bad_serials[] = {
	{ "source: uid, format: u32", "a UID has 96 bits" },
	{ "source: uid, format: ascii, length: 20", "a UID has 24 characters" },
	{ "source: uid, format: hex, length: 8", "\"length\" of a UID in format hex is 12" },
	{ "source: list, format: u32", "\"file\" is missing: source list needs it" },
	{ "source: list, format: ascii, file: l", "\"length\" is missing" },
	{ "source: list, format: hex, file: l, length: 64", "format hex can be up to 63" },
	{ "source: list, format: u32, file: l, length: 5", "\"length\" of format u32 is 4" },
	{ "source: command, format: u32", "\"command\" is missing" },
	{ "source: command, format: u32, command: [\"\"]", "first word of \"command\"" },
	{ "source: counter, format: u32, first: 1, last: 0x100000000", "up to 4294967295" },
	{ "source: counter, format: hex, first: 1, last: 256, length: 1", "last number does not fit" },
	{ "source: counter, format: ascii, first: 1, last: 9, digits: 20", "\"digits\" has to be from" },
};

START_TEST(bad_serial_numbers_are_told)
{
	char why[RECIPE_WHY];
	struct recipe *r = parse_serial(bad_serials[_i].keys, why);

	ck_assert_msg(!r && strstr(why, bad_serials[_i].words) && strncmp(why, "s.yaml:4: ", 10) == 0,
		      "%s: %s", bad_serials[_i].keys, r ? "accepted" : why);
}
END_TEST

/* ---- absurd ones ---- */

static char *many(const char *head, const char *one, size_t count, const char *tail)
{
	size_t unit = strlen(one), used = strlen(head);
	char *text = malloc(used + unit * count + strlen(tail) + 1);

	ck_assert_ptr_nonnull(text);
	strcpy(text, head);
	for (size_t i = 0; i < count; i++, used += unit)
		memcpy(text + used, one, unit);
	strcpy(text + used, tail);
	return text;
}

START_TEST(absurd_files_end_with_an_error)
{
	static const struct {
		const char *head, *one;
		size_t count;
		const char *words;
	} files[] = {
		{ "", "", 0, "there is nothing in this file" },
		{ "# only a comment\n", "", 0, "there is nothing in this file" },
		{ "", "[", 400000, "a recipe has to have keys" },
		{ "steps: ", "[", 400000, "\"steps\" has to have keys" },
		{ "", "{a: ", 200000, "unknown key \"a\"" },
		{ "", "- ", 300000, "a recipe has to have keys" },
		{ "station: ", "x", 900000, "longer than 63 bytes" },
		{ "", "x", 900000, "a recipe has to have keys" },
		{ "", "? ", 300000, "a key has to be a word" },
		{ "steps:\n", "  - run: {}\n", 65, "more than 64 entries" },
		{ "a: &a [*a", ", *a", 100000, "unknown key" },
		{ "station: &a [*a", ", *a", 1000, "no anchors" },
		{ "\x7f" "ELF\x02\x01", "\x01", 1000, "this is no YAML" },
		{ "\xff\xfe", "\xd8", 1000, "this is no YAML" },
		{ "station: \"", "\\x00", 100, "control character" },
		{ "unknown\xc3\xa4: ", "1", 1, "unknown key \"unknown\\xc3\\xa4\"" },
	};
	char why[RECIPE_WHY];

	for (size_t i = 0; i < ITEMS(files); i++) {
		char *text = many(files[i].head, files[i].one, files[i].count,
				  files[i].head[0] == 's' && files[i].count == 100 ? "\"\n" : "");

		ck_assert_ptr_null(parse(text, "f.yaml", why));
		ck_assert_msg(strstr(why, files[i].words), "%zu: not \"%s\": %s", i, files[i].words, why);
		free(text);
	}
}
END_TEST

START_TEST(each_beginning_of_a_good_recipe_is_harmless)
{
	char why[RECIPE_WHY];
	unsigned int accepted = 0;

	for (size_t n = 0; n < strlen(good); n++) {
		char *text = strndup(good, n); /* exact, so that a sanitizer sees its end */
		struct recipe *r = parse(text, "line3.yaml", why);

		accepted += r != NULL;
		recipe_free(r);
		free(text);
	}
	ck_assert_uint_gt(accepted, 0); /* without the last step it is one */
	ck_assert_uint_lt(accepted, 100);
}
END_TEST

START_TEST(a_long_path_is_told_by_its_end)
{
	char *path = many("/", "long/", 700, "line3.yaml"), why[RECIPE_WHY];

	ck_assert_ptr_null(parse("x: 1\n", path, why));
	ck_assert_msg(strstr(why, "line3.yaml:1: unknown key \"x\""), "%s", why);
	free(path);
	path = many("/", "long/", 1000, "line3.yaml");
	ck_assert_ptr_null(parse(good, path, why));
	ck_assert_msg(strstr(why, "path is too long"), "%s", why);
	free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recipe");
	TCase *t = tcase_create("recipe");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, sites_images_and_chip);
	tcase_add_test(t, steps_in_their_order);
	tcase_add_test(t, what_is_left_out_has_its_default);
	tcase_add_test(t, serial_limits_and_mqtt);
	tcase_add_loop_test(t, these_are_fine_as_well, 0, ITEMS(fine));
	tcase_add_loop_test(t, bad_recipes_are_told_with_line_and_words, 0, ITEMS(bad));
	tcase_add_loop_test(t, numbers_become_bytes, 0, ITEMS(numbers));
	tcase_add_loop_test(t, numbers_with_the_same_bytes_have_one_text, 0, ITEMS(alike));
	tcase_add_loop_test(t, numbers_that_do_not_fit_are_refused, 0, ITEMS(misfits));
	tcase_add_loop_test(t, bad_serial_numbers_are_told, 0, ITEMS(bad_serials));
	tcase_add_test(t, absurd_files_end_with_an_error);
	tcase_add_test(t, each_beginning_of_a_good_recipe_is_harmless);
	tcase_add_test(t, a_long_path_is_told_by_its_end);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
