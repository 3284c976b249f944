/* SPDX-License-Identifier: MIT */
/*
 * OpenOCD from 0.10 to the development version in one language: what differs between them is tried,
 * here and nowhere else. No version number is compared, but for the length of a console's line
 * (hello.c), which nothing else tells.
 *
 * What differs in each answer and so is dealt with where answers are: code and number of a failure
 * (wire.c), a result that is in the log (stmfw__op_output), decimal and hexadecimal (parse.c).
 */
#include "dialect.h"

/* `adapter name` is `adapter_name` in 0.10, and printed. `transport select` is asked only after
   init, because before it OpenOCD takes the question as an order; after 0.12 it calls "swd (hla)"
   what was "hla_swd". */
const char stmfw__tell_server[] =
	"apply {{} {"
	"set o {};"
	"foreach {q s} {version exec {info patchlevel} exec"
	" {if {[catch {adapter name} n]} {set n [capture adapter_name]};set n} exec"
	" {regsub {^(.*) [(](.*)[)]$} [string trim [transport select]] {\\2_\\1}} init} {"
	"set r {};"
	"if {$s ne {init} || [command mode] eq {exec}} {if {[catch $q r]} {set r {}}};"
	"lappend o [string map [list \\n { }] [string trim $r]]};"
	"join $o \\n}}";

/* OpenOCD makes its stdin not wait, and so its stdout where both are one socket, as ours and those
   of an sshd are. Then it takes the first answer that is not written at once for a broken
   connection. (A reduced Jim, of 0.10, cannot: there answers are to be shorter than 200 KiB.) */
const char stmfw__answer_whole[] = "catch {stdout ndelay 0};";

/* Up to 0.11 the key `name` holds the driver, and the bank's name is only in `flash banks`. */
const char stmfw__tell_banks[] =
	"apply {{} {set o {};set i 0;foreach b [flash list] {"
	"set g {};catch {set g [dict get $b target]};"
	"set n [dict get $b name];"
	"if {[dict exists $b driver]} {set d [dict get $b driver]} else {"
	"set d $n;set n {};"
	"regexp \"#$i : (\\[^ \\]+) \" [capture {flash banks}] all n};"
	"lappend o [join [list $i $n $d $g [dict get $b base] [dict get $b size]] \\t];"
	"incr i};"
	"join $o \\n}}";

/* Both lists in one request. What is protected only the first one tells: where a driver protects by
   blocks of sectors, the states in the second one may be what it once assumed. The versions that
   know no second one (a syntax error: -601) have sectors in the first. Any other failure must not
   be taken for that, or blocks would pass for sectors and others be erased than was meant.
   0.10 prints a list instead of returning it, perhaps behind something else. */
const char stmfw__tell_sectors[] =
	"apply {n {set f {args {set r [flash info {*}$args];"
	"if {$r eq {}} {set r [regsub {^[^#]*} [capture {flash info {*}$args}] {}]};"
	"set r}};"
	"set b [apply $f $n];"
	"set c [catch {apply $f $n sectors} s d];set e $c;"
	"if {$c == 1} {catch {set e [lindex [dict get $d -errorcode] 1]}};"
	"if {$e eq {-601}} {set s {}} elseif {$c} {return {*}$d $s};"
	"return \"$b\\n$s\"}}";

/* Looked up, because `$t` alone would run any command of that name. */
#define FIND_TARGET                                     \
	"if {$t eq {}} {set t [target current]};"       \
	"if {[lsearch -exact [target names] $t] < 0} {" \
	"error \"there is no target \\\"$t\\\"\"};"

/* read_memory and write_memory are there since 0.12. Before that mem2array and array2mem work on a
   variable, which has to be a global one: 0.10 calls them from a procedure of its own, would not
   find ours and write zeros, and call that a success. It is gone when the lambda ends. */
#define WITH_VARIABLE(script)               \
	"set c [catch {" script "} o d];"   \
	"unset -nocomplain ::stmfw_memory;" \
	"if {$c} {return {*}$d $o};"

const char stmfw__memory_reader[] =
	"{{t a w n} {" FIND_TARGET
	"if {[llength [info commands read_memory]]} {return [$t read_memory $a $w $n]};" WITH_VARIABLE(
		"$t mem2array ::stmfw_memory $w $a $n;"
		"set l {};for {set i 0} {$i<$n} {incr i} {lappend l $::stmfw_memory($i)};"
		"set l") "set o}}";

const char stmfw__memory_writer[] =
	"{{t a w n l} {" FIND_TARGET
	"if {[llength [info commands write_memory]]} {return [$t write_memory $a $w $l]};" WITH_VARIABLE(
		"set i 0;foreach x $l {set ::stmfw_memory($i) $x;incr i};"
		"$t array2mem ::stmfw_memory $w $a $n") "set n}}";

/* It is called `tcl notifications` after 0.12; the old name would log. */
#define NOTIFICATIONS(value)                                                \
	"if {[llength [info commands tcl]]} {tcl notifications " value "} " \
	"else {tcl_notifications " value "}"

const char stmfw__notifications_on[] = NOTIFICATIONS("on");
const char stmfw__notifications_off[] = NOTIFICATIONS("off");

/* Up to 0.12 it returns with OpenOCD's "close connection", later with Tcl's "exit". */
bool stmfw__is_exit(const struct reply *r)
{
	return r->code == 0 || r->code == 6 || r->code == -600 || r->ocd_code == -600;
}

size_t stmfw__printed_length(const struct reply *r)
{
	size_t n = r->result_len;

	return n && r->result[n - 1] == '\n' ? n - 1 : n;
}
