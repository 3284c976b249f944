/* SPDX-License-Identifier: MIT */
/* fake_chip.c - see fake_chip.h. */
#include "fake_chip.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32.h"
#include "fixture.h"

struct fake_chip fake_chip;

/* ---- text -------------------------------------------------------------------------------- */

struct text {
	char at[600000];
	size_t length;
};

static struct text out; /* one answer at a time is enough */
static const char *request; /* that is answered, all of it */

static void put(const char *fmt, unsigned long a, unsigned long b)
{
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = snprintf(out.at + out.length, sizeof(out.at) - out.length, fmt, a, b);
#pragma GCC diagnostic pop
	INSIST(n >= 0 && (size_t)n < sizeof(out.at) - out.length, "the answer is too long");
	out.length += (size_t)n;
}

static void answer(struct fake_conn *conn)
{
	fake_reply(conn, 0, 0, out.at, out.length, "");
}

static void refuse(struct fake_conn *conn, int code, const char *log)
{
	fake_reply(conn, code, code, "", 0, log);
}

static unsigned long number(const char **p)
{
	char *end;
	unsigned long n = strtoul(*p, &end, 0);

	INSIST(end != *p, "no number at: %s", *p);
	*p = end + strspn(end, " ");
	return n;
}

/* A double-quoted word of any bytes; returns their number, and there is a NUL behind them. */
static size_t word_bytes(const char **p, char *to, size_t cap)
{
	const char *s = *p;
	size_t n = 0;

	INSIST(*s == '"', "no quoted word at: %s", s);
	for (s++; *s != '"'; s++) {
		INSIST(*s != '\0' && n + 1 < cap, "word without an end: %s", *p);
		if (*s == '\\' && s[1] >= '0' && s[1] <= '7') {
			to[n++] = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
			continue;
		}
		if (*s == '\\')
			s++;
		to[n++] = *s;
	}
	to[n] = '\0';
	*p = s + 1 + strspn(s + 1, " ");
	return n;
}

static void word(const char **p, char *to, size_t cap)
{
	ck_assert_uint_eq(word_bytes(p, to, cap), strlen(to));
}

/* ---- targets ----------------------------------------------------------------------------- */

static void list_targets(struct fake_conn *conn, const char *args)
{
	(void)args;
	out.length += (size_t)snprintf(out.at + out.length, 200, "%s\thla_target\t%s\t1",
				       FAKE_CHIP_TARGET, fake_chip.state);
	if (fake_chip.second)
		out.length += (size_t)snprintf(out.at + out.length, 200,
					       "\nsecond.cpu\tcortex_m\t%s\t1", fake_chip.second);
	answer(conn);
}

static void verify_image(struct fake_conn *conn, const char *args);
static void load_image(struct fake_conn *conn, const char *args);
static void fill(struct fake_conn *conn, unsigned long width, const char *args);

/* What the option bytes say comes into force. */
static void load_options(void)
{
	if (fake_chip.options_stay)
		return;
	fake_chip.rdp = fake_chip.stored_rdp;
	fake_chip.protected_blocks = fake_chip.stored_blocks;
	fake_chip.options = fake_chip.stored_options;
}

static void reset_and_list(struct fake_conn *conn, const char *args)
{
	load_options();
	fake_chip.resets++;
	if (!fake_chip.deaf_to_halt)
		fake_chip.state = "halted";
	list_targets(conn, args);
}

static void halt_and_list(struct fake_conn *conn, const char *args)
{
	if (!fake_chip.deaf_to_halt)
		fake_chip.state = "halted";
	list_targets(conn, args);
}

static void run_and_list(struct fake_conn *conn, const char *args)
{
	fake_chip.state = "running";
	list_targets(conn, args);
}

/* The client has written a program, its table, and ranges as pairs of words: the pairs are what
   is there to be answered. */
static void make_sums(struct fake_conn *conn)
{
	static const char writer[] = "set n}} ";
	const char *p = strstr(request, writer);
	char name[64];

	ck_assert_ptr_nonnull(p);
	p += strlen(writer);
	word(&p, name, sizeof(name));
	(void)number(&p); /* address */
	(void)number(&p); /* width   */
	unsigned long count = number(&p);
	p += strspn(p, " {\\");
	for (unsigned long i = 0; i + 2 < count; i++) {
		unsigned long at = number(&p);

		if (at - FAKE_CHIP_BASE >= FAKE_CHIP_FLASH_SIZE)
			continue; /* still program and table */
		unsigned long length = number(&p);
		i++;
		if (fake_chip.unfinished_sums) { /* as they were written */
			put("0x%lx 0x%lx ", at, length);
			continue;
		}
		put("0x%lx 0x%lx ",
		    stmfw__crc32(0, fake_chip.flash + (at - FAKE_CHIP_BASE), length) ^
			    fake_chip.wrong_sums, 0);
	}
	answer(conn);
}

static void put_area(void)
{
	put(fake_chip.runs_code ? FAKE_CHIP_TARGET " {0x%lx 4096}" : FAKE_CHIP_TARGET " {0 0}",
	    FAKE_CHIP_RAM, 0);
}

static bool refuses_name(struct fake_conn *conn, const char *target)
{
	static const char words[] = "there is no target of that name";

	if (!*target || strcmp(target, FAKE_CHIP_TARGET) == 0)
		return false;
	fake_reply(conn, 1, 0, words, sizeof(words) - 1, "");
	return true;
}

/* ... "NAME" "SCRIPT"; no name: the current one. Where the states are asked for as well, the answer
   begins with the name. */
static void on_target(struct fake_conn *conn, const char *args)
{
	static const char verify[] = "verify_image ", load[] = "load_image ";
	static char script[300000];
	char name[64];

	word(&args, name, sizeof(name));
	word(&args, script, sizeof(script));
	if (refuses_name(conn, name))
		return;
	if (strncmp(script, verify, strlen(verify)) == 0) {
		verify_image(conn, script + strlen(verify));
		return;
	}
	if (strstr(script, load)) {
		request = script;
		load_image(conn, strstr(script, load) + strlen(load));
		return;
	}
	if (strncmp(script, "set t [target current];list", 27) == 0) {
		put_area();
		answer(conn);
		return;
	}
	if (strstr(script, "0xe000edf4")) { /* the core is started */
		make_sums(conn);
		return;
	}
	if (strncmp(script, "flash fill", 10) == 0) {
		fill(conn, script[10] == 'w' ? 4 : script[10] == 'h' ? 2 : 1, script + 12);
		return;
	}
	out.length = strlen(strcpy(out.at, FAKE_CHIP_TARGET "\n"));
	if (strcmp(script, "halt") == 0)
		halt_and_list(conn, args);
	else
		run_and_list(conn, args);
}

/* ---- memory ------------------------------------------------------------------------------ */

static const struct {
	uint32_t address, value;
} registers[] = {
	{ 0xe000ed00, 0x411fc231 }, /* CPUID: Cortex-M3               */
	{ 0x1ffff7e0, 0xffff0008 }, /* flash size, KiB                */
	{ 0x1ffff7e4, 0xffffffff }, { 0x1ffff7e8, 0x04030201 }, /* unique id                      */
	{ 0x1ffff7ec, 0x08070605 }, { 0x1ffff7f0, 0x0c0b0a09 },
};

/* Those that change: id, and read-out protection as F1 (FLASH_OBR) and F4 (OPTCR) show it. */
static bool changing_register(unsigned long address, uint32_t *value)
{
	static const uint32_t levels[] = { 0xaa00, 0x5500, 0xcc00 };

	if (address == 0xe0042000)
		*value = fake_chip.idcode;
	else if (address == 0x4002201c)
		*value = fake_chip.options.obr | (fake_chip.rdp ? 2 : 0);
	else if (address == 0x40023c14)
		*value = fake_chip.options.optcr | levels[fake_chip.rdp];
	else
		return false;
	return true;
}

/* false: nothing there. */
static bool memory_byte(unsigned long address, uint8_t *byte)
{
	if (address - FAKE_CHIP_BASE < FAKE_CHIP_FLASH_SIZE)
		*byte = fake_chip.flash[address - FAKE_CHIP_BASE];
	else if (address - FAKE_CHIP_RAM < sizeof(fake_chip.ram))
		*byte = fake_chip.ram[address - FAKE_CHIP_RAM];
	else {
		uint32_t value;

		if (changing_register(address & ~3ul, &value)) {
			*byte = (uint8_t)(value >> (8 * (address & 3)));
			return true;
		}
		for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
			unsigned long at = address - registers[i].address;

			if (at < 4) {
				*byte = (uint8_t)(registers[i].value >> (8 * at));
				return true;
			}
		}
		return false;
	}
	return true;
}

/* ... "TARGET" ADDRESS WIDTH COUNT. False: it has been refused. */
static bool memory_args(struct fake_conn *conn, const char **args, unsigned long *address,
			unsigned long *step, unsigned long *count)
{
	char target[64];

	word(args, target, sizeof(target));
	if (refuses_name(conn, target))
		return false;
	*address = number(args);
	*step = number(args) / 8;
	*count = number(args);
	ck_assert_msg(*address % *step == 0, "unaligned access");
	return true;
}

/* Values, each with a blank in front. False: nothing there. */
static bool put_memory(unsigned long address, unsigned long step, unsigned long count)
{
	size_t before = out.length;

	for (unsigned long i = 0; i < count; i++) {
		unsigned long value = 0;

		for (unsigned long k = 0; k < step; k++) {
			uint8_t byte;

			if (!memory_byte(address + i * step + k, &byte)) {
				out.length = before;
				return false;
			}
			value |= (unsigned long)byte << (8 * k);
		}
		put(" 0x%lx", value, 0);
	}
	return true;
}

static void answer_memory(struct fake_conn *conn, bool good)
{
	if (good)
		answer(conn);
	else
		refuse(conn, -107, "Error: Failed to read memory\n");
}

static void read_memory(struct fake_conn *conn, const char *args)
{
	unsigned long address, step, count;

	if (!memory_args(conn, &args, &address, &step, &count))
		return;
	if (address - FAKE_CHIP_BASE < FAKE_CHIP_FLASH_SIZE) {
		bool none = fake_chip.writes_nothing || fake_chip.short_by > (long)count;

		fake_chip.reads++;
		count = none ? 0 : count - (unsigned long)fake_chip.short_by;
	}
	answer_memory(conn, put_memory(address, step, count));
}

/* To what is behind the script and the reader that it is given, and behind "TARGET". */
static void skip_reader(const char **args)
{
	char target[64];

	*args = strstr(*args, "set o}} ");
	ck_assert_ptr_nonnull(*args);
	*args += strlen("set o}} ");
	word(args, target, sizeof(target));
}

/* ... {CORE PLACE CORE {PLACE PLACE} ...} {{ID ID} REGISTER BLOCK COUNT {ID} ...} */
static void read_chip(struct fake_conn *conn, const char *args)
{
	bool good = put_memory(0xe000ed00, 4, 1);
	char id[16];

	skip_reader(&args);
	ck_assert_ptr_nonnull(strstr(args, "0xc23 0xe0042000"));
	if (fake_chip.no_idcode || !put_memory(0xe0042000, 4, 1)) {
		put(" 0", 0, 0);
		answer_memory(conn, good);
		return;
	}
	snprintf(id, sizeof(id), "%u", fake_chip.idcode & 0xfff);
	const char *row = strstr(args, id);
	if (row) {
		const char *numbers = strchr(row, '}') + 1;
		unsigned long protection = number(&numbers), block = number(&numbers);

		good = good && !fake_chip.no_protection && put_memory(protection, 4, 1);
		if (!fake_chip.no_signature)
			put_memory(block, 4, number(&numbers));
	}
	answer_memory(conn, good);
}

/* ... {V V V } */
static void write_memory(struct fake_conn *conn, const char *args)
{
	unsigned long address, step, count;

	if (!memory_args(conn, &args, &address, &step, &count))
		return;
	if (address - FAKE_CHIP_RAM + step * count > sizeof(fake_chip.ram)) {
		refuse(conn, -107, "Error: Failed to write memory\n");
		return;
	}
	args += strspn(args, "{ ");
	for (unsigned long i = 0; i < count; i++) {
		unsigned long value = number(&args);

		for (unsigned long k = 0; k < step; k++)
			fake_chip.ram[address - FAKE_CHIP_RAM + i * step + k] =
				(uint8_t)(value >> (8 * k));
	}
	ck_assert_msg(*args == '}', "more values than announced");
	answer(conn);
}

/* ---- flash ------------------------------------------------------------------------------- */

static void list_banks(struct fake_conn *conn, const char *args)
{
	(void)args;
	out.length += (size_t)snprintf(
		out.at + out.length, 200, "0\tstm32f1x.flash\t%s\t%s\t%lu\t%lu", fake_chip.driver,
		fake_chip.no_bank_target ? "" : FAKE_CHIP_TARGET, fake_chip.base, fake_chip.probed ? fake_chip.size : 0);
	answer(conn);
}

/* ... N}; and the list */
static void probe_and_list(struct fake_conn *conn, const char *args)
{
	if (number(&args) == 0)
		fake_chip.probed = true;
	list_banks(conn, args);
}

static void no_such_bank(struct fake_conn *conn, unsigned long bank)
{
	put("failed: flash bank %lu does not exist", bank, 0);
	fake_reply(conn, 1, 0, out.at, out.length, "");
}

static void list_sectors(unsigned long step)
{
	put("#0 : stm32f1x at 0x%08lx, size 0x%08lx, buswidth 0, chipwidth 0\n", FAKE_CHIP_BASE,
	    FAKE_CHIP_FLASH_SIZE);
	for (unsigned long i = 0; i < FAKE_CHIP_FLASH_SIZE / step; i++) {
		put("\t#%3lu: 0x%08lx ", i, i * step);
		put("(0x%lx %lukB) ", step, step / 1024);
		if (step == 1024)
			put(fake_chip.sector_states ? "not protected" : "", 0, 0);
		else
			put(fake_chip.protected_blocks >> i & 1 ? "protected" : "not protected", 0,
			    0);
		put("\n", 0, 0);
	}
	put("STM32F10x (Medium Density) - Rev: X", 0, 0);
}

static void list_or_odd(unsigned long step, const char *odd)
{
	if (!odd || fake_chip.requests <= fake_chip.odd_from)
		list_sectors(step);
	else
		out.length += (size_t)snprintf(out.at + out.length, 400, "#0 : odd\n%s", odd);
}

/* Blocks, then sectors. */
static void info(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	list_or_odd(4096, fake_chip.odd_blocks);
	put("\n", 0, 0);
	if (!fake_chip.no_sector_list)
		list_or_odd(1024, fake_chip.odd_sectors);
	answer(conn);
}

static void erase_check(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	bool blank = true;

	put("successfully checked erase state\n", 0, 0);
	for (unsigned long i = 0; i < FAKE_CHIP_FLASH_SIZE / 1024; i++) {
		if (fake_chip.erased[i] == 1)
			continue;
		blank = false;
		put("\t#%3lu: 0x%08lx (0x400 1kB) ", i, i * 1024);
		put(fake_chip.erased[i] == 0 ? "not erased\n" : "erase state unknown\n", 0, 0);
	}
	if (blank)
		put("\tBank is erased\n", 0, 0);
	answer(conn);
}

static void erase(unsigned long first, unsigned long last)
{
	for (unsigned long i = first; i <= last; i++)
		if (i != fake_chip.bad_sector) {
			fake_chip.erased[i] = 1;
			memset(fake_chip.flash + i * 1024, 0xff, 1024);
		}
}

/* ... BANK FIRST LAST */
static void erase_sector(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	unsigned long first = number(&args), last = number(&args);

	ck_assert_uint_lt(last, FAKE_CHIP_FLASH_SIZE / 1024);
	fake_chip.erase_commands++;
	erase(first, last);
	put("erased sectors %lu through %lu on flash bank 0 in 0.1s", first, last);
	answer(conn);
}

static void mass_erase(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	erase(0, FAKE_CHIP_FLASH_SIZE / 1024 - 1);
	fake_chip.mass_erases++;
	put("stm32x mass erase complete", 0, 0);
	answer(conn);
}

/* As new: all ones. */
static const struct fake_options no_options = { 0x03fffffc, 0x0fff00ec };

/* An F1 without option bytes is read protected. */
static void lose_options(void)
{
	if (!fake_chip.loses_options)
		return;
	fake_chip.stored_rdp = 1;
	fake_chip.stored_blocks = 0;
	fake_chip.stored_options = no_options;
}

/* ... BANK FIRST LAST on|off; F1: in force after a reset. */
static void protect(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	unsigned long first = number(&args), last = number(&args);

	ck_assert_uint_lt(last, 2);
	fake_chip.option_commands++;
	lose_options();
	if (fake_chip.refuses_options) {
		refuse(conn, -4, "Error: it could not");
		return;
	}
	for (unsigned long i = first; i <= last; i++)
		if (strcmp(args, "on") == 0)
			fake_chip.stored_blocks |= 1u << i;
		else
			fake_chip.stored_blocks &= ~(1u << i);
	if (strcmp(fake_chip.driver, "stm32f1x") != 0)
		fake_chip.protected_blocks = fake_chip.stored_blocks;
	fake_reply_ok(conn, "set protection for blocks");
}

/* "SWWDG ", or another word of that form: is it that one? */
static bool flag(const char **args, const char *set, const char *clear)
{
	size_t n = strcspn(*args, " ");
	bool is_set = n == strlen(set) && strncmp(*args, set, n) == 0;

	INSIST(is_set || (n == strlen(clear) && strncmp(*args, clear, n) == 0),
	       "neither %s nor %s: %s", set, clear, *args);
	*args += n + strspn(*args + n, " ");
	return is_set;
}

/* ... BANK WATCHDOG STANDBY STOP USEROPT DATA */
static uint32_t f1_options(const char *args)
{
	uint32_t obr = no_options.obr & ~0x03fffc1cu;

	obr |= flag(&args, "SWWDG", "HWWDG") ? 4u : 0;
	obr |= flag(&args, "NORSTSTNDBY", "RSTSTNDBY") ? 16u : 0;
	obr |= flag(&args, "NORSTSTOP", "RSTSTOP") ? 8u : 0;
	flag(&args, "USEROPT", "");
	return obr | (uint32_t)number(&args) << 10;
}

/* Both drivers' options_write; in force after a reset. */
static void write_options(struct fake_conn *conn, const char *args)
{
	bool f1 = strstr(request, "stm32f1x options_write ") != NULL;

	ck_assert_uint_eq(number(&args), 0);
	fake_chip.option_commands++;
	lose_options();
	if (fake_chip.refuses_options) {
		refuse(conn, -4, "Error: it could not");
		return;
	}
	if (f1) {
		fake_chip.stored_options.obr = f1_options(args);
	} else { /* bits 31:28 of the register are 11:8 here */
		uint32_t bits = (uint32_t)number(&args);

		fake_chip.stored_options.optcr =
			0x0fff0000u | (bits & 0xf00u) << 20 | (bits & 0xecu);
	}
	fake_reply_ok(conn, "stm32x write options complete.");
}

/* Says yes, whatever it did. */
static void lock(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	fake_chip.option_commands++;
	if (fake_chip.refuses_options) {
		refuse(conn, -4, "Error: it could not");
		return;
	}
	fake_chip.stored_rdp = 1;
	fake_reply_ok(conn, "stm32x locked");
}

static void unlock(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	fake_chip.option_commands++;
	if (fake_chip.refuses_options) {
		refuse(conn, -4, "Error: it could not");
		return;
	}
	fake_chip.stored_rdp = 0;
	fake_reply_ok(conn, "stm32x unlocked.");
}

/* It resets the chip, which OpenOCD may take for a failure. */
static void option_load(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	fake_chip.option_loads++;
	load_options();
	refuse(conn, -4, "Error: SWD_DP_ERROR");
}

static void file_size(struct fake_conn *conn, const char *args)
{
	word(&args, fake_chip.path, sizeof(fake_chip.path));
	if (fake_chip.file_size < -1) {
		refuse(conn, 1, "OpenOCD's machine has no file");
		return;
	}
	put(fake_chip.file_size < 0 ? "-1" : "%lu", (unsigned long)fake_chip.file_size, 0);
	answer(conn);
}

/* As flash does it: bits can only be cleared. */
static unsigned long program_file(FILE *file, unsigned long offset)
{
	unsigned long n = 0;

	for (int c; (c = fgetc(file)) != EOF && offset + n < FAKE_CHIP_FLASH_SIZE; n++)
		fake_chip.flash[offset + n] &= (uint8_t)c;
	return n;
}

#define KNOWN_BY "{/tmp/tcl.tmp.a b} after#7"

/* The file of a command: the client's, or a temporary one of ours. True: that. */
static bool is_temporary(const char **args)
{
	if (strncmp(*args, "$f ", 3) != 0) {
		word(args, fake_chip.path, sizeof(fake_chip.path));
		return false;
	}
	*args += 3 + strspn(*args + 3, " ");
	fake_chip.temporary_files++;
	return true;
}

/* In a script with a temporary file: what is behind it, a number or content and its length. */
static const char *behind_inline(void)
{
	static const char end[] = "{return {*}$o $r};set r}} ", keep[] = "[list file delete $f]]}} ";
	const char *at = strstr(request, keep);

	if (at)
		return at + strlen(keep);
	at = strstr(request, end);

	ck_assert_ptr_nonnull(at);
	return at + strlen(end);
}

/* Our temporary file, with what the last request has brought. Returns its content. */
static const char *take_content(size_t *length)
{
	static char content[700000];
	const char *p = behind_inline();
	char known_by[64];

	if (!fake_chip.kept)
		fake_chip.kept_length = 0;
	fake_chip.kept_length += word_bytes(&p, content + fake_chip.kept_length,
					    sizeof(content) - fake_chip.kept_length);
	*length = fake_chip.kept_length;
	ck_assert_uint_eq(number(&p), *length);
	word(&p, known_by, sizeof(known_by));
	ck_assert_str_eq(known_by, fake_chip.kept ? KNOWN_BY : "");
	fake_chip.kept = false;
	return content;
}

/* A part of what is too long for one request. */
static void keep_part(struct fake_conn *conn, const char *args)
{
	size_t length;

	(void)args;
	take_content(&length);
	fake_chip.temporary_files++;
	fake_chip.parts++;
	fake_chip.kept = true;
	fake_reply_ok(conn, KNOWN_BY);
}

static void forget_parts(struct fake_conn *conn, const char *args)
{
	char known_by[64];

	word(&args, known_by, sizeof(known_by));
	ck_assert_str_eq(known_by, KNOWN_BY);
	fake_chip.kept = false;
	fake_reply_ok(conn, "");
}

static void write_inline(struct fake_conn *conn, unsigned long offset)
{
	size_t n;
	const char *content = take_content(&n);

	ck_assert_uint_le(offset + n, FAKE_CHIP_FLASH_SIZE);
	for (size_t i = 0; i < n; i++)
		fake_chip.flash[offset + i] &= (uint8_t)content[i];
	fake_chip.file_commands++;
	put("wrote %lu bytes from file x", n - fake_chip.counts_less, 0);
	answer(conn);
}

/* ... BANK "FILE" OFFSET: without such a file it handles as many bytes as it is told to. */
static void write_bank(struct fake_conn *conn, const char *args)
{
	ck_assert_uint_eq(number(&args), 0);
	if (is_temporary(&args)) {
		write_inline(conn, number(&args));
		return;
	}
	bool is_ours = strncmp(fake_chip.path, fake_chip.directory,
			       strlen(fake_chip.directory)) == 0;
	FILE *file = is_ours ? fopen(fake_chip.path, "r") : NULL;
	if (file) {
		fake_chip.file_done = program_file(file, number(&args)) - fake_chip.counts_less;
		fclose(file);
	}
	fake_chip.file_commands++;
	put("wrote %lu bytes from file x to flash bank 0 at offset 0x%08lx in 0.1s",
	    fake_chip.file_done, 0);
	answer(conn);
}

static void verify_bank(struct fake_conn *conn, const char *args)
{
	size_t length;

	ck_assert_uint_eq(number(&args), 0);
	if (is_temporary(&args))
		take_content(&length);
	fake_chip.file_commands++;
	put("read %lu bytes from file x and flash bank 0 at offset 0x%08lx in 0.1s\n",
	    fake_chip.file_done, 0);
	put(fake_chip.differs ? "contents differ\n"
				"diff 0 address 0x00000123. Was 0xab instead of 0xcd\n"
			      : "contents match",
	    0, 0);
	fake_reply(conn, fake_chip.differs ? -4 : 0, fake_chip.differs ? -4 : 0, out.at, out.length,
		   "");
}

/* ... ADDRESS VALUE COUNT */
static void fill(struct fake_conn *conn, unsigned long width, const char *args)
{
	unsigned long address = number(&args);

	number(&args);
	unsigned long length = number(&args) * width;

	if (fake_chip.differs) {
		refuse(conn, -4,
		       "Verification error address 0x08000004, read back 0x00, expected 0x01");
		return;
	}
	put("wrote %lu bytes to 0x%08lx in 0.1s", length, address);
	answer(conn);
}

/* ... catch {source "PATH"}: what the client's file makes of itself, as Tcl. */
static void put_answer_of_file(void)
{
	static const char source[] = "catch {source ";
	const char *args = strstr(request, source) + strlen(source);
	char content[256];

	word(&args, fake_chip.path, sizeof(fake_chip.path));
	FILE *file = fake_chip.not_shared ? NULL : fopen(fake_chip.path, "r");

	if (!file) {
		put("couldn't read file: No such file or directory", 0, 0);
		return;
	}
	const char *line = fgets(content, sizeof(content), file);

	fclose(file);
	if (!line) /* an empty script has an empty result */
		return;
	ck_assert_int_eq(strncmp(content, "return ", 7), 0);
	content[strcspn(content, "\n")] = '\0';
	if (fake_chip.wrong_token)
		content[10] ^= 1;
	out.length += strlen(strcpy(out.at + out.length, content + 7));
}

/* How bytes may travel: is there a temporary file, and what is in the client's? */
static void put_ways(const char *script)
{
	static const char source[] = "catch {source ";
	const char *args = strstr(script, source);

	put(fake_chip.no_files ? "0 " : "1 ", 0, 0);
	if (!args)
		return;
	args += strlen(source);
	word(&args, fake_chip.path, sizeof(fake_chip.path));
	put_answer_of_file();
}

/* ... and perhaps {flash probe N}, and the list; or the work area */
static void ways_and_more(struct fake_conn *conn, const char *args)
{
	const char *probe = strstr(args, "{flash probe ");

	put_ways(request);
	if (probe) {
		put("\n", 0, 0);
		probe_and_list(conn, probe + strlen("{flash probe "));
		return;
	}
	if (strstr(args, "-work-area-phys")) {
		put("\n", 0, 0);
		put_area();
	}
	answer(conn);
}

/* false: the client has gone meanwhile, and its file with it. */
static bool write_file(const char *path, unsigned long offset, unsigned long length)
{
	FILE *file = fopen(path, "r+");

	if (!file)
		return false;
	ck_assert_int_eq(ftruncate(fileno(file), 0), 0);
	if (!fake_chip.writes_nothing)
		fwrite(fake_chip.flash + offset, 1, length - (unsigned long)fake_chip.short_by,
		       file);
	fclose(file);
	return true;
}

static void read_bank(struct fake_conn *conn, const char *args)
{
	unsigned long bank = number(&args), offset, length;
	bool temporary = is_temporary(&args);

	offset = number(&args);
	length = number(&args);
	if (bank != 0) {
		no_such_bank(conn, bank);
		return;
	}
	if (offset + length > FAKE_CHIP_FLASH_SIZE) {
		refuse(conn, -903, "Error: out of the bank");
		return;
	}
	fake_chip.reads++;
	fake_chip.flash[offset] ^= fake_chip.unstable;
	if (temporary) {
		const char *p = behind_inline();

		ck_assert_uint_eq(number(&p), length);
		fake_reply(conn, 0, 0, (const char *)fake_chip.flash + offset,
			   fake_chip.writes_nothing ? 0 : length - (unsigned long)fake_chip.short_by, "");
		return;
	}
	if (strcmp(fake_chip.path, "/dev/null") != 0 &&
	    !write_file(fake_chip.path, offset, length)) {
		refuse(conn, -1202, "Error: couldn't open file\n");
		return;
	}
	put("wrote %lu bytes to file x from flash bank 0 at offset 0x%08lx in 0.1s", length,
	    offset);
	answer(conn);
}

static void write_image(struct fake_conn *conn, const char *args)
{
	size_t length;

	if (strncmp(args, "erase ", 6) == 0)
		args += 6;
	if (is_temporary(&args)) {
		take_content(&length);
		put("wrote %lu bytes", length, 0);
	} else {
		put("wrote %lu bytes from file x in 0.1s (%lu KiB/s)", 1024, 10);
	}
	answer(conn);
}

/* FILE ADDRESS "bin" */
static void load_image(struct fake_conn *conn, const char *args)
{
	size_t length = 0;

	if (is_temporary(&args)) {
		take_content(&length);
	} else {
		FILE *file = fopen(fake_chip.path, "r");

		for (; file && fgetc(file) != EOF; length++)
			;
		if (file)
			fclose(file);
	}
	put("downloaded %lu bytes in 0.1s (%lu KiB/s)", length - fake_chip.counts_less, 10);
	answer(conn);
}

/* "PATH" ADDRESS bin (or "bin") */
static void verify_image(struct fake_conn *conn, const char *args)
{
	static uint8_t bytes[FAKE_CHIP_FLASH_SIZE + 1];
	unsigned long address;
	size_t n;
	FILE *file;

	word(&args, fake_chip.path, sizeof(fake_chip.path));
	address = number(&args);
	args += *args == '"';
	ck_assert_int_eq(strncmp(args, "bin", 3), 0);
	file = fopen(fake_chip.path, "r");
	if (!file) {
		refuse(conn, -1202, "Error: couldn't open file\n");
		return;
	}
	n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	if (address - FAKE_CHIP_BASE > FAKE_CHIP_FLASH_SIZE - n) {
		refuse(conn, -107, "Error: Failed to read memory\n");
		return;
	}
	if (memcmp(bytes, fake_chip.flash + (address - FAKE_CHIP_BASE), n) != 0) {
		refuse(conn, -4, "checksum mismatch - attempting binary compare\n"
				 "diff 0 address 0x08000000. Was 0x01 instead of 0x02\n");
		return;
	}
	put("verified %lu bytes in 0.1s (%lu KiB/s)", n - fake_chip.verified_less, 10);
	answer(conn);
}

static void shut_down(struct fake_conn *conn, const char *args)
{
	(void)args;
	fake_reply(conn, -600, -600, "", 0, "shutdown command invoked\n");
	fake_hang_up(conn);
}

/* ---- all of it --------------------------------------------------------------------------- */

static const struct {
	const char *words; /* found in the script; the rest behind them is args */
	void (*answer)(struct fake_conn *conn, const char *args);
} scripts[] = {
	{ "flash erase_check ", erase_check }, /* behind a look at the first word */
	{ "[info commands file]] && ", ways_and_more },
	{ "[list file delete $f]]}} ", keep_part },
	{ "after cancel $t;file delete $f}} ", forget_parts },
	{ "list $t $r}} ", on_target },
	{ "reset run;", run_and_list },
	{ "reset halt;", reset_and_list },
	{ "reset init;", reset_and_list },
	{ "foreach t [target names]", list_targets },
	{ "set n}} ", write_memory },
	{ "list $c 0}} ", read_chip },
	{ "set o}} ", read_memory },
	{ "{flash probe ", probe_and_list },
	{ "[flash list]", list_banks },
	{ "return \"$b\\n$s\"}} ", info },
	{ "flash erase_sector ", erase_sector },
	{ "stm32f1x mass_erase ", mass_erase },
	{ "flash protect ", protect },
	{ "x options_write ", write_options },
	{ "x unlock ", unlock },
	{ "x lock ", lock },
	{ "stm32l4x option_load ", option_load },
	{ "flash read_bank ", read_bank },
	{ "flash write_bank ", write_bank },
	{ "flash verify_bank ", verify_bank },
	{ "file size $f}} ", file_size },
	{ "flash write_image ", write_image },
	{ "shutdown", shut_down },
	{ "notifications", NULL },
	{ "expr 1", NULL },
};

static void misbehave(struct fake_conn *conn)
{
	fake_chip.faults++;
	switch (fake_chip.fault) {
	case FAULT_ERROR:
		refuse(conn, 1, "Error: it went wrong\nin procedure 'x'");
		break;
	case FAULT_ODD_RESULT:
		fake_reply_ok(conn, "\t0x\n#no\x01 \xff sense{");
		break;
	case FAULT_NOTHING:
		fake_reply_ok(conn, "");
		break;
	case FAULT_GARBAGE:
		fake_garbage(conn);
		break;
	case FAULT_HANG_UP:
		fake_hang_up(conn);
		break;
	case FAULT_RESET:
		fake_reset(conn);
		break;
	default:
		break;
	}
}

/* As OpenOCD does what the script says: it must not be about a target that may be another. */
static bool refuses_target(struct fake_conn *conn)
{
	static const char words[] = "this OpenOCD does not say which target the bank belongs to";

	if (!fake_chip.second || !strstr(request, words))
		return false;
	fake_reply(conn, 1, 0, words, sizeof(words) - 1, "");
	return true;
}

static void on_request(struct fake_conn *conn, const char *script, size_t length, void *arg)
{
	int n = fake_chip.requests++;

	(void)arg;
	request = script;
	INSIST(strlen(script) == length, "a NUL in a script");
	if (fake_chip.before)
		fake_chip.before(n);
	if (n == fake_chip.pause_at)
		return;
	if (fake_chip.fault != FAULT_NONE && n == fake_chip.fault_at) {
		misbehave(conn);
		return;
	}
	if (refuses_target(conn))
		return;
	memset(out.at, 0, 1);
	out.length = 0;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const char *at = strstr(script, scripts[i].words);

		if (!at)
			continue;
		if (scripts[i].answer)
			scripts[i].answer(conn, at + strlen(scripts[i].words));
		else
			answer(conn);
		return;
	}
	ck_abort_msg("the fake chip does not know: %s", script);
}

void fake_chip_protect(unsigned int rdp, unsigned int blocks)
{
	fake_chip.rdp = fake_chip.stored_rdp = rdp;
	fake_chip.protected_blocks = fake_chip.stored_blocks = blocks;
}

/* A whole suite can be run with the bytes on another way. */
static const char *way(void)
{
	const char *wanted = getenv("STMFW_TEST_TRANSFER");

	return wanted ? wanted : "";
}

bool fake_chip_shares(void)
{
	return !*way();
}

void fake_chip_reset(void)
{
	char directory[sizeof(fake_chip.directory)];

	memcpy(directory, fake_chip.directory, sizeof(directory));
	memset(&fake_chip, 0, sizeof(fake_chip));
	memcpy(fake_chip.directory, directory, sizeof(directory));
	for (size_t i = 0; i < sizeof(fake_chip.flash); i++)
		fake_chip.flash[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof(fake_chip.ram); i++)
		fake_chip.ram[i] = (uint8_t)(i ^ 0x5a);
	fake_chip.state = "halted";
	fake_chip.driver = "stm32f1x";
	fake_chip.base = FAKE_CHIP_BASE;
	fake_chip.size = FAKE_CHIP_FLASH_SIZE;
	fake_chip.pause_at = -1;
	fake_chip.idcode = 0x20036410;
	fake_chip_protect(1, 2);
	fake_chip.options = fake_chip.stored_options = no_options;
	memset(fake_chip.erased, 1, sizeof(fake_chip.erased));
	fake_chip.erased[0] = 0;
	fake_chip.erased[2] = -1;
	fake_chip.bad_sector = FAKE_CHIP_FLASH_SIZE;
	fake_chip.file_size = 64;
	fake_chip.file_done = 64;
	fake_chip.no_files = strcmp(way(), "memory") == 0;
}

void fake_chip_start(void)
{
	fake_chip_reset();
	strcpy(fake_chip.directory, "/tmp/stmfw-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fake_chip.directory));
	setenv("TMPDIR", fake_chip.directory, 1);
	if (!fake_chip_shares() && fx.opts.transfer == STMFW_TRANSFER_AUTO)
		fx.opts.transfer = STMFW_TRANSFER_INLINE;
	play(NULL);
	fake_ocd_answer(fx.ocd, on_request, NULL);
}

void fake_chip_connect(void)
{
	fake_chip_start();
	make_client();
	start_connecting(NULL, fake_ocd_port(fx.ocd));
	RUN_UNTIL(fx.connecting.calls);
	assert_status(&fx.connecting, STMFW_OK, STMFW_FINISHED);
}

int fake_chip_litter(void)
{
	DIR *dir = opendir(fake_chip.directory);
	const struct dirent *entry;
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			n++;
	closedir(dir);
	return n;
}

void fake_chip_stop(void)
{
	if (!fake_chip.directory[0])
		return;
	if (fx.client)
		close_and_drain();
	ck_assert_msg(fake_chip_litter() == 0, "scratch files are left behind");
	rmdir(fake_chip.directory);
	unsetenv("TMPDIR");
	fake_chip.directory[0] = '\0';
}
