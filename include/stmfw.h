/* SPDX-License-Identifier: MIT */
/**
 * stmfw.h - read, write and prove the firmware of STM32 boards through a running OpenOCD.
 *
 * A client connects to OpenOCD, or starts one, on the caller's libuv loop. Every call returns at
 * once; what came of it arrives later, in a callback.
 *
 * A whole program: all that flash bank 0 holds, to stdout.
 *
 *     #include <stdio.h>
 *     #include <stmfw.h>
 *     #include <uv.h>
 *
 *     static void on_read(stmfw_client *c, const stmfw_result *r, void *failed)
 *     {
 *         if (r->status != STMFW_OK)
 *             fprintf(stderr, "%s: %s\n%s\n", r->step, r->text, r->advice);
 *         *(int *)failed = r->status || fwrite(r->data, r->count, 1, stdout) < 1 || fflush(stdout);
 *         stmfw_client_close(c, NULL, NULL);
 *     }
 *
 *     int main(int argc, char **argv)
 *     {
 *         stmfw_client *c = NULL;
 *         int failed = 1;
 *
 *         signal(SIGPIPE, SIG_IGN);
 *         if (stmfw_client_new(&c, uv_default_loop(), NULL) != STMFW_OK ||
 *             stmfw_client_connect(c, argc > 1 ? argv[1] : NULL, NULL, NULL, NULL) != STMFW_OK)
 *             fprintf(stderr, "this is no address, or there is no memory\n");
 *         if (stmfw_read_flash(c, NULL, on_read, &failed, NULL) != STMFW_OK)
 *             stmfw_client_close(c, NULL, NULL);
 *         return uv_run(uv_default_loop(), UV_RUN_DEFAULT) || failed;
 *     }
 *
 * Each function is used in examples/: the small programs in examples/calls/ show one call or a few.
 *
 * READING    "Returns" names what a call can return at once, beside STMFW_OK, and "Reports" what
 *            status its callback can be given. `res` is the stmfw_result of that callback. What is
 *            the same for all calls is told once, where "the calls" begin.
 *
 * OWNERSHIP  A client comes from stmfw_client_new() and goes with stmfw_client_close(). Strings and
 *            option structs are copied before a call returns (exceptions are named where they
 *            apply: content to be written or compared, and images). What a callback is given
 *            belongs to the library and is valid only during that callback. Never uv_close() the
 *            client's handles (a uv_walk() over the loop must leave them alone): close the client.
 *
 * PROMISES   P1   A function that returns anything but STMFW_OK has had no effect and causes no
 *                 callback.
 *            P2   An accepted operation's callback runs exactly once, whatever happens to the
 *                 peer, the network, memory or the client.
 *            P3   No callback runs before the function that caused it has returned.
 *            P4   All callbacks run on the thread that runs the loop, one at a time, never
 *                 nested; all functions must be called on that thread too. Clients on different
 *                 loops share nothing.
 *            P5   Operations of one client run one after another, in the order accepted.
 *            P6   progress and sink run only between acceptance and the done callback; done
 *                 never decreases within a step; the last call of a successful step has
 *                 done == total.
 *            P7   When an established connection breaks: first the running operation's callback
 *                 (STMFW_ELOST), then those of the waiting ones (STMFW_ELOST, not started), then
 *                 `lost` (see stmfw_client_opts) once. The same when the library drops the
 *                 connection itself after a timeout or a protocol error: the running operation
 *                 reports that reason.
 *            P8   After stmfw_client_close(): every outstanding callback (STMFW_ECANCELED, or
 *                 the true result where it was already known), then the close callback, then
 *                 nothing. Events, log lines and `lost` are not told any more. The client's
 *                 memory is already released when the close callback runs.
 *            P9   Arguments are copied before the call returns; results are valid only during
 *                 their callback.
 *            P10  Every function may be called from every callback, closing included.
 *            P11  The library never runs, stops or closes the loop, never touches loop->data,
 *                 prints nothing, changes no signal disposition, keeps no global state.
 *            P12  Output parameters are written only on success, and before any callback.
 *
 * STATES     new -> IDLE -connect-> CONNECTING -> READY; failure or loss leads back to IDLE, where
 *            the same client may connect again; close is accepted in every state, once.
 *            Operations are accepted from CONNECTING on, right behind the call that connects: they
 *            are sent when its callback has returned, and their deadlines begin then. If connecting
 *            fails or is cancelled, they end as it did (status, step, text, advice), in their order,
 *            after its callback. From that callback on the client is READY, or IDLE. No client
 *            connects again by itself: nothing may be repeated behind the user's back. A client
 *            with work or a connection keeps uv_run() going; an idle one does not. (A name lookup
 *            that was given up goes on in libuv's thread pool until the system answers; until
 *            then the loop has work and the close callback waits.)
 *
 * PIPELINE   stmfw_read_words() and stmfw_read_block() that follow each other in the queue are sent
 *            without waiting for each other's answers; they still run, and report, in order. When
 *            the connection ends, those that were sent have the outcome STMFW_UNKNOWN. All other
 *            operations are sent when the ones before have been answered.
 *
 * CANCELLING OpenOCD cannot be interrupted. stmfw_cancel() takes effect before an operation
 *            starts or between two of its commands; a single command that is already running
 *            ends with its true result, and so does a read that was sent ahead (see PIPELINE). Who
 *            cannot wait closes the client: the result then says outcome STMFW_UNKNOWN.
 *
 * TIMEOUTS   Each command has a deadline from the moment it is sent (one that was sent ahead, see
 *            PIPELINE: from the answer before its own). When one passes, the connection is dropped
 *            (OpenOCD is still busy) and the outcome is STMFW_UNKNOWN.
 *
 * ORDER      Events and log lines of a command are told before its result.
 *
 * PROCESS    Ignore SIGPIPE (libuv on Linux does not). Paths named ocd_path are opened by the
 *            OpenOCD process, on its machine, relative to its directory: use absolute ones. The
 *            TCL port has no password and no encryption: keep it on the loopback interface, and
 *            go to other machines with stmfw_client_spawn() and ssh.
 *            Where OpenOCD sees our files, content of flash is read from and written to a small
 *            file in a temporary directory on the loop's thread: let that directory be local.
 *            OpenOCD prints the answers to commands into its log and to its telnet users; of ours
 *            only a token of 17 letters. (Up to 0.10 also what is behind the first 256 bytes of
 *            an answer. If we are connected by telnet, that console shows all.)
 *
 * VERSIONS   Structs that the caller fills start with their size and zero means default, so they
 *            can grow. Of what the library fills, stmfw_result, stmfw_progress, stmfw_event,
 *            stmfw_server, stmfw_chip, stmfw_plan, stmfw_flash_report and stmfw_comparison grow at
 *            their end; elements of arrays never grow. Before 1.0 the API may change between minor
 *            versions.
 */
#ifndef STMFW_H
#define STMFW_H

#include <stddef.h>
#include <stdint.h>

/** Marks what the library exports. */
#if defined(__GNUC__)
#define STMFW_API __attribute__((visibility("default")))
#else
#define STMFW_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version: of this header, and of the library that runs ------------------------------ */

/** Version of this header, the first number. */
#define STMFW_VERSION_MAJOR 0
/** The second one. */
#define STMFW_VERSION_MINOR 1
/** The third one. */
#define STMFW_VERSION_PATCH 0
/** All three as one number that can be compared: 0x000100 is 0.1.0. */
#define STMFW_VERSION_HEX \
	((STMFW_VERSION_MAJOR << 16) | (STMFW_VERSION_MINOR << 8) | STMFW_VERSION_PATCH)

/** Version of the library that is running, as STMFW_VERSION_HEX. Any thread. */
STMFW_API unsigned int stmfw_version(void);

/** Version of the library that is running, as text: "0.1.0". Never NULL, static. Any thread. */
STMFW_API const char *stmfw_version_string(void);

/* ---- errors: sorted by what the caller should do ---------------------------------------- */

/** Why something failed, sorted by what the caller should do about it. */
enum stmfw_error {
	STMFW_OK = 0,             /**< it went well; of an operation: it is proven, within what
				       the call promises                                          */
	STMFW_EINVAL = -1,        /**< bad argument: fix the call                                 */
	STMFW_ENOMEM = -2,        /**< out of memory                                              */
	STMFW_ESTATE = -3,        /**< not possible now: not connected, closing, already finished */
	STMFW_EFULL = -4,         /**< queue_limit operations are waiting: submit later           */
	STMFW_ECONNECT = -5,      /**< nobody answered there: start OpenOCD, check the address    */
	STMFW_ELOST = -6,         /**< the connection broke: look at OpenOCD, connect again       */
	STMFW_ETIMEDOUT = -7,     /**< no answer in time; connection dropped, outcome unknown     */
	STMFW_ECANCELED = -8,     /**< stmfw_cancel() or stmfw_client_close()                     */
	STMFW_EPROTO = -9,        /**< the peer is no OpenOCD, lost step, or says too much        */
	STMFW_ECOMMAND = -10,     /**< OpenOCD ran the command and reported failure               */
	STMFW_ETARGET = -11,      /**< the chip does not answer or does not halt: check the board */
	STMFW_EPROTECTED = -12,   /**< read-out or write protection forbids it                    */
	STMFW_ERANGE = -13,       /**< no such bank or target, or the range does not fit          */
	STMFW_EVERIFY = -14,      /**< what the chip holds is not what it should hold             */
	STMFW_EFILE = -15,        /**< a file could not be made, read or written: here, or a
				       temporary one of OpenOCD's                                 */
	STMFW_EUNSUPPORTED = -16, /**< this OpenOCD, chip or setup cannot do it                   */
	STMFW_EABORTED = -17      /**< a callback asked to stop: sink, chip, backup, plan, write  */
};

/** Name of a status: "STMFW_ELOST"; "STMFW_E?" if it is none. Never NULL, static. Any thread. */
STMFW_API const char *stmfw_err_name(int status);

/** One line of plain words for a status. Never NULL, static. Any thread. */
STMFW_API const char *stmfw_strerror(int status);

/* ---- results: what callbacks are given -------------------------------------------------- */

struct uv_loop_s; /* the caller's uv_loop_t; <uv.h> is not needed here */

/** One connection to one OpenOCD. */
typedef struct stmfw_client stmfw_client;

/** Names one operation of one client, for stmfw_cancel(). 0: none. */
typedef uint64_t stmfw_op;

/** What the board may have seen of an operation. */
enum stmfw_outcome {
	STMFW_NOT_STARTED = 0, /**< nothing was sent                             */
	STMFW_FINISHED = 1,    /**< every command that was sent was answered     */
	STMFW_UNKNOWN = 2      /**< a command was sent and its answer never came */
};

/** State of a target, as OpenOCD's `TARGET curstate` names it. */
enum stmfw_state {
	STMFW_TARGET_UNKNOWN = 0,   /**< OpenOCD does not know, or its word is new to us     */
	STMFW_TARGET_RUNNING,       /**< runs its firmware                                   */
	STMFW_TARGET_HALTED,        /**< stands still, and can be worked with                */
	STMFW_TARGET_RESET,         /**< is held in reset                                    */
	STMFW_TARGET_DEBUG_RUNNING, /**< runs a program of the debugger's                    */
	STMFW_TARGET_UNAVAILABLE    /**< cannot be reached, switched off; OpenOCD after 0.12 */
};

/** A target: one CPU, as OpenOCD knows it. */
typedef struct stmfw_target {
	const char *name;       /**< "stm32f1x.cpu"                             */
	const char *type;       /**< "cortex_m", "hla_target", ...              */
	enum stmfw_state state; /**< what it does                               */
	const char *state_name; /**< the same in OpenOCD's own word             */
	int examined;           /**< 0: OpenOCD has not been able to talk to it */
} stmfw_target;

/** A sector: the least of flash that can be erased. */
typedef struct stmfw_sector {
	uint64_t offset;  /**< bytes from the start of the bank           */
	uint64_t size;    /**< bytes                                      */
	int erased;       /**< 1 yes, 0 no, -1 not asked for or not known */
	int is_protected; /**< against writing: 1 yes, 0 no, -1 not known */
} stmfw_sector;

/** A bank: a stretch of flash that one driver of OpenOCD works on. */
typedef struct stmfw_bank {
	unsigned int number;         /**< OpenOCD's bank number                             */
	const char *name;            /**< "stm32f1x.flash"                                  */
	const char *driver;          /**< "stm32f1x"                                        */
	const char *target;          /**< name of its target; "" where OpenOCD does not say */
	uint64_t base;               /**< address                                           */
	uint64_t size;               /**< bytes; 0 until probed                             */
	const char *chip;            /**< driver's words: "STM32F10x (Medium Density) ..."  */
	const stmfw_sector *sectors; /**< from calls that look at them; else NULL           */
	size_t sector_count;         /**< how many sectors                                  */
} stmfw_bank;

/** Read-out protection. */
enum stmfw_rdp {
	STMFW_RDP_UNKNOWN = -1, /**< not known                                             */
	STMFW_RDP_0 = 0,        /**< off                                                   */
	STMFW_RDP_1 = 1,        /**< on: flash cannot be read; removing it erases the chip */
	STMFW_RDP_2 = 2         /**< on, and no debugger any more: for ever                */
};

/** What stmfw_identify() finds out about a chip. Grows at its end. */
typedef struct stmfw_chip {
	const char *family;    /**< "STM32F405/407/415/417"; "" if the id is not in our table */
	uint32_t cpuid;        /**< Arm CPUID register                                        */
	uint32_t idcode;       /**< DBGMCU_IDCODE; 0 if not known                             */
	uint16_t device_id;    /**< low 12 bits of it                                         */
	uint16_t revision_id;  /**< high 16 bits of it                                        */
	uint32_t flash_kib;    /**< what the chip says of its flash size; 0 if not known      */
	int has_uid;           /**< 1: uid is valid                                           */
	uint8_t uid[12];       /**< 96-bit unique id, in memory order                         */
	enum stmfw_rdp rdp;    /**< its read-out protection                                   */
	uint32_t options;      /**< the register that shows the option bytes: F1: FLASH_OBR, F2,
				    F4: FLASH_OPTCR, without bits 1 and 0. 0 if not known     */
	uint32_t options_mask; /**< its bits that stmfw_options_write() can change; 0: none   */
} stmfw_chip;

/** Which OpenOCD it is, found out when connecting. Grows at its end. */
typedef struct stmfw_server {
	const char *version;   /**< "Open On-Chip Debugger 0.12.0"                */
	unsigned int major;    /**< 0                                             */
	unsigned int minor;    /**< 12                                            */
	unsigned int patch;    /**< 0                                             */
	const char *jim;       /**< version of its Tcl interpreter, "0.81"; or "" */
	const char *adapter;   /**< adapter driver, "hla"; or ""                  */
	const char *transport; /**< "hla_swd", "dapdirect_swd", ...; or ""        */
} stmfw_server;

/**
 * Outcome of one operation. The library's, valid during the callback, grows at its end. From
 * `count` on: filled by the calls that say so, else 0 and NULL.
 */
typedef struct stmfw_result {
	stmfw_op op;                 /**< the operation that has ended                           */
	int status;                  /**< STMFW_OK or another enum stmfw_error                   */
	int outcome;                 /**< enum stmfw_outcome                                     */
	int uv_status;               /**< libuv's code behind the failure, or 0                  */
	int tcl_code;                /**< Tcl's return code of the last command: 0 ok, 1 error   */
	int ocd_code;                /**< OpenOCD's own number (-4, -304 ...), or 0: for people  */
	const char *step;            /**< what was being done: "connect", "reset halt" ...       */
	const char *text;            /**< success: the command's result; failure: why, in a line */
	size_t text_len;             /**< its length, as it may contain NUL bytes                */
	const char *log;             /**< what OpenOCD logged during the last command; or ""     */
	size_t log_len;              /**< its length                                             */
	const char *advice;          /**< failure: what to do next, in a line; or ""             */
	uint64_t bytes;              /**< bytes read, written or proven so far                   */
	uint64_t elapsed_ms;         /**< since the operation began to run                       */
	size_t count;                /**< how many targets, banks, words or bytes of data        */
	const stmfw_target *targets; /**< stmfw_targets(), and what changes their state          */
	const stmfw_bank *banks;     /**< stmfw_banks(), and calls about one bank                */
	const stmfw_chip *chip;      /**< stmfw_identify(), and what changes its option bytes    */
	const uint32_t *words;       /**< stmfw_read_words()                                     */
	const uint8_t *data;         /**< stmfw_read_block(), stmfw_read_flash()                 */
	const struct stmfw_flash_report *flash; /**< stmfw_flash(), also when it failed          */
} stmfw_result;

/** How far an operation has come. Grows at its end. */
typedef struct stmfw_progress {
	stmfw_op op;      /**< the operation                 */
	const char *step; /**< "read", "verify", "write" ... */
	uint64_t done;    /**< bytes                         */
	uint64_t total;   /**< bytes                         */
} stmfw_progress;

/** What OpenOCD tells of its targets without being asked. It does not name the target. */
enum stmfw_event_kind {
	STMFW_EVENT_STATE = 0, /**< name: the new state, "halted"              */
	STMFW_EVENT_EVENT = 1, /**< name: the event, "gdb-halt", "resumed" ... */
	STMFW_EVENT_RESET = 2, /**< name: "run", "halt" or "init"              */
	STMFW_EVENT_OTHER = 3  /**< name: the whole record                     */
};

/** What a stmfw_event_cb is told. Grows at its end. */
typedef struct stmfw_event {
	enum stmfw_event_kind kind; /**< what it is about                 */
	const char *name;           /**< what happened, in OpenOCD's word */
} stmfw_event;

/** An operation has ended. Exactly once for each (P2). */
typedef void (*stmfw_done_cb)(stmfw_client *c, const stmfw_result *res, void *arg);

/** An operation has come further (P6). */
typedef void (*stmfw_progress_cb)(stmfw_client *c, const stmfw_progress *p, void *arg);

/** A target does something else than before; see stmfw_notifications(). */
typedef void (*stmfw_event_cb)(stmfw_client *c, const stmfw_event *ev, void *arg);

/** A line of OpenOCD's log, without its end. */
typedef void (*stmfw_log_cb)(stmfw_client *c, const char *line, void *arg);

/** The last call: the client is gone already (P8). */
typedef void (*stmfw_close_cb)(void *arg);

/** Takes one piece of flash. Return 0 to go on, anything else to stop (STMFW_EABORTED). */
typedef int (*stmfw_sink_cb)(stmfw_client *c, uint64_t offset, const uint8_t *data,
			     size_t length, void *arg);

/** The caller's memory. One function does it all: ptr NULL allocates, size 0 frees. */
typedef struct stmfw_allocator {
	void *(*realloc)(void *ctx, void *ptr, size_t size); /**< returns NULL if it cannot    */
	void *ctx;                                           /**< its first argument            */
} stmfw_allocator;

/* ---- firmware images: no client, no loop, any thread ------------------------------------- */

/**
 * A firmware image: bytes at addresses, as ranges that ascend and neither touch nor overlap.
 * Made by stmfw_image_load() and stmfw_image_parse(); after that it never changes.
 */
typedef struct stmfw_image stmfw_image;

/** The kinds of file that an image is read from, or written as. */
enum stmfw_image_type {
	STMFW_IMAGE_AUTO = 0, /**< told by the content; never the type of an image        */
	STMFW_IMAGE_BIN,      /**< bytes and nothing else: the address comes from outside */
	STMFW_IMAGE_IHEX,     /**< Intel HEX, record types 0 to 5                         */
	STMFW_IMAGE_SREC,     /**< Motorola S-record, S0 to S9                            */
	STMFW_IMAGE_ELF       /**< ELF32 for Arm: segments to load by physical address, and of
				   them what belongs to a section, as objcopy does it     */
};

/** Bytes that follow each other, and where they belong. */
typedef struct stmfw_range {
	uint64_t address;    /**< of the first                     */
	uint64_t length;     /**< bytes, at least 1                */
	const uint8_t *data; /**< the bytes, which are the image's */
} stmfw_range;

/** How an image is to be read. */
typedef struct stmfw_image_opts {
	size_t size;                  /**< sizeof(stmfw_image_opts)                   */
	enum stmfw_image_type type;   /**< 0: told by the content                     */
	int has_base;                 /**< 1: base is where a binary begins. 0: a binary is not
					   placed, its addresses begin at 0           */
	uint64_t base;                /**< address of a binary                        */
	uint64_t limit;               /**< 0: 64 MiB; more bytes are refused, and so is a file
					   more than four times as large (plus 1 MiB) */
	const stmfw_allocator *alloc; /**< copied; NULL: the C library's              */
} stmfw_image_opts;

/** Why an image was refused. */
typedef struct stmfw_image_error {
	int status;         /**< as returned                                             */
	unsigned long line; /**< of a text format, from 1; 0: not about a line           */
	uint64_t offset;    /**< of a binary format, in bytes from the start of the file */
	char text[320];     /**< "fw.hex:12: the checksum is 3c, the line says 3d"       */
} stmfw_image_error;

/**
 * Read an image from a file. Only regular files are read, with calls that block.
 *
 * Strict: a wrong checksum, an unknown record, an overlap, an address that wraps around, something
 * behind the end, a file that ends too soon are errors that name the place. A damaged text is never
 * taken for a binary, unless opts->type says that it is one.
 *
 * @param opts   may be NULL
 * @param error  may be NULL; written only on failure
 *
 * Returns  STMFW_EINVAL       a needed argument missing, unknown type, base with a type that has
 *                             its own addresses
 *          STMFW_EFILE        the file could not be read, is empty, or damaged
 *          STMFW_ERANGE       more bytes than limit, or addresses beyond 32 bits
 *          STMFW_EUNSUPPORTED a kind of ELF that is no firmware image: 64-bit, big endian, for
 *                             another processor, not linked, without segments to load; or the
 *                             library was built without libelf
 *          STMFW_ENOMEM
 */
STMFW_API int stmfw_image_load(stmfw_image **out, const char *path, const stmfw_image_opts *opts,
			       stmfw_image_error *error);
/**
 * As stmfw_image_load(), from the bytes of a file in memory. They are copied.
 *
 * @param name  for messages
 */
STMFW_API int stmfw_image_parse(stmfw_image **out, const char *name, const void *bytes,
				size_t length, const stmfw_image_opts *opts,
				stmfw_image_error *error);
/** Release an image. NULL is fine. */
STMFW_API void stmfw_image_free(stmfw_image *image);

/** What an image was read as. */
STMFW_API enum stmfw_image_type stmfw_image_type_of(const stmfw_image *image);
/** Whether an image has addresses: 0 is a binary that was read without a base, else 1. */
STMFW_API int stmfw_image_is_placed(const stmfw_image *image);
/** An image's ranges, at least one; valid as long as the image. */
STMFW_API const stmfw_range *stmfw_image_ranges(const stmfw_image *image, size_t *count);
/** How many bytes an image has, in all of its ranges. */
STMFW_API uint64_t stmfw_image_total(const stmfw_image *image);
/** The first address of an image, and the one behind its last. */
STMFW_API void stmfw_image_bounds(const stmfw_image *image, uint64_t *first, uint64_t *end);
/**
 * Copy what the image has at an address, gaps filled with `fill`: as flash would hold it, piece by
 * piece, for a digest for instance. Returns how many of the bytes are the image's.
 */
STMFW_API uint64_t stmfw_image_copy(const stmfw_image *image, uint64_t address, void *out,
				    uint64_t length, uint8_t fill);

/** Takes one piece of a file. Return 0 to go on, anything else to stop (STMFW_EABORTED). */
typedef int (*stmfw_write_cb)(const void *bytes, size_t length, void *arg);

/**
 * Write an image as a binary (from its first to its last address, gaps filled), Intel HEX or
 * S-record, in pieces to a callback.
 *
 * Returns  STMFW_EINVAL    another type
 *          STMFW_ERANGE    a binary larger than 64 MiB, addresses beyond 32 bits
 *          STMFW_EABORTED  write returned non-zero
 */
STMFW_API int stmfw_image_write(const stmfw_image *image, enum stmfw_image_type type, uint8_t fill,
				stmfw_write_cb write, void *arg);

/* ---- client: one connection to one OpenOCD ---------------------------------------------- */

/**
 * Initialises an option struct: every other field zero, which means default.
 *
 *     stmfw_read_opts o = STMFW_INIT(stmfw_read_opts);
 *
 * In C++: `stmfw_read_opts o = {}; o.size = sizeof o;`
 */
#define STMFW_INIT(type) { .size = sizeof(type) }

/**
 * How content of flash and images travels between this process and OpenOCD, which may be on another
 * machine, another user, or in a container.
 *
 * Inline: OpenOCD makes a temporary file (mode 0600, in its TMPDIR or /tmp), uses it in one command
 * and deletes it, all in one request, so that nothing stays even if this process dies. OpenOCD 0.10
 * may know no files: then flash is read as memory, and nothing can be written (STMFW_EUNSUPPORTED).
 * On a telnet connection, whose console echoes each letter, sending 1 MiB takes half a minute.
 */
enum stmfw_transfer {
	STMFW_TRANSFER_AUTO = 0, /**< shared if OpenOCD sees a file of ours, which is tried; else
				      inline                                           */
	STMFW_TRANSFER_SHARED,   /**< in a private file that both see, or not at all   */
	STMFW_TRANSFER_INLINE    /**< in request and reply; this process makes no file */
};

/** How a client is to behave. Zero is a good choice for each of these. */
typedef struct stmfw_client_opts {
	size_t size;                  /**< sizeof(stmfw_client_opts)                              */
	uint32_t connect_timeout_ms;  /**< 0: 5 000; name lookup, connection and first answer     */
	uint32_t connect_wait_ms;     /**< 0: one try. Else: for so long after the call, it is
					   tried again where no OpenOCD answers, with growing
					   pauses                                                 */
	uint32_t command_timeout_ms;  /**< 0: 10 000; quick commands                              */
	uint32_t flash_timeout_ms;    /**< 0: 120 000; flash commands whose size is not known     */
	uint32_t queue_limit;         /**< 0: 64 operations that wait, and have not been sent     */
	size_t reply_limit;           /**< 0: 4 MiB per answer                                    */
	stmfw_done_cb lost;           /**< an established connection ended (P7): why; may be NULL */
	void *lost_arg;               /**< for lost                                               */
	stmfw_log_cb log;             /**< each line OpenOCD logged during our commands, or NULL;
					   by telnet and from a child: each line, at once         */
	void *log_arg;                /**< for log                                                */
	const stmfw_allocator *alloc; /**< copied; NULL: the C library's                          */
	enum stmfw_transfer transfer; /**< 0: shared if that works, else inline                   */
} stmfw_client_opts;

/**
 * Make a client on the caller's loop. It touches neither network nor disk yet.
 *
 * @param opts  may be NULL
 *
 * Returns  STMFW_EINVAL  out or loop NULL, opts of an unknown, larger size with fields set, or
 *                        transfer none of those above
 *          STMFW_ENOMEM
 */
STMFW_API int stmfw_client_new(stmfw_client **out, struct uv_loop_s *loop,
			       const stmfw_client_opts *opts);

/** The ways to an OpenOCD that runs already. */
enum stmfw_way {
	STMFW_WAY_TCL = 0, /**< the TCL port, 6666                                        */
	STMFW_WAY_TELNET,  /**< the telnet console, 4444                                  */
	STMFW_WAY_UNIX     /**< a Unix domain socket behind which a TCL port is forwarded */
};

/** An address, understood. Never grows. */
typedef struct stmfw_address {
	enum stmfw_way way; /**< what listens there                                            */
	char host[256];     /**< name or number, without brackets; or the path of a socket     */
	uint16_t port;      /**< 0: none                                                       */
	int is_local;       /**< 1: only this machine can be meant. 0: whoever can listen to the
				 network sees all, and whoever reaches the port owns the board */
	char text[280];     /**< as it should be shown, and could be parsed again              */
} stmfw_address;

/**
 * Understand an address as people write it:
 *
 *     HOST[:PORT], :PORT, [IPV6]:PORT    the TCL port; what is missing is 127.0.0.1, 6666
 *     tcl://HOST[:PORT]                  the same
 *     telnet://HOST[:PORT]               the telnet console; port 4444
 *     unix:PATH                          a socket, at most 107 bytes of path
 *
 * Any thread. NULL is as "".
 *
 * Returns  STMFW_EINVAL  it is no address, or has control bytes
 */
STMFW_API int stmfw_address_parse(stmfw_address *out, const char *text);

/**
 * Connect to an OpenOCD and make sure that it is one.
 *
 * All addresses of a host are tried, in order. OpenOCD itself listens on IPv4 only. With
 * stmfw_client_opts.connect_wait_ms it is tried again where no OpenOCD answers yet.
 *
 * A telnet console can do all that the TCL port can, but for stmfw_notifications(). Log lines come
 * while a command runs, not after it, and those that others cause are among them. Commands are
 * typed there: they are in OpenOCD's own ~/.openocd_history afterwards, and what is much longer
 * than a line (2559 bytes; 255 up to OpenOCD 0.10) goes into a variable first, which stays in
 * OpenOCD's interpreter if the connection breaks at that moment.
 *
 * Operations may be submitted at once, see STATES: then cb may well be NULL, as the first of them
 * reports what connecting would have reported.
 *
 * @param address  see stmfw_address_parse(); NULL: 127.0.0.1:6666
 *
 * Returns  STMFW_EINVAL  no address;  STMFW_ESTATE  not IDLE;  STMFW_ENOMEM
 * Reports  STMFW_ECONNECT   no such host or socket, or nobody listens there
 *          STMFW_ETIMEDOUT  no answer in time: OpenOCD busy or starting, or another service
 *          STMFW_EPROTO     another service; text names it (telnet console, gdb, web server)
 *          STMFW_ELOST      hung up before the first answer;  STMFW_ECANCELED;  STMFW_ENOMEM
 */
STMFW_API int stmfw_client_connect(stmfw_client *c, const char *address, stmfw_done_cb cb,
				   void *arg, stmfw_op *op);

/** Which OpenOCD to start, and how. */
typedef struct stmfw_spawn_opts {
	size_t size;             /**< sizeof(stmfw_spawn_opts)                      */
	const char *const *argv; /**< program and its words, NULL at the end; no shell. A program
				      without "/" is looked up in PATH              */
	int as_is;               /**< 1: argv itself sees to it that the TCL server is on stdin
				      and stdout. 0: -c and a script for that are put behind its
				      word "openocd" (or at the end), quoted for a shell if it is
				      ssh                                           */
	uint32_t timeout_ms;     /**< 0: 30 000; from the start to the first answer */
} stmfw_spawn_opts;

/**
 * Start an OpenOCD as a child of this process, and connect to it by its stdin and stdout: it opens
 * no port, so nobody else can reach it. With argv "ssh", "station3", "openocd", "-f", "board.cfg"
 * it runs on another machine, and all is encrypted (ssh cannot ask for a password: the child has no
 * terminal).
 *
 * Its stderr is always read: each line (its first 1023 bytes) goes to the log callback, when it
 * comes. If it ends unexpectedly the result has its last lines: that is how one learns that there
 * is no probe.
 *
 * The child belongs to the client: when the connection ends, for whatever reason, its stdin ends,
 * which ends OpenOCD once it has done what it is doing. After 5 seconds it gets SIGTERM, after 5
 * more SIGKILL, but no process that it has started itself: let a wrapper `exec`. The close callback
 * waits for its end. If this process dies, its stdin ends as well.
 *
 * The child has a session of its own, so that Ctrl-C does not reach it. The loop must be the one
 * that handles SIGCHLD, which is what libuv's do.
 *
 * Returns  STMFW_EINVAL  no argv;  STMFW_ESTATE  not IDLE;  STMFW_ENOMEM
 * Reports  STMFW_ECONNECT   it cannot be started, or ended before its first answer: text has its
 *                           last words
 *          STMFW_ETIMEDOUT  no answer in time: its TCL server is not on stdin and stdout, ssh waits
 *                           for something, or the board does
 *          STMFW_EPROTO     what comes from stdout is no answer
 *          STMFW_ELOST      it hung up before its first answer, and has not ended
 *          STMFW_ECANCELED;  STMFW_ENOMEM
 */
STMFW_API int stmfw_client_spawn(stmfw_client *c, const stmfw_spawn_opts *opts, stmfw_done_cb cb,
				 void *arg, stmfw_op *op);

/**
 * Close a client and release it. In any state, from any callback; see P8. cb may be NULL.
 *
 * Returns  STMFW_EINVAL  c is NULL;  STMFW_ESTATE  already closing
 */
STMFW_API int stmfw_client_close(stmfw_client *c, stmfw_close_cb cb, void *arg);

/** 1 between a successful connect and the loss or close of the connection, else 0. */
STMFW_API int stmfw_client_is_connected(const stmfw_client *c);

/** What was found when connecting. NULL when not connected; valid until the connection ends. */
STMFW_API const stmfw_server *stmfw_client_server(const stmfw_client *c);

/** A pointer of the caller's, kept and never looked at. */
STMFW_API void stmfw_client_set_data(stmfw_client *c, void *data);
/** The pointer that stmfw_client_set_data() was given; NULL before that. */
STMFW_API void *stmfw_client_data(const stmfw_client *c);

/**
 * Ask an operation to stop; see CANCELLING above. Its callback still comes, later.
 *
 * Returns  STMFW_ESTATE  no such operation is outstanding (harmless)
 */
STMFW_API int stmfw_cancel(stmfw_client *c, stmfw_op op);

/* ---- the calls ---------------------------------------------------------------------------
 * Each of them is one or a few commands of OpenOCD. Common to all calls that have a done callback:
 *
 * Returns  STMFW_OK      accepted: cb comes exactly once
 *          STMFW_EINVAL  c or a needed argument missing, a path or name that is empty, a count or
 *                        length of 0, unknown flags, a value out of the limits given
 *          STMFW_ESTATE  neither connected nor connecting;  STMFW_EFULL;  STMFW_ENOMEM
 * Reports  STMFW_ELOST, STMFW_ETIMEDOUT, STMFW_ECANCELED, STMFW_ENOMEM
 *          and what stmfw_client_connect() and stmfw_client_spawn() report, if it was submitted
 *          while they were at work
 *          STMFW_EPROTO        also: an answer longer than reply_limit
 *          STMFW_ECOMMAND      OpenOCD said no; where its words are known, one of these instead:
 *          STMFW_ETARGET       the chip or the probe does not respond
 *          STMFW_EPROTECTED    write protection
 *          STMFW_ERANGE        no such target or bank, or outside of it
 *          STMFW_EUNSUPPORTED  this OpenOCD answers in a way that makes no sense to us
 *          and others where listed. stmfw_command() reports STMFW_ECOMMAND only.
 *
 * A target is named as OpenOCD names it; NULL is OpenOCD's current one. A bank is OpenOCD's number.
 * cb may be NULL where nobody cares; op may be NULL.
 */

/**
 * Run any Tcl in OpenOCD's interpreter.
 *
 * On success res->text is the result, without a line end at its end, and res->log what was logged
 * meanwhile. (OpenOCD 0.10 puts the output of its commands into the log, and `poll on|off` has no
 * lasting effect this way on 0.10 and 0.11.) Words that come from outside must go through
 * stmfw_quote(). To end OpenOCD use stmfw_shutdown(): as a command, "shutdown" fails and the
 * connection is lost.
 *
 * @param tcl         no byte 0x1a, which would end the command (in a word that stmfw_quote() made
 *                    it is fine); at most 1 MiB once quoted
 * @param timeout_ms  0: command_timeout_ms, and a second for each 16 KiB of tcl
 *
 * Returns  STMFW_EINVAL  also for a 0x1a or a script that is too long
 */
STMFW_API int stmfw_command(stmfw_client *c, const char *tcl, uint32_t timeout_ms,
			    stmfw_done_cb cb, void *arg, stmfw_op *op);

/**
 * Quote any bytes as exactly one word of Tcl. Writes at most cap bytes including the final NUL.
 * Returns the length without the NUL that is needed (call with cap 0 to learn it). Any thread.
 */
STMFW_API size_t stmfw_quote(char *out, size_t cap, const void *bytes, size_t length);

/**
 * Have what the targets do told to a callback, until this is called again or the connection ends.
 *
 * @param event  NULL: tell nobody any more
 *
 * Reports  STMFW_EUNSUPPORTED  a telnet console has none
 */
STMFW_API int stmfw_notifications(stmfw_client *c, stmfw_event_cb event, void *event_arg,
				  stmfw_done_cb cb, void *arg, stmfw_op *op);

/** All targets and their states: res->targets, res->count. */
STMFW_API int stmfw_targets(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *op);

/** What the targets are to do after a reset. */
enum stmfw_reset_mode {
	STMFW_RESET_RUN,  /**< run                                                         */
	STMFW_RESET_HALT, /**< stand before their first instruction                        */
	STMFW_RESET_INIT  /**< the same, and then OpenOCD's reset-init script of the board */
};

/**
 * Reset all targets of this OpenOCD, and look at their state afterwards: res->targets.
 * Targets that OpenOCD has never been able to talk to do not count, unless there are no others.
 *
 * Reports  STMFW_ETARGET  reset failed; or halt/init was asked and a target is not halted; or run,
 *                         and a target's state is not known afterwards
 */
STMFW_API int stmfw_reset(stmfw_client *c, enum stmfw_reset_mode mode, stmfw_done_cb cb,
			  void *arg, stmfw_op *op);

/**
 * Halt one target, and look at its state afterwards: res->targets.
 *
 * Reports  STMFW_ETARGET  it did not halt;  STMFW_ERANGE  no such target
 */
STMFW_API int stmfw_halt(stmfw_client *c, const char *target, stmfw_done_cb cb, void *arg,
			 stmfw_op *op);
/**
 * Let one target run from where it stands, and look at its state afterwards: res->targets.
 *
 * Reports  STMFW_ETARGET  it did not start again;  STMFW_ERANGE  no such target
 */
STMFW_API int stmfw_resume(stmfw_client *c, const char *target, stmfw_done_cb cb, void *arg,
			   stmfw_op *op);

/**
 * Which chip is this: ids, unique id, flash size, read-out protection: res->chip. The target may
 * run or be halted.
 *
 * What cannot be read stays unknown; only without the core's id, or the protection of a family that
 * we know, the call fails. The table of families is in lib/chip.c.
 *
 * Reports  STMFW_ETARGET  they cannot be read
 */
STMFW_API int stmfw_identify(stmfw_client *c, const char *target, stmfw_done_cb cb, void *arg,
			     stmfw_op *op);

/** All flash banks: res->banks, without sectors. Does not touch the chip: sizes may be 0. */
STMFW_API int stmfw_banks(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *op);

/** How much stmfw_bank_info() is to find out. */
enum stmfw_bank_flag {
	STMFW_BANK_ERASE_STATE = 1 << 0, /**< find out which sectors are erased; takes a while   */
	STMFW_BANK_BRIEF = 1 << 1        /**< only probe it: no sectors, no words about the chip */
};

/**
 * Probe one bank and describe it with its sectors: res->banks[0].
 *
 * @param flags  enum stmfw_bank_flag
 *
 * Reports  STMFW_ERANGE        no such bank
 *          STMFW_ETARGET       it could not be probed
 *          STMFW_EUNSUPPORTED  its sectors, as OpenOCD tells them, do not fit together, or into it
 */
STMFW_API int stmfw_bank_info(stmfw_client *c, unsigned int bank, unsigned int flags,
			      stmfw_done_cb cb, void *arg, stmfw_op *op);

/**
 * The plain single command `flash read_bank`: into a file that OpenOCD makes on its machine.
 * Nothing is proven but that OpenOCD says so; res->bytes is its count. See stmfw_read_flash().
 *
 * @param ocd_path  on OpenOCD's machine
 * @param offset    bytes from the start of the bank
 *
 * Reports  STMFW_ERANGE  OpenOCD's count is not length: the bank ends before
 */
STMFW_API int stmfw_read_bank(stmfw_client *c, unsigned int bank, const char *ocd_path,
			      uint64_t offset, uint64_t length, stmfw_done_cb cb, void *arg,
			      stmfw_op *op);

/** What stmfw_write_image() is to do first. */
enum stmfw_write_flag {
	STMFW_WRITE_ERASE = 1 << 0, /**< erase the sectors it touches  */
	STMFW_WRITE_UNLOCK = 1 << 1 /**< remove their write protection */
};

/** Which image stmfw_write_image() writes, and where. */
typedef struct stmfw_write_opts {
	size_t size;          /**< sizeof(stmfw_write_opts)                                      */
	const char *ocd_path; /**< image, on OpenOCD's machine; not "erase" or "unlock"; or NULL */
	uint64_t offset;      /**< added to the image's addresses; the address for "bin"         */
	const char *type;     /**< "bin", "ihex", "elf", "s19"; NULL: OpenOCD guesses            */
	unsigned int flags;   /**< enum stmfw_write_flag                                         */
	uint32_t timeout_ms;  /**< 0: flash_timeout_ms                                           */
	const void *data;     /**< instead of ocd_path: content of an image file; see below      */
	size_t data_length;   /**< bytes                                                         */
} stmfw_write_opts;

/**
 * The plain single command `flash write_image`. It does not prove what it wrote.
 * res->bytes is OpenOCD's count, which some versions round up to whole sectors.
 *
 * The image is a file on OpenOCD's machine, or content in memory (`data`, a whole image file of any
 * type that OpenOCD knows; NOT copied: must stay until cb), which travels as
 * stmfw_client_opts.transfer says. What is longer than 256 KiB then takes several requests, and if
 * the connection is lost between these OpenOCD keeps its temporary file for another minute.
 * stmfw_cancel() has it deleted.
 *
 * Reports  STMFW_ERANGE  OpenOCD wrote 0 bytes: no flash bank at that address, or an empty file; or
 *                        only a part, which it has written: the bank ends before
 *          STMFW_EFILE   data: no temporary file could be made or filled, here or there
 *          STMFW_EUNSUPPORTED  data: OpenOCD does not see our files, or (0.10) cannot make its own
 */
STMFW_API int stmfw_write_image(stmfw_client *c, const stmfw_write_opts *opts,
				stmfw_done_cb cb, void *arg, stmfw_op *op);

/* ---- flash, protection: single commands -----------------------------------------------------
 * One OpenOCD command each, and what it takes to know what came of it: geometry and protection
 * before, so that what cannot work changes nothing; a look at the chip afterwards where the words
 * of OpenOCD prove nothing. They need a halted target (STMFW_ETARGET else) and neither reset it nor
 * let it run.
 *
 * But those that change protection or option bytes reset: stmfw_protect(), stmfw_lock(),
 * stmfw_unprotect(), stmfw_options_write(), and erasing with STMFW_ERASE_UNLOCK. OpenOCD resets ALL
 * its targets at once; they are halted then.
 *
 * Once the command that changes something is sent, stmfw_cancel() waits for the look behind it.
 * Deadlines grow with the number of bytes and the kind of work.
 */

/** Given as `last`: up to the end of the bank. */
#define STMFW_LAST_SECTOR UINT32_MAX

/** What erasing is to do with what is in its way. */
enum stmfw_erase_flag {
	STMFW_ERASE_PAD = 1 << 0,   /**< a range: all of the sectors in which it begins and ends */
	STMFW_ERASE_UNLOCK = 1 << 1 /**< remove write protection first, as stmfw_protect() does
					 (it may reset ALL targets), from all of a group that is
					 protected together                                      */
};

/**
 * Erase sectors first to last of a bank: `flash erase_sector`, then `flash erase_check`.
 *
 * Success proves that each of them was blank afterwards, as the chip's own CPU saw it, or OpenOCD
 * by reading where that cannot run code. It does not prove that the other sectors are as before.
 * res->banks[0] has all sectors, res->bytes is the number of bytes erased. On failure some of the
 * sectors may be erased already.
 *
 * @param flags  0 or STMFW_ERASE_UNLOCK, which may reset all targets of this OpenOCD
 *
 * Reports  STMFW_ERANGE      no such bank or sector; nothing was erased
 *          STMFW_EPROTECTED  a sector is write protected (without STMFW_ERASE_UNLOCK); nothing was
 *                            erased
 *          STMFW_EUNSUPPORTED  one-time-programmable memory, which is never erased
 *          STMFW_EVERIFY     a sector is not blank afterwards; text names the first
 *          STMFW_ETARGET     the chip does not respond, or cannot be looked at
 */
STMFW_API int stmfw_erase_sectors(stmfw_client *c, unsigned int bank, uint32_t first,
				  uint32_t last, unsigned int flags, stmfw_done_cb cb, void *arg,
				  stmfw_op *op);

/**
 * As stmfw_erase_sectors(), for the sectors of an address range. Without STMFW_ERASE_PAD it must
 * begin and end at the border of a sector: STMFW_ERANGE else, and the text names the borders.
 *
 * @param bank   where the range lies
 * @param flags  enum stmfw_erase_flag
 */
STMFW_API int stmfw_erase_range(stmfw_client *c, unsigned int bank, uint64_t address,
				uint64_t length, unsigned int flags, stmfw_done_cb cb, void *arg,
				stmfw_op *op);

/**
 * Erase all of a bank: by the driver's own command if it has one (`stm32f1x mass_erase`) and the
 * bank is main flash, else sector by sector. Success and reports as stmfw_erase_sectors(). Where a
 * chip's flash is more than one bank, its own command may erase all of them. A chip with read
 * protection can be erased like this and keeps the protection, but nobody can look whether it is
 * blank (STMFW_ETARGET). Where OpenOCD's list of sectors ends before the bank does, nothing is
 * erased (STMFW_EUNSUPPORTED).
 */
STMFW_API int stmfw_mass_erase(stmfw_client *c, unsigned int bank, stmfw_done_cb cb, void *arg,
			       stmfw_op *op);

/**
 * Are sectors first to last blank? `flash erase_check`. res->banks[0] has all sectors, also when
 * some are not blank.
 *
 * Success proves that all of them are, as the chip's own CPU saw it, or OpenOCD by reading where
 * that cannot run code.
 *
 * Reports  STMFW_EVERIFY  not blank; text names the first sector
 *          STMFW_ETARGET  OpenOCD could not look;  STMFW_ERANGE  no such bank or sector
 */
STMFW_API int stmfw_blank_check(stmfw_client *c, unsigned int bank, uint32_t first, uint32_t last,
				stmfw_done_cb cb, void *arg, stmfw_op *op);

/**
 * The plain single command `flash write_bank`: a file on OpenOCD's machine, as it is, to an offset
 * of a bank. It erases nothing.
 *
 * Success proves that OpenOCD wrote as many bytes as the file has, by its count, not that flash
 * holds them: see stmfw_verify_bank() and stmfw_verify_flash(). Some drivers fill up to whole
 * sectors with FF, which changes nothing where flash is blank.
 *
 * @param ocd_path  on OpenOCD's machine
 * @param offset    bytes from the start of the bank
 * @param length    bytes that the file is to have; 0: as many as it has
 *
 * Reports  STMFW_ERANGE        the file does not fit there, is empty, or has another length;
 *                              nothing was written
 *          STMFW_ECOMMAND      there is no such file, or writing failed
 *          STMFW_EUNSUPPORTED  length 0, and OpenOCD (0.10) cannot tell how long the file is
 */
STMFW_API int stmfw_write_bank(stmfw_client *c, unsigned int bank, const char *ocd_path,
			       uint64_t offset, uint64_t length, stmfw_done_cb cb, void *arg,
			       stmfw_op *op);

/**
 * The plain single command `flash verify_bank`: read flash and compare it with a file on OpenOCD's
 * machine. Success proves that each byte of the file, res->bytes of them, was read once as it is
 * in the file.
 *
 * @param ocd_path  on OpenOCD's machine
 * @param offset    bytes from the start of the bank
 * @param length    bytes that the file is to have; 0: as many as it has
 *
 * Reports  STMFW_EVERIFY       they differ; text names the first difference
 *          STMFW_ERANGE        the file does not fit there, is empty, or has another length
 *          STMFW_ECOMMAND      there is no such file, or reading failed
 *          STMFW_EUNSUPPORTED  length 0, and OpenOCD (0.10) cannot tell how long the file is
 */
STMFW_API int stmfw_verify_bank(stmfw_client *c, unsigned int bank, const char *ocd_path,
				uint64_t offset, uint64_t length, stmfw_done_cb cb, void *arg,
				stmfw_op *op);

/**
 * As stmfw_write_bank(), with content in memory instead of a file on OpenOCD's machine: bytes as
 * they are to be in flash, NOT copied (must stay until cb). How they travel: stmfw_write_image().
 *
 * @param length  at least 1
 *
 * Reports  STMFW_EFILE, STMFW_EUNSUPPORTED  as stmfw_write_image()
 *          and as stmfw_write_bank()
 */
STMFW_API int stmfw_write_bank_data(stmfw_client *c, unsigned int bank, const void *data,
				    size_t length, uint64_t offset, stmfw_done_cb cb, void *arg,
				    stmfw_op *op);
/**
 * As stmfw_verify_bank(), with content in memory, as for stmfw_write_bank_data().
 *
 * Reports  STMFW_EFILE, STMFW_EUNSUPPORTED  as stmfw_write_image()
 *          and as stmfw_verify_bank()
 */
STMFW_API int stmfw_verify_bank_data(stmfw_client *c, unsigned int bank, const void *data,
				     size_t length, uint64_t offset, stmfw_done_cb cb, void *arg,
				     stmfw_op *op);

/** Which image stmfw_verify_image() compares, or stmfw_load_image() loads, and where. */
typedef struct stmfw_check_opts {
	size_t size;          /**< sizeof(stmfw_check_opts)                                  */
	const char *ocd_path; /**< image, on OpenOCD's machine; or NULL                      */
	uint64_t offset;      /**< added to the image's addresses; the address for "bin"     */
	const char *type;     /**< "bin", "ihex", "elf", "s19"; NULL: OpenOCD guesses        */
	const char *target;   /**< NULL: OpenOCD's current one                               */
	uint64_t length;      /**< bytes to be compared or loaded, if known; 0: at least one */
	uint32_t timeout_ms;  /**< 0: flash_timeout_ms                                       */
	const void *data;     /**< instead of ocd_path: as in stmfw_write_opts               */
	size_t data_length;   /**< bytes                                                     */
} stmfw_check_opts;

/**
 * The plain single command `verify_image`: compare an image (see stmfw_write_image()) with memory,
 * by a checksum that the chip's own CPU makes (OpenOCD reads where that cannot run code). Uses some
 * RAM.
 *
 * Success proves that res->bytes bytes, OpenOCD's count over all parts of the image, were compared
 * and are equal; that they are all that the image should have is known only with length.
 *
 * Reports  STMFW_EVERIFY  they differ, and text names the first difference; or nothing, or another
 *                         number of bytes than length was compared
 *          STMFW_EFILE, STMFW_EUNSUPPORTED  as stmfw_write_image()
 */
STMFW_API int stmfw_verify_image(stmfw_client *c, const stmfw_check_opts *opts, stmfw_done_cb cb,
				 void *arg, stmfw_op *op);

/**
 * The plain single command `load_image`: an image (see stmfw_write_image()) into the RAM of a
 * target that should be halted. Success proves that OpenOCD wrote res->bytes bytes, all parts of
 * the image by its count; stmfw_verify_image() proves that they are there.
 *
 * Reports  STMFW_ECOMMAND  nothing, or another number of bytes than length was loaded
 *          STMFW_ETARGET   there is no memory, or the target does not respond
 *          STMFW_EFILE, STMFW_EUNSUPPORTED  as stmfw_write_image()
 */
STMFW_API int stmfw_load_image(stmfw_client *c, const stmfw_check_opts *opts, stmfw_done_cb cb,
			       void *arg, stmfw_op *op);

/** What stmfw_fill() writes, and where. */
typedef struct stmfw_fill_opts {
	size_t size;        /**< sizeof(stmfw_fill_opts)          */
	unsigned int bank;  /**< OpenOCD's bank number            */
	uint64_t offset;    /**< bytes from the start of the bank */
	unsigned int width; /**< 8, 16 or 32 bits                 */
	uint32_t value;     /**< fits in width                    */
	uint32_t count;     /**< how often, at least once         */
} stmfw_fill_opts;

/**
 * The plain single commands `flash fillw`, `fillh`, `fillb`: write one value again and again. It
 * erases nothing. Success proves that OpenOCD read all of it back as it should be, once.
 *
 * Reports  STMFW_ERANGE   it does not fit in the bank; nothing was written
 *          STMFW_EVERIFY  it was not read back as it should be: was flash blank?
 */
STMFW_API int stmfw_fill(stmfw_client *c, const stmfw_fill_opts *opts, stmfw_done_cb cb, void *arg,
			 stmfw_op *op);

/** What stmfw_protect() is to make of write protection. */
enum stmfw_protection {
	STMFW_PROTECTION_OFF = 0, /**< the sectors can be written */
	STMFW_PROTECTION_ON = 1   /**< they can not               */
};

/**
 * Write protection of sectors first to last, on or off: `flash protect`; for all STM32s but the H7
 * a reset (of ALL targets of this OpenOCD, which are halted then), which makes the chip load its
 * option bytes, or show whether it has; then a look at its state. So also where OpenOCD refuses:
 * text then tells the state, as the chip may have lost what was there before.
 *
 * Success proves that the chip shows each of them as wanted. res->banks[0] has all sectors. What
 * was done once is done again: write protection that was only waiting for a reset is not missed.
 *
 * Where all option bytes are written anew (F0, F1, F3), a chip with read protection would lose it
 * and its content: that is refused. Tried on the virtual board: stm32f1x, stm32f2x; not tried:
 * stm32l4x, stm32h7x and others (text says so). stm32lx (L0, L1) cannot do it.
 *
 * Reports  STMFW_ERANGE        no such bank or sector; or the sectors belong to a group that can
 *                              only be protected together, which text names; nothing was changed
 *          STMFW_EPROTECTED    read protection would be lost (see above); nothing was changed
 *          STMFW_EUNSUPPORTED  one-time-programmable memory, whose protection is for ever; or
 *                              whether read protection would be lost is not known; nothing was
 *                              changed. Or OpenOCD's driver cannot do it. Or up to 0.11, with
 *                              several targets: OpenOCD does not say whose bank it is
 *          STMFW_EVERIFY       a sector is not as wanted: perhaps after a power cycle
 */
STMFW_API int stmfw_protect(stmfw_client *c, unsigned int bank, uint32_t first, uint32_t last,
			    enum stmfw_protection protection, stmfw_done_cb cb, void *arg,
			    stmfw_op *op);

/**
 * Set read-out protection to level 1, for production: nobody can read the flash any more, not even
 * to compare it, until the protection is removed, which erases the chip. Level 2, which is for
 * ever, cannot be set with this library.
 *
 * Resets and halts the chip, runs the driver's command, makes the chip load its option bytes,
 * resets and halts it, and identifies it again: res->chip. Each reset is one of ALL targets of this
 * OpenOCD, and all are halted then. On a chip that is protected already nothing is done, and that
 * is a success.
 *
 * Success proves that the chip shows level 1 after a reset. It does not prove that it keeps others
 * from reading. As long as a debugger is connected the firmware of a protected chip may not run:
 * switch the board off and on.
 *
 * @param bank  one of the chip's main flash
 *
 * Reports  STMFW_EVERIFY       level 1 is not in force: perhaps after a power cycle (L0, L1: it
 *                              always takes one)
 *          STMFW_ECOMMAND      OpenOCD could not do it, and level 1 is not in force
 *          STMFW_EPROTECTED    it is at level 2, for ever
 *          STMFW_EUNSUPPORTED  no such command is known to us for this flash driver; or where the
 *                              chip shows its protection is not known; nothing was changed
 *          STMFW_ETARGET       the chip does not respond. If that was after the command (text says
 *                              so), whether it took effect is not known before a power cycle
 *          STMFW_ERANGE        no such bank
 *
 * Tried on the virtual board: stm32f1x, stm32f2x. Not tried: stm32l4x, stm32h7x, stm32lx.
 */
STMFW_API int stmfw_lock(stmfw_client *c, unsigned int bank, stmfw_done_cb cb, void *arg,
			 stmfw_op *op);

/** What has to be said so that stmfw_unprotect() does anything; no other value will do. */
enum stmfw_unprotect_consent {
	STMFW_UNPROTECT_ERASES_CHIP = 0x0e5a5e /**< "I know that this erases the whole chip" */
};

/**
 * Remove read-out protection level 1. THIS ERASES THE WHOLE CHIP: the firmware is gone, for
 * everybody. Steps (resets of ALL targets of this OpenOCD among them), reports and what was tried
 * are as for stmfw_lock(). On a chip without read protection nothing is done, and nothing erased,
 * and that is a success.
 *
 * Success proves that the chip shows level 0 after a reset. stmfw_blank_check() proves that it is
 * blank.
 *
 * @param consent  STMFW_UNPROTECT_ERASES_CHIP, else STMFW_EINVAL
 */
STMFW_API int stmfw_unprotect(stmfw_client *c, unsigned int bank,
			      enum stmfw_unprotect_consent consent, stmfw_done_cb cb, void *arg,
			      stmfw_op *op);

/**
 * Write user option bytes: what the watchdog, stop and standby do, F1: the two data bytes, F2, F4:
 * the brown-out level. Read protection stays as it is: it cannot be asked for. value and mask are
 * bits of the register that shows the option bytes, which is what stmfw_chip.options has.
 *
 *     F1  FLASH_OBR    2 WDG_SW, 3 nRST_STOP, 4 nRST_STDBY, 17:10 Data0, 25:18 Data1
 *     F2, F4  OPTCR    3:2 BOR_LEV, 5 WDG_SW, 6 nRST_STOP, 7 nRST_STDBY
 *
 * Where they are so already nothing is written, and that is a success. Else it resets and halts the
 * chip, runs the driver's command, makes the chip load its option bytes by another reset, and
 * identifies it again: res->chip. Each reset is one of ALL targets of this OpenOCD, and all are
 * halted then.
 *
 * Success proves that the register shows the bits of mask as value, all others of it as before, and
 * read protection off, after that reset. (F1 shows write protection elsewhere: stmfw_bank_info().)
 * If the connection or the probe is lost in the middle, an F1 may have lost all of its option
 * bytes: it is read protected then.
 *
 * @param bank   one of the chip's main flash
 * @param value  for the bits of mask; no other may be set, else STMFW_EINVAL
 * @param mask   which bits; not 0, else STMFW_EINVAL
 *
 * Reports  STMFW_EVERIFY       the register does not show it: perhaps after a power cycle
 *          STMFW_ECOMMAND      OpenOCD could not do it; text tells what the register shows
 *          STMFW_EPROTECTED    read protection is on, and could be lost; nothing was changed
 *          STMFW_ERANGE        no such bank; or mask has bits that are not this chip's to choose
 *                              (options_mask); nothing was changed
 *          STMFW_EUNSUPPORTED  not an F1, F2 or F4; nothing was changed
 *          STMFW_ETARGET       the chip does not respond. If that was after the command (text says
 *                              so), what the option bytes are is not known
 *
 * Tried on the virtual board: F1, F4.
 */
STMFW_API int stmfw_options_write(stmfw_client *c, unsigned int bank, uint32_t value, uint32_t mask,
				  stmfw_done_cb cb, void *arg, stmfw_op *op);

/* ---- memory: words and bytes, by way of a target ---------------------------------------- */

/**
 * Read memory as words: res->words, res->count.
 *
 * @param width  8, 16 or 32 bits
 * @param count  1 to 16384
 *
 * Reports  STMFW_ETARGET  the target refuses the access;  STMFW_ERANGE  no such target
 */
STMFW_API int stmfw_read_words(stmfw_client *c, const char *target, uint64_t address,
			       unsigned int width, size_t count, stmfw_done_cb cb, void *arg,
			       stmfw_op *op);
/** Write memory as words that fit in width. Limits and reports as stmfw_read_words(). */
STMFW_API int stmfw_write_words(stmfw_client *c, const char *target, uint64_t address,
				unsigned int width, const uint32_t *words, size_t count,
				stmfw_done_cb cb, void *arg, stmfw_op *op);

/** Read memory as bytes, 1 to 65536, at any address: res->data, res->count. */
STMFW_API int stmfw_read_block(stmfw_client *c, const char *target, uint64_t address,
			       size_t length, stmfw_done_cb cb, void *arg, stmfw_op *op);
/** Write memory as bytes, 1 to 65536, at any address. Not for flash. */
STMFW_API int stmfw_write_block(stmfw_client *c, const char *target, uint64_t address,
				const uint8_t *data, size_t length, stmfw_done_cb cb, void *arg,
				stmfw_op *op);

/**
 * End the OpenOCD process. Success: it agreed, and the connection has ended; `lost` is not called.
 *
 * Reports  STMFW_ETIMEDOUT  it agreed but is still there
 */
STMFW_API int stmfw_shutdown(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *op);

/* ---- whole operations: several commands, in pieces, with progress ------------------------ */

/** What stmfw_read_flash() reads, and who gets it. */
typedef struct stmfw_read_opts {
	size_t size;                /**< sizeof(stmfw_read_opts)                               */
	unsigned int bank;          /**< OpenOCD's bank number                                 */
	uint64_t offset;            /**< bytes from the start of the bank                      */
	uint64_t length;            /**< bytes; 0: up to the end of the bank, which is probed  */
	uint32_t chunk;             /**< bytes per command, at most 1 MiB; 0: about 0.4 s each */
	const char *scratch_dir;    /**< where a private file goes; NULL: TMPDIR or /tmp       */
	stmfw_sink_cb sink;         /**< gets the bytes, in order, at most 16 KiB at a time;
					 NULL: the result has all of them                      */
	stmfw_progress_cb progress; /**< may be NULL                                           */
	void *arg;                  /**< for sink and progress                                 */
} stmfw_read_opts;

/**
 * Read any range of a flash bank, piece by piece, into a callback; or without one into memory, all
 * of it at once: res->data, res->count, at most 64 MiB, from the client's allocator. A read that
 * failed has none of it.
 *
 * Success: OpenOCD has read each byte of the range, once. That is no proof that a bad line did not
 * change one: see stmfw_verify_flash(). The target should be halted (this is not checked), so that
 * it does not change its own flash meanwhile. Bytes travel as stmfw_client_opts.transfer says; a
 * private file that both processes see is deleted however the operation ends (if this process is
 * killed it stays). Cancelling takes effect between two pieces; one that travels in a reply has at
 * most 128 KiB. res->bytes is what the sink has been given, or would have been. Deadlines grow with
 * the size of a piece.
 *
 * @param opts  NULL: all of bank 0, into memory
 *
 * Returns  STMFW_EINVAL  also with too large a chunk
 * Reports  STMFW_ERANGE        no such bank, or the range does not lie in it; or without a sink it is
 *                              more than 64 MiB
 *          STMFW_ETARGET       the chip could not be read
 *          STMFW_EUNSUPPORTED  OpenOCD does not see our files (STMFW_TRANSFER_SHARED)
 *          STMFW_EFILE         a temporary file, ours or OpenOCD's, could not be made or filled
 *          STMFW_EABORTED      sink returned non-zero
 */
STMFW_API int stmfw_read_flash(stmfw_client *c, const stmfw_read_opts *opts, stmfw_done_cb cb,
			       void *arg, stmfw_op *op);

/** What stmfw_verify_flash() is to find in flash, and where. */
typedef struct stmfw_verify_opts {
	size_t size;                /**< sizeof(stmfw_verify_opts)                       */
	unsigned int bank;          /**< OpenOCD's bank number                           */
	uint64_t offset;            /**< bytes from the start of the bank                */
	const uint8_t *data;        /**< NOT copied: must stay as it is until cb         */
	uint64_t length;            /**< bytes, at least 1                               */
	uint32_t chunk;             /**< bytes per command; 0: 128 KiB, at most 1 MiB    */
	const char *scratch_dir;    /**< where a private file goes; NULL: TMPDIR or /tmp */
	stmfw_progress_cb progress; /**< may be NULL                                     */
	void *arg;                  /**< for progress                                    */
} stmfw_verify_opts;

/**
 * Prove that a range of flash holds exactly these bytes, by a checksum that the chip's own CPU
 * makes (OpenOCD's verify_image, or where it does not see our files a program of ours); where the
 * chip cannot run code they are read again.
 *
 * Needs a halted target, and uses some of its RAM, which OpenOCD may not restore.
 *
 * Reports  STMFW_EVERIFY  they differ; res->bytes is what was proven before that piece
 *          and as stmfw_read_flash(), but for STMFW_EABORTED
 */
STMFW_API int stmfw_verify_flash(stmfw_client *c, const stmfw_verify_opts *opts,
				 stmfw_done_cb cb, void *arg, stmfw_op *op);

/* ---- flashing: planned, proven, taken back when it fails --------------------------------- */

/** What is done with one sector that the image touches. */
enum stmfw_sector_action {
	STMFW_SECTOR_SKIP = 0, /**< holds the right bytes already: nothing */
	STMFW_SECTOR_WRITE,    /**< is blank: written without being erased */
	STMFW_SECTOR_ERASE,    /**< is to be blank: erased                 */
	STMFW_SECTOR_REWRITE   /**< erased and written                     */
};

/** One sector of a plan. */
typedef struct stmfw_plan_sector {
	unsigned int bank;               /**< OpenOCD's bank number       */
	unsigned int number;             /**< in the bank                 */
	uint64_t address;                /**< of its first byte           */
	uint64_t length;                 /**< bytes                       */
	enum stmfw_sector_action action; /**< what is to be done with it  */
	uint64_t image_bytes;            /**< of the image in this sector */
	uint64_t around_bytes;           /**< not blank, not the image's: kept or lost; 0 if
					      skipped                     */
} stmfw_plan_sector;

/** What stmfw_flash() is going to do. Grows at its end. */
typedef struct stmfw_plan {
	const stmfw_plan_sector *sectors; /**< that the image touches, ascending in each bank */
	size_t sector_count;   /**< how many sectors                               */
	size_t erase_count;    /**< sectors to be erased                           */
	size_t write_count;    /**< sectors to be written                          */
	size_t skip_count;     /**< sectors that are right already                 */
	uint64_t image_bytes;  /**< planned: all of the image                      */
	uint64_t write_bytes;  /**< to be written, the surroundings included       */
	uint64_t around_bytes; /**< around the image in sectors that change        */
	int keeps_around;      /**< 1: they are written back; 0: they will be lost */
} stmfw_plan;

/** What the flash holds when stmfw_flash() has ended. */
enum stmfw_content {
	STMFW_CONTENT_UNCHANGED = 0, /**< nothing was erased or written                  */
	STMFW_CONTENT_NEW,           /**< each byte of the image is there, proven        */
	STMFW_CONTENT_OLD,           /**< changed, and put back: the old content, proven */
	STMFW_CONTENT_MIXED,         /**< some of both; `open` says where                */
	STMFW_CONTENT_UNKNOWN        /**< the connection ended meanwhile; `open` may hold
					  anything                                       */
};

/** A stretch of addresses. */
typedef struct stmfw_span {
	uint64_t address; /**< the first */
	uint64_t length;  /**< bytes     */
} stmfw_span;

/**
 * What came of stmfw_flash(). Grows at its end. Success: of the image, bytes planned = proven (and
 * each of them was there already, or has been written).
 */
typedef struct stmfw_flash_report {
	enum stmfw_content content; /**< what the flash holds now                             */
	const stmfw_plan *plan;     /**< NULL: it failed before there was one                 */
	size_t erased;              /**< sectors told to be erased, repetitions included      */
	uint64_t written;           /**< bytes written, surroundings and repetitions included */
	uint64_t proven;            /**< bytes of the image that are proven to be there       */
	unsigned int retries;       /**< repetitions that were needed                         */
	const stmfw_span *open;     /**< MIXED, UNKNOWN: not proven to be the old or the new
					 content                                              */
	size_t open_count;          /**< how many of these                                    */
} stmfw_flash_report;

/** How stmfw_flash() is to leave the target. */
enum stmfw_after {
	STMFW_AFTER_RUN = 0, /**< reset and run                                          */
	STMFW_AFTER_HALT,    /**< reset and halt: it stands before its first instruction */
	STMFW_AFTER_LEAVE    /**< halted, registers and some RAM used by us              */
};

/** What stmfw_flash() is to do otherwise than it would. */
enum stmfw_flash_flag {
	STMFW_FLASH_DRY_RUN = 1 << 0, /**< end with the plan; nothing is erased or written    */
	STMFW_FLASH_KEEP = 1 << 1,    /**< write back what is around the image in its sectors */
	STMFW_FLASH_FULL = 1 << 2,    /**< erase and write all sectors, whatever they hold    */
	STMFW_FLASH_UNLOCK = 1 << 3   /**< remove the write protection of sectors that must
					   change, and of those that can only be unlocked with
					   them; for good                                     */
};

/**
 * For stmfw_flash(): which chip it is, before it is touched at all (or, if it sleeps, before
 * anything is erased). Is it the right one? Return 0 to go on; else STMFW_EABORTED, nothing done.
 */
typedef int (*stmfw_chip_cb)(stmfw_client *c, const stmfw_chip *chip, void *arg);
/**
 * For stmfw_flash(): the whole content of a bank that the image touches, proven, before anything is
 * erased: save it. (It comes before the plan, and so also if nothing will have to change.) Return 0
 * once it is safe; anything else ends the operation (STMFW_EABORTED, nothing done).
 */
typedef int (*stmfw_backup_cb)(stmfw_client *c, const stmfw_bank *bank, const uint8_t *data,
			       size_t length, void *arg);
/**
 * For stmfw_flash(): the plan, before anything is erased. Return 0 to go on; else STMFW_EABORTED,
 * nothing done.
 */
typedef int (*stmfw_plan_cb)(stmfw_client *c, const stmfw_plan *plan, void *arg);

/** Which image stmfw_flash() brings into flash, and how. */
typedef struct stmfw_flash_opts {
	size_t size;                /**< sizeof(stmfw_flash_opts)                                 */
	const stmfw_image *image;   /**< NOT copied: must stay until cb                           */
	unsigned int bank;          /**< whose base is the address of a binary that is not placed */
	unsigned int flags;         /**< enum stmfw_flash_flag                                    */
	enum stmfw_after after;     /**< how the target is left                                   */
	unsigned int retries;       /**< repetitions of a piece that fails; 0: 2                  */
	const char *scratch_dir;    /**< where a private file goes; NULL: TMPDIR or /tmp          */
	stmfw_chip_cb chip;         /**< may be NULL                                              */
	stmfw_backup_cb backup;     /**< NULL: old content is kept in memory only                 */
	stmfw_plan_cb plan;         /**< may be NULL                                              */
	stmfw_progress_cb progress; /**< may be NULL; steps: "read", "reread", "erase", "write",
					 "prove", and when it is taken back "restore"             */
	void *arg;                  /**< for all of these                                         */
} stmfw_flash_opts;

/**
 * Bring an image into flash: identify, reset and halt, look, plan, keep the old content, erase and
 * write only what differs, prove, leave the target as asked. If it fails, repeat the piece; if that
 * fails as well, or on stmfw_cancel(), put the old content back and prove that.
 *
 * Success: each byte of the image is in flash, proven by reading it back or by a CRC-32 that the
 * chip made, before the target ran again. res->bytes is the number of bytes proven. In every
 * outcome res->flash says what the flash holds now.
 *
 * Cancelling takes effect at the border of a piece; before anything was erased it ends unchanged,
 * after that the old content is put back, which takes as long as it takes. Who cannot wait closes
 * the client (content unknown). Needs memory for the content of the sectors that change; all of it
 * is there before anything is erased. The chip's own CPU runs a small program of ours in OpenOCD's
 * work area; where it cannot, the flash is read instead.
 *
 * Also a dry run resets the target: all targets of this OpenOCD, in fact, as OpenOCD cannot reset
 * one alone. Whatever `after` says, a chip whose content is MIXED is left halted: nobody knows what
 * a mixture would do. When the connection is lost it stays as it is.
 *
 * Reports  STMFW_ERANGE       bytes of the image lie in no flash bank, or beyond the chip's flash;
 *                             unchanged
 *          STMFW_EPROTECTED   read-out protection is on, or sectors that must change are write
 *                             protected (without STMFW_FLASH_UNLOCK); unchanged
 *          STMFW_ETARGET, STMFW_ECOMMAND, STMFW_EVERIFY  erasing, writing or proving failed, and
 *                             repeating did not help
 *          STMFW_EABORTED     chip, backup or plan returned non-zero; nothing was done: unchanged, or
 *                             NEW where the plan shows that all of the image is there already
 *          STMFW_EUNSUPPORTED as stmfw_write_image() with data (a dry run: as stmfw_read_flash());
 *                             or the image reaches into memory that can be programmed only once;
 *                             unchanged
 *          STMFW_EFILE        a temporary file, ours or OpenOCD's, failed us: see the report
 *          STMFW_ECANCELED    stmfw_cancel() was called: see above, and the report
 */
STMFW_API int stmfw_flash(stmfw_client *c, const stmfw_flash_opts *opts, stmfw_done_cb cb,
			  void *arg, stmfw_op *op);

/* ---- comparing: no client, no loop, any thread ------------------------------------------- */

/**
 * Why two contents differ, or their digests do. Each is told only if it explains every byte; what
 * nothing explains is STMFW_VERDICT_DIFFERENT. The first four: what is expected has been found.
 */
enum stmfw_verdict {
	STMFW_VERDICT_SAME = 0,       /**< found, and nothing else                                */
	STMFW_VERDICT_SAME_BLANK,     /**< found; one has more, all of it FF: an erased tail, or
					   gaps                                                   */
	STMFW_VERDICT_SAME_FILLED,    /**< found; one has more, all FF or 00: filled gaps or
					   padding                                                */
	STMFW_VERDICT_SAME_OTHER,     /**< found; around it are other data: older ones, settings  */
	STMFW_VERDICT_UNSTABLE,       /**< a second read is not what the first was                */
	STMFW_VERDICT_BLANK,          /**< only FF, or only 00: erased, or hidden by protection   */
	STMFW_VERDICT_SHIFTED,        /**< it is all there, elsewhere: see shift                  */
	STMFW_VERDICT_SWAPPED_16,     /**< it is there, the two bytes of each 16-bit word swapped */
	STMFW_VERDICT_SWAPPED_32,     /**< the four bytes of each 32-bit word in reverse          */
	STMFW_VERDICT_SWAPPED_HALVES, /**< the two halves of each 32-bit word swapped             */
	STMFW_VERDICT_GAPS,           /**< it differs only where one has a run of 00, the other
					   of FF                                                  */
	STMFW_VERDICT_PROTECTED,      /**< it differs only in sectors that are write protected    */
	STMFW_VERDICT_SECTORS,        /**< some sectors as a whole are something else, others
					   right                                                  */
	STMFW_VERDICT_DIFFERENT       /**< it differs, and there is no such reason                */
};

/** Name of a verdict: "same", "shifted"; "?" if it is none. Never NULL, static. Any thread. */
STMFW_API const char *stmfw_verdict_name(enum stmfw_verdict verdict);

/** What one cell of a map of the flash shows. */
enum stmfw_cell_state {
	STMFW_CELL_OUTSIDE = 0,    /**< nothing is expected here             */
	STMFW_CELL_SAME,           /**< all that is expected was found       */
	STMFW_CELL_DIFFERS,        /**< not all of it                        */
	STMFW_CELL_FOUND_BLANK,    /**< differs: found is only FF            */
	STMFW_CELL_EXPECTED_BLANK, /**< differs: expected is only FF         */
	STMFW_CELL_MISSING         /**< of what is expected nothing was read */
};

/** One cell of the map in stmfw_comparison: a sector, or 1 KiB. */
typedef struct stmfw_cell {
	uint64_t address;            /**< of its first byte                             */
	uint64_t length;             /**< bytes                                         */
	enum stmfw_cell_state state; /**< what it shows                                 */
	uint64_t expected;           /**< bytes that are expected here                  */
	uint64_t differing;          /**< of them not found                             */
	uint64_t other;              /**< bytes found where nothing is expected, not FF */
} stmfw_cell;

/**
 * What stmfw_compare() compares. Ranges: as stmfw_image_ranges() has them (ascending, below 2^32;
 * here they may touch).
 */
typedef struct stmfw_compare_opts {
	size_t size;                  /**< sizeof(stmfw_compare_opts)                      */
	const stmfw_range *expected;  /**< what should be there                            */
	size_t expected_count;        /**< ranges of it                                    */
	const stmfw_range *found;     /**< what is there                                   */
	size_t found_count;           /**< ranges of it                                    */
	const stmfw_range *again;     /**< a second read, of all or some of found; or NULL */
	size_t again_count;           /**< ranges of it                                    */
	const stmfw_bank *banks;      /**< with their sectors: the cells of the map; NULL: 1 KiB
					   each                                            */
	size_t bank_count;            /**< how many banks                                  */
	size_t span_limit;            /**< at most so many spans are listed; 0: 64         */
	const char *expected_name;    /**< for the text; NULL: "the image"                 */
	const char *found_name;       /**< for the text; NULL: "the flash"                 */
	const stmfw_allocator *alloc; /**< copied; NULL: the C library's                   */
} stmfw_compare_opts;

/** What stmfw_compare() found out. Grows at its end. */
typedef struct stmfw_comparison {
	enum stmfw_verdict verdict; /**< why they differ, or do not                               */
	int agrees;                 /**< 1: all that is expected has been found, up to FF or 00
					 that only fill                                           */
	const char *text;           /**< the verdict in one line                                  */
	const char *advice;         /**< what to do next, one line; or ""                         */
	uint64_t expected_bytes;    /**< bytes that are expected                                  */
	uint64_t found_bytes;       /**< bytes that were found                                    */
	uint64_t compared;          /**< bytes that both have                                     */
	uint64_t differing;         /**< of these not the same                                    */
	uint64_t missing;           /**< bytes that only expected has                             */
	uint64_t extra;             /**< bytes that only found has                                */
	uint64_t extra_blank;       /**< of these FF                                              */
	int64_t shift;              /**< SHIFTED: what was found at `a` belongs to `a - shift`    */
	size_t span_total;          /**< runs that differ or are missing; less than 8 bytes apart
					 they count as one                                        */
	const stmfw_span *spans;    /**< the first of these                                       */
	size_t span_count;          /**< how many are in spans                                    */
	const stmfw_cell *cells;    /**< a map of all that was compared                           */
	size_t cell_count;          /**< how many cells                                           */
	uint64_t unstable;          /**< bytes in which the second read is not what the first was */
	stmfw_span unstable_span;   /**< from the first to the last of them                       */
} stmfw_comparison;

/**
 * Compare what should be there with what was found, and explain the difference.
 *
 * Returns  STMFW_EINVAL  nothing expected, or found; ranges that are not as they must be
 *          STMFW_ENOMEM
 */
STMFW_API int stmfw_compare(stmfw_comparison **out, const stmfw_compare_opts *opts);
/** Release a comparison. NULL is fine. */
STMFW_API void stmfw_comparison_free(stmfw_comparison *comparison);

#ifdef __cplusplus
}
#endif

#endif
