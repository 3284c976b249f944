/* SPDX-License-Identifier: MIT */
/* From OpenOCD's words to what they mean: see explain.h. */
#include "explain.h"

#include <string.h>
#include <strings.h>

#include <stmfw.h>

#define TAIL 4096u

static const struct explanation table[] = {
	{ "jtag status contains invalid mode value", STMFW_ETARGET,
	  "The probe cannot talk to the chip. Check power, SWDIO, SWCLK and ground; then try "
	  "connecting under reset." },
	{ "init mode failed", STMFW_ETARGET,
	  "The probe cannot talk to the chip. Check power, SWDIO, SWCLK and ground; then try "
	  "connecting under reset." },
	{ "target voltage may be too low", STMFW_ETARGET,
	  "Check the board's supply: the probe measures less than 1.5 V." },
	{ "UNEXPECTED idcode", STMFW_ETARGET,
	  "Usual causes: a clone (CS32, GD32, APM32) or a configuration for another family. For a "
	  "clone start OpenOCD with -c \"set CPUTAPID <the id it found>\"." },
	{ "timed out while waiting for target halted", STMFW_ETARGET,
	  "The chip's firmware may sleep or switch SWD off. Hold its reset button and try again, "
	  "or configure OpenOCD to connect under reset." },
	{ "not halted", STMFW_ETARGET,
	  "The chip did not halt. Its firmware may sleep or switch SWD off; hold its reset button "
	  "and try again." },
	{ "LIBUSB_ERROR_ACCESS", STMFW_ETARGET,
	  "OpenOCD may not use the probe: install its udev rules, and plug the probe in again." },
	{ "open failed", STMFW_ETARGET,
	  "OpenOCD has no probe, or lost it. Check the USB cable, and that no other program uses it." },
	{ "cannot connect to stlink server", STMFW_ETARGET,
	  "The ST-LINK server does not run there, or its port is another." },
	{ "TCP error status", STMFW_ETARGET,
	  "OpenOCD lost its probe. Check the cable, then restart OpenOCD." },
	{ "failed to send USB CMD", STMFW_ETARGET,
	  "OpenOCD lost its probe. Check the USB cable, then restart OpenOCD." },
	{ "failed to receive USB CMD", STMFW_ETARGET,
	  "OpenOCD lost its probe. Check the USB cable, then restart OpenOCD." },
	{ "not examined", STMFW_ETARGET,
	  "OpenOCD has not been able to talk to this chip. Check power and wiring, then `reset "
	  "halt`." },
	{ "there is no target", STMFW_ERANGE, "`target names` lists what there is." },
	{ "does not say which target", STMFW_EUNSUPPORTED,
	  "Use OpenOCD 0.12 or later, or one OpenOCD per board." },
	{ "device protected", STMFW_EPROTECTED,
	  "Write protection is on for these sectors; it must be removed first." },
	{ "flash memory write protected", STMFW_EPROTECTED,
	  "Write protection is on for these sectors; it must be removed first." },
	{ "no flash bank found", STMFW_ERANGE,
	  "The address lies in no flash bank that OpenOCD knows." },
	{ "failed: flash bank", STMFW_ERANGE, "`flash banks` lists what there is." },
	{ "is out of bounds", STMFW_ERANGE, "`flash banks` lists what there is." },
	{ "couldn't bind", STMFW_ECONNECT,
	  "Another program has that port, perhaps another OpenOCD: end it, or choose another port." },
	{ "Can't find ", STMFW_ECONNECT,
	  "OpenOCD has no such configuration file: check the name behind -f." },
	{ "adapter has to be specified", STMFW_ECONNECT,
	  "Name the probe's configuration, such as -f interface/stlink.cfg." },
	{ "Permission denied (", STMFW_ECONNECT,
	  "ssh cannot ask for a password here: give it a key that needs none, or an agent." },
	{ "Host key verification failed", STMFW_ECONNECT,
	  "ssh does not know that machine: log in there by hand once, and look at its key." },
	{ "OpenOCD's temporary file", STMFW_EFILE,
	  "Where OpenOCD runs, its TMPDIR or /tmp must be a directory that it can write to, with "
	  "room for the image." },
	{ "couldn't open", STMFW_ECOMMAND,
	  "OpenOCD opens files on its own machine and with its own rights." },
	{ "error reading to flash", STMFW_ETARGET,
	  "The chip refuses to be read. Read protection, a bad contact, or a lost connection to "
	  "the chip." },
};

static bool mentions(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (; *text; text++)
		if (strncasecmp(text, words, n) == 0)
			return true;
	return false;
}

/* The end of a long log is what counts. */
static const char *tail(const char *text)
{
	size_t n = strlen(text);

	return n > TAIL ? text + n - TAIL : text;
}

const struct explanation *stmfw__explain(const char *result, const char *log)
{
	result = tail(result);
	log = tail(log);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (mentions(result, table[i].words) || mentions(log, table[i].words))
			return &table[i];
	return NULL;
}

const char *stmfw__advice(int status)
{
	switch (status) {
	case STMFW_ECONNECT:
		return "Is OpenOCD running? Start it: openocd -f interface/stlink.cfg -f "
		       "target/stm32f1x.cfg";
	case STMFW_EPROTO:
		return "Use the port that OpenOCD names in \"Listening on port N for tcl "
		       "connections\".";
	case STMFW_ELOST:
		return "Look at OpenOCD's own last words: it may have lost its probe, or have been "
		       "stopped.";
	case STMFW_ETIMEDOUT:
		return "OpenOCD may still be busy: connect again and look at the target before "
		       "trusting its state.";
	default:
		return "";
	}
}

/* Append one line with " / " in front of all but the first, control bytes made harmless. */
static size_t append_line(char *out, size_t size, size_t at, const char *line, size_t length)
{
	static const char between[] = " / ";

	for (const char *p = at ? between : ""; *p && at + 1 < size; p++)
		out[at++] = *p;
	for (size_t i = 0; i < length && at + 1 < size; i++)
		out[at++] = (unsigned char)line[i] < 0x20 ? ' ' : line[i];
	out[at] = '\0';
	return at;
}

static bool is_noise(const char *line, size_t length)
{
	return length == 0 || strncmp(line, "in procedure", 12) == 0 ||
	       strncmp(line, "Traceback", 9) == 0 || strncmp(line, "at file", 7) == 0 ||
	       strncmp(line, "called at", 9) == 0 || line[0] == '\t';
}

/* OpenOCD repeats itself while it retries. */
static bool is_same(const char *line, size_t length, const char *last)
{
	return strcspn(last, "\n") == length && strncmp(line, last, length) == 0;
}

void stmfw__reason(char *out, size_t size, const char *result, const char *log)
{
	const char *texts[] = { result, log };
	const char *last = "";
	size_t at = 0;

	out[0] = '\0';
	for (size_t t = 0; t < 2 && at == 0; t++)
		for (const char *line = texts[t]; *line;) {
			size_t n = strcspn(line, "\n");

			if (!is_noise(line, n) && !is_same(line, n, last))
				at = append_line(out, size, at, line, n);
			last = line;
			line += n + (line[n] == '\n');
		}
	if (at == 0)
		append_line(out, size, 0, "it gave no reason", strlen("it gave no reason"));
}

/* Behind "Error: ", also behind "file.cfg:12: Error: "; and the one warning that an error is told
   of. NULL: it is no error, or says nothing. */
static const char *error_in(const char *line, size_t length)
{
	static const char mark[] = "Error: ", id[] = "UNEXPECTED idcode";
	const char *at = memmem(line, length, mark, strlen(mark));

	if (!at)
		return memmem(line, length, id, strlen(id));
	at += strlen(mark);
	return at < line + length ? at : NULL;
}

/* The errors; if there are none, the last line that says anything. */
bool stmfw__last_words(char *out, size_t size, const char *words)
{
	const char *last = "", *last_error = "";
	size_t at = 0;

	out[0] = '\0';
	for (const char *line = words; *line;) {
		size_t n = strcspn(line, "\n");
		const char *error = error_in(line, n);
		size_t left = error ? n - (size_t)(error - line) : 0;

		if (error && !is_same(error, left, last_error))
			at = append_line(out, size, at, error, left);
		last_error = error ? error : last_error;
		last = is_noise(line, n) ? last : line;
		line += n + (line[n] == '\n');
	}
	if (at == 0 && *last)
		at = append_line(out, size, 0, last, strcspn(last, "\n"));
	return at > 0;
}
