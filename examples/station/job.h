/* SPDX-License-Identifier: MIT */
/*
 * One board's work: the recipe's steps, one after the other.
 *
 *     job.c          the sequence: attempts, deadlines, the end
 *     job_chip.c     identify, unprotect, protect, options, tcl, run, memory
 *     job_flash.c    erase, flash, serial, verify
 *     job_backup.c   backup
 *     job_exec.c     exec, and what programs are told of the board
 *     job_program.c  a program that runs: exec, and where a serial number comes from
 *
 * A step passes only if what it was to do has been proven, and the board is still the same one. The
 * first that does not, after its attempts, ends the job.
 */
#ifndef JOB_H
#define JOB_H

#include <uv.h>

#include "../board.h"
#include "images.h"
#include "serial.h"

#define JOB_REASON 512
#define JOB_OUTPUT 8192
#define JOB_LINE   256

struct job_step {
	const struct recipe_step *step;
	bool begun, passed;
	unsigned int attempts;
	uint64_t began_ms;   /* since the epoch */
	uint64_t elapsed_ms;
	uint64_t bytes;
	char reason[JOB_REASON];
	char *output;        /* of a program; or NULL */
};

struct job;

/* Called from the loop. After `done` the job may be freed, and is not used any more. */
struct job_watch {
	void (*step)(struct job *job, const struct job_step *s);
	void (*progress)(struct job *job, const char *phase, uint64_t done, uint64_t total);
	void (*step_end)(struct job *job, const struct job_step *s);
	/* A number that a program has made up: has no other board got it? False: why. */
	bool (*may_use)(struct job *job, const char *serial, char why[JOB_REASON]);
	/* A program has said this on stderr. */
	void (*log)(struct job *job, const char *line);
	void (*done)(struct job *job);
};

enum job_state { JOB_IDLE, JOB_RUNNING, JOB_STOPPING, JOB_ENDING, JOB_DONE };

struct job {
	/* From who starts it: */
	const struct recipe *recipe;
	const struct images *images;
	uv_loop_t *loop;
	stmfw_client *client;
	const char *site;
	const struct job_watch *watch;
	void *owner;
	struct board board;      /* what the chip said of itself */
	struct serial serial;    /* number and text, unless it comes from a program or the UID */
	/* Its own: */
	enum job_state state;
	struct job_step *steps;  /* as many as the recipe has */
	unsigned int current;
	stmfw_op op;             /* what the step waits for   */
	uv_timer_t timer;        /* of the step: a deadline, or the next look */
	uv_timer_t board_timer;  /* for all of it             */
	int handles;             /* open ones                 */
	const char *why_stopped; /* NULL: nobody wants it to  */
	uint64_t step_began;     /* monotonic, ms             */
	uint64_t attempt_began;
	bool passed;
	char reason[JOB_REASON]; /* of the failure, with the step's name */
	char advice[256];
	/* Of single steps: */
	unsigned int image;      /* the one that is flashed or verified */
	stmfw_image *serial_image;
	struct job_copy *copy;   /* job_backup.c */
	struct job_program *program; /* job_exec.c */
};

/* The fields above it are filled in; the rest is 0. */
void job_start(struct job *job);
/* To end at the next safe border; `done` comes, with `why` as the reason. */
void job_stop(struct job *job, const char *why);
/* After that, if it cannot wait for a program either. */
void job_hurry(struct job *job);
/* After `done`. */
void job_release(struct job *job);

/* ---- between the parts ---- */

static inline const struct recipe_step *job_step(const struct job *job)
{
	return job->steps[job->current].step;
}

/* The step's attempt is over. */
void job_pass(struct job *job, uint64_t bytes);
void job_fail(struct job *job, const char *advice, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, where another attempt would be no better: another chip, say. */
void job_refuse(struct job *job, const char *advice, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same after a call: its advice, and whether another attempt could be better. */
void job_fail_as(struct job *job, const stmfw_result *res, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A call's result: true if it is good; else the attempt has failed. `doing`: "cannot ...". */
bool job_went_well(struct job *job, const char *doing, const stmfw_result *res);
/* Before a step's next operation. False: the job was to stop, and the attempt has ended. */
bool job_may_go_on(struct job *job);
/* What a call returned: its callback will come, or the attempt has failed. */
void job_expect(struct job *job, int err);
/* What the record has as the step's output. */
void job_keep_output(struct job *job, const char *text);
/* Calls `then` on the job's timer. */
void job_after(struct job *job, uint64_t ms, uv_timer_cb then);

/* One for each kind of step. */
void job_identify(struct job *job);
void job_unprotect(struct job *job);
void job_protect(struct job *job);
void job_options(struct job *job);
void job_tcl(struct job *job);
void job_run(struct job *job);
void job_memory(struct job *job);
void job_erase(struct job *job);
void job_flash(struct job *job);
void job_serial(struct job *job);
void job_verify(struct job *job);
void job_backup(struct job *job);
void job_exec(struct job *job);

enum { JOB_ENDED = -1, JOB_NOT_STARTED = -2 };

struct job_verdict {
	int status;             /* exit status; or JOB_ENDED (by a signal, or too late), JOB_NOT_STARTED */
	const char *why;        /* of the last two        */
	const char *output;     /* the beginning of it    */
	const char *last_words; /* last line on stderr    */
};

typedef void (*job_verdict_cb)(struct job *job, const struct job_verdict *v);

/* Runs words with the board in the environment and on stdin; then(). */
void job_program(struct job *job, char *const *words, size_t count, uint32_t timeout_s,
		 job_verdict_cb then);
/* What it is told, each to be freed; NULL: no memory. */
char *job_describe(const struct job *job);
char **job_environment(const struct job *job);
void job_program_stop(struct job *job);
void job_copy_free(struct job *job);

#endif
