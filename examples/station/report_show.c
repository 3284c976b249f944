/* SPDX-License-Identifier: MIT */
/* A report for people: what was recorded, word by word harmless for any terminal. */
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../text.h"

#define WORDS 256

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *words_of(char out[WORDS], const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text_shown(out, WORDS, text ? text : "");
}

/* Of the boards that were in work. */
static const char *yield_of(char out[TEXT_SHORT], const json_t *counts)
{
	uint64_t passed = (uint64_t)number_of(counts, "passed");

	return text_percent(out, passed, passed + (uint64_t)number_of(counts, "failed"));
}

/* "0.9 s" */
static const char *seconds_of(char out[32], json_int_t ms)
{
	snprintf(out, 32, "%.1f s", (double)ms / 1000);
	return out;
}

/* Local time: what the clock in the hall showed. */
static const char *clock_of(char out[32], json_int_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, 32, "?");
	return out;
}

/* ---- summary ---- */

static void show_sites(const json_t *sites)
{
	size_t i;
	const json_t *site;
	char name[WORDS], station[WORDS], yield[TEXT_SHORT];

	printf("\n%-24s %8s %8s %8s %9s\n", "site", "passed", "failed", "known", "yield");
	json_array_foreach(sites, i, site)
		printf("%-24s %8lld %8lld %8lld %9s   %s\n", words_of(name, site, "site"),
		       (long long)number_of(site, "passed"), (long long)number_of(site, "failed"),
		       (long long)number_of(site, "known"), yield_of(yield, site),
		       words_of(station, site, "station"));
}

static void show_steps(const json_t *steps)
{
	size_t i;
	const json_t *step;
	char name[WORDS], median[32], worst[32];

	if (json_array_size(steps) == 0)
		return;
	printf("\n%-24s %8s %8s %8s %9s %9s\n", "step, slowest first", "times", "failed",
	       "repeats", "median", "worst");
	json_array_foreach(steps, i, step)
		printf("%-24s %8lld %8lld %8lld %9s %9s   board %lld\n",
		       words_of(name, step, "name"), (long long)number_of(step, "times"),
		       (long long)number_of(step, "failed"), (long long)number_of(step, "repeats"),
		       seconds_of(median, number_of(step, "median_ms")),
		       seconds_of(worst, number_of(step, "worst_ms")),
		       (long long)number_of(step, "worst_board"));
}

static void show_failures(const json_t *failures, const json_t *others)
{
	size_t i;
	const json_t *failure;
	char step[WORDS], reason[WORDS];

	if (json_array_size(failures) == 0)
		return;
	printf("\n%-8s failures by reason, with the numbers of the last one\n", "times");
	json_array_foreach(failures, i, failure) {
		words_of(step, failure, "step");
		printf("%-8lld %s%s%s (last: board %lld)\n",
		       (long long)number_of(failure, "times"), step, step[0] ? ": " : "",
		       words_of(reason, failure, "reason"),
		       (long long)number_of(failure, "last_board"));
	}
	if (number_of(others, "kinds") > 0)
		printf("%-8lld others, for %lld more reasons\n",
		       (long long)number_of(others, "times"),
		       (long long)number_of(others, "kinds"));
}

static void show_notes(const json_t *notes)
{
	char when[32], site[WORDS], what[WORDS];

	if (json_array_size(notes) > 0)
		printf("\nnotes, the last ones\n");
	for (size_t i = json_array_size(notes); i > 0; i--) {
		const json_t *note = json_array_get(notes, i - 1);

		words_of(site, note, "site");
		printf("%s  %s%s%s\n", clock_of(when, number_of(note, "at_ms")), site,
		       site[0] ? ": " : "", words_of(what, note, "what"));
	}
}

void report_show_summary(const json_t *doc)
{
	char words[WORDS], when[32], yield[TEXT_SHORT];

	printf("Record  %s\n", words_of(words, doc, "record"));
	if (json_object_get(doc, "since_ms"))
		printf("Since   %s\n", clock_of(when, number_of(doc, "since_ms")));
	printf("Boards  %lld passed, %lld failed, %lld known already; yield %s\n",
	       (long long)number_of(doc, "passed"), (long long)number_of(doc, "failed"),
	       (long long)number_of(doc, "known"), yield_of(yield, doc));
	printf("Serials %lld used up\n", (long long)number_of(doc, "serials_used"));
	if (number_of(doc, "boards") > 0) {
		show_sites(json_object_get(doc, "sites"));
		show_steps(json_object_get(doc, "steps"));
		show_failures(json_object_get(doc, "failures"),
			      json_object_get(doc, "other_failures"));
	}
	show_notes(json_object_get(doc, "notes"));
}

/* ---- history ---- */

/* Each line of a program's output with an indent. */
static void show_output(const char *output)
{
	char line[1024], plain[4 * sizeof(line)];

	while (output && *output) {
		size_t n = strcspn(output, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)(n < 1000 ? n : 1000), output);
		printf("        | %s\n", text_shown(plain, sizeof(plain), line));
		output += n + (output[n] == '\n');
	}
}

static void show_step(const json_t *step)
{
	char name[WORDS], result[WORDS], reason[WORDS], seconds[32];

	printf("    %-4s %-20s %9s", words_of(result, step, "result"), words_of(name, step, "name"),
	       seconds_of(seconds, number_of(step, "elapsed_ms")));
	if (number_of(step, "bytes") > 0)
		printf("  %lld bytes", (long long)number_of(step, "bytes"));
	if (number_of(step, "attempts") > 1)
		printf("  %lld attempts", (long long)number_of(step, "attempts"));
	words_of(reason, step, "reason");
	printf("%s%s\n", reason[0] ? "  " : "", reason);
	show_output(json_string_value(json_object_get(step, "output")));
}

static void show_line(const json_t *board, const char *label, const char *key)
{
	char words[WORDS];

	if (words_of(words, board, key)[0])
		printf("    %-9s %s\n", label, words);
}

static void show_images(const json_t *images)
{
	size_t i;
	const json_t *image;
	char name[WORDS], digest[WORDS];

	json_array_foreach(images, i, image)
		printf("    %-9s %s  %s\n", "image", words_of(digest, image, "sha256"),
		       words_of(name, image, "name"));
}

static const char *result_word(const json_t *board)
{
	const char *result = json_string_value(json_object_get(board, "result"));

	if (result && strcmp(result, "pass") == 0)
		return "PASS";
	return result && strcmp(result, "fail") == 0 ? "FAIL" : "known already, nothing done";
}

static void show_board(const json_t *board)
{
	char when[32], seconds[32], site[WORDS], station[WORDS];
	const json_t *steps = json_object_get(board, "steps");
	const json_t *step;
	size_t i;

	printf("Board %lld  %s  site %s of %s, %s, %s\n", (long long)number_of(board, "board"),
	       result_word(board), words_of(site, board, "site"),
	       words_of(station, board, "station"),
	       clock_of(when, number_of(board, "began_ms")),
	       seconds_of(seconds, number_of(board, "elapsed_ms")));
	show_line(board, "reason", "reason");
	show_line(board, "uid", "uid");
	show_line(board, "serial", "serial");
	show_line(board, "chip", "chip");
	show_line(board, "adapter", "adapter");
	show_line(board, "OpenOCD", "openocd");
	show_line(board, "operator", "operator");
	show_line(board, "recipe", "recipe");
	show_line(board, "sha256", "recipe_sha256");
	show_images(json_object_get(board, "images"));
	json_array_foreach(steps, i, step)
		show_step(step);
}

void report_show_history(const json_t *doc)
{
	const json_t *boards = json_object_get(doc, "boards");
	const json_t *board;
	size_t i;

	json_array_foreach(boards, i, board) {
		if (i > 0)
			printf("\n");
		show_board(board);
	}
}
