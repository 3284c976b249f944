/* SPDX-License-Identifier: MIT */
/*
 * Scripts with a temporary file: see inline.h.
 *
 *   make the file (mode 0600) -> fill it -> the command -> read it -> delete it, whatever happened
 *
 * How many bytes the file has is looked at after each way of filling it, as a full disk may go
 * unnoticed until then. Words that explain.c knows begin what goes wrong with it.
 */
#include "inline.h"

#include "tcl.h"

#define MAKE                                                                                  \
	"if {[catch {file tempfile} f]} "                                                     \
	"{error \"OpenOCD's temporary file cannot be made: $f\"};"
#define FILL                                                                                  \
	"set h [open $f w];catch {$h puts -nonewline $d};catch {$h close};"
#define CHECK                                                                                 \
	"if {[catch {file size $f} m]} {error \"OpenOCD's temporary file is gone: $m\"};"     \
	"if {$m!=$n} {error \"OpenOCD's temporary file has $m of $n bytes\"};"
#define READ                                                                                  \
	"set h [open $f];set c [catch {$h read} d];$h close;"                                 \
	"if {$c} {error \"OpenOCD's temporary file cannot be read: $d\"};set d"
/* `return` passes the failure on as it is, with OpenOCD's number. */
#define DELETE                                                                                \
	"catch {file delete $f};if {$c} {return {*}$o $r};set r"

const char stmfw__inline_possible[] =
	"[llength [info commands file]] && [llength [info commands open]]";

static void put_command(struct buf *b, const char *before, const char *after)
{
	stmfw__buf_puts(b, before);
	stmfw__buf_puts(b, " $f ");
	stmfw__buf_puts(b, after);
}

void stmfw__inline_get(struct buf *b, const char *before, const char *after, size_t length)
{
	stmfw__buf_puts(b, "apply {n {" MAKE "set c [catch {");
	put_command(b, before, after);
	stmfw__buf_puts(b, ";" CHECK READ "} r o];" DELETE "}} ");
	stmfw__buf_printf(b, "%zu", length);
}

void stmfw__inline_begin(struct buf *b, const char *before, const char *after)
{
	stmfw__buf_puts(b, "apply {{d n} {" MAKE "set c [catch {" FILL CHECK);
	put_command(b, before, after);
	stmfw__buf_puts(b, "} r o];" DELETE "}} \"");
}

void stmfw__inline_bytes(struct buf *b, const void *bytes, size_t length)
{
	stmfw__tcl_bulk(b, bytes, length);
}

void stmfw__inline_end(struct buf *b, size_t length)
{
	stmfw__buf_printf(b, "\" %zu", length);
}
