/* SPDX-License-Identifier: MIT */
/*
 * Scripts with a temporary file: see inline.h.
 *
 *   make the file (mode 0600) -> fill it -> the command -> read it -> delete it, whatever happened
 *
 * How many bytes the file has is looked at after each way of filling it, as a full disk may go
 * unnoticed until then. What goes wrong with it is told in words that explain.c knows.
 *
 * A file that stays is known by a list: its path, and the timer that will delete it.
 */
#include "inline.h"

#include "tcl.h"

#define MAKE                                                                                  \
	"if {[catch {file tempfile} f]} "                                                     \
	"{error \"OpenOCD's temporary file cannot be made: $f\"};"
/* Never one that has been deleted: its name may be somebody else's by now. */
#define MAKE_OR_FIND                                                                          \
	"lassign $k f t;if {$f eq {}} {" MAKE "} elseif {[catch {after info $t}]} "           \
	"{error \"OpenOCD's temporary file is gone: the next part came too late\"} else "    \
	"{after cancel $t};"
#define FILL                                                                                  \
	"set h [open $f a];catch {$h puts -nonewline $d};catch {$h close};"
#define CHECK                                                                                 \
	"if {[catch {file size $f} m]} {error \"OpenOCD's temporary file is gone: $m\"};"     \
	"if {$m!=$n} {error \"OpenOCD's temporary file has $m of $n bytes\"};"
#define READ                                                                                  \
	"set h [open $f];set c [catch {$h read} d];$h close;"                                 \
	"if {$c} {error \"OpenOCD's temporary file cannot be read: $d\"};set d"
/* `return` passes the failure on as it is, with OpenOCD's number. */
#define DELETE                                                                                \
	"catch {file delete $f};if {$c} {return {*}$o $r};set r"
#define KEEP                                                                                  \
	"if {$c} {" DELETE "};list $f [after 60000 [list file delete $f]]"

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
	stmfw__buf_puts(b, "apply {{d n k} {" MAKE_OR_FIND "set c [catch {" FILL CHECK);
	if (before)
		put_command(b, before, after);
	stmfw__buf_puts(b, "} r o];");
	stmfw__buf_puts(b, before ? DELETE : KEEP);
	stmfw__buf_puts(b, "}} \"");
}

void stmfw__inline_bytes(struct buf *b, const void *bytes, size_t length)
{
	stmfw__tcl_bulk(b, bytes, length);
}

void stmfw__inline_end(struct buf *b, size_t length, const char *file)
{
	stmfw__buf_printf(b, "\" %zu", length);
	stmfw__tcl_arg(b, file);
}

void stmfw__inline_forget(struct buf *b, const char *file)
{
	stmfw__buf_puts(b, "apply {k {lassign $k f t;after cancel $t;file delete $f}}");
	stmfw__tcl_arg(b, file);
}
