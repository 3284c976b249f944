/* SPDX-License-Identifier: MIT */
/* A real OpenOCD for a test: see real.h. */
#include "real.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ports.h"

#define PATIENCE_MS 15000

struct real real;
struct outcome outcome;

/* ---- processes ---- */

static const char *in_dir(const char *name)
{
	static char path[4][400];
	static unsigned int turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", real.dir, name);
	return p;
}

/* setpriv: a test that fails ends at once, and its OpenOCD must not outlive it. */
static pid_t spawn(const char *const *command, const char *log)
{
	const char *argv[64] = { "setpriv", "--pdeathsig", "TERM" };
	posix_spawn_file_actions_t files;
	pid_t pid;
	extern char **environ;

	for (size_t i = 0; command[i] && i + 4 < sizeof(argv) / sizeof(argv[0]); i++)
		argv[i + 3] = command[i];
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&files, 1, 2);
	int err = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	ck_assert_msg(err == 0, "cannot start %s: %s", argv[0], strerror(err));
	return pid;
}

static void end(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGTERM);
	for (int i = 0; i < 300; i++) {
		if (waitpid(*pid, NULL, WNOHANG) == *pid) {
			*pid = 0;
			return;
		}
		usleep(10000);
	}
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

bool is_way(const char *way)
{
	const char *wanted = getenv("STMFW_TEST_WAY");

	return strcmp(wanted ? wanted : "tcl", way) == 0;
}

void wait_end_of_openocd(void)
{
	if (is_way("exec"))
		return;
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		if (waitpid(real.openocd, NULL, WNOHANG) == real.openocd) {
			real.openocd = 0;
			return;
		}
		usleep(10000);
	}
	ck_abort_msg("OpenOCD did not end");
}

static const char *read_text(const char *path)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* 0.10 does not say which it got. Once the second is there, the first can be told from it; and the
   other versions have named the first by then, so that the log is read last. */
static bool take_silent_ports(const char *log)
{
	real.telnet = port_of_process(real.openocd, 1);
	real.tcl = port_of_process(real.openocd, 0);
	return real.telnet != 0 && !strstr(read_text(log), "Listening on port");
}

/* The ports open one after another; the last one to be named is `last`. */
static void wait_for_openocd(const char *log, const char *last)
{
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		const char *text = read_text(log);

		real.telnet = port_in_log(text, "telnet");
		real.gdb = port_in_log(text, "gdb");
		real.tcl = port_in_log(text, "tcl");
		if (port_in_log(text, last))
			return;
		if (strcmp(last, "telnet") == 0 && take_silent_ports(log))
			return;
		ck_assert_msg(waitpid(real.openocd, NULL, WNOHANG) == 0, "OpenOCD ended:\n%s", text);
		usleep(10000);
	}
	ck_abort_msg("OpenOCD did not open its port:\n%s", read_text(log));
}

static void begin(void)
{
	memset(&real, 0, sizeof(real));
	unsetenv("MALLOC_PERTURB_"); /* which meson sets: 0.10 does not bear it */
	strcpy(real.dir, "/tmp/stmfw-real-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(real.dir));
	ck_assert_int_eq(mkdir(in_dir("temp"), 0700), 0);
	ck_assert_int_eq(uv_loop_init(&real.loop), 0);
	signal(SIGPIPE, SIG_IGN);
}

static const char *const driver_names[] = { [HLA] = "hla", [DAPDIRECT] = "dapdirect" };

/* What it makes in its temporary directory is not to stay there. "" gives back ours. */
static void give_temp(const char *dir)
{
	static char kept[400];
	const char *ours = getenv("TMPDIR");

	if (*dir) {
		snprintf(kept, sizeof(kept), "%s", ours ? ours : "");
		setenv("TMPDIR", dir, 1);
	} else if (kept[0]) {
		setenv("TMPDIR", kept, 1);
	} else {
		unsetenv("TMPDIR");
	}
}

static void start_openocd(const char *const *argv, const char *log)
{
	give_temp(in_dir("temp"));
	real.openocd = spawn(argv, log);
	give_temp("");
}

static void keep_command(const char *const *argv)
{
	for (size_t i = 0; argv[i] && i + 1 < sizeof(real.command) / sizeof(real.command[0]); i++)
		real.command[i] = strdup(argv[i]);
}

static void forget_command(void)
{
	for (size_t i = 0; real.command[i]; i++)
		free(real.command[i]);
}

static int files_in(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir)))
		n += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

int temporary_files(void)
{
	return files_in(in_dir("temp"));
}

static const char *openocd(void)
{
	const char *path = getenv("OPENOCD");

	return path ? path : "openocd";
}

/* tests/openocd/NAME.cfg */
static const char *config(const char *name)
{
	static char path[400];
	const char *dir = getenv("CONFIGS");

	ck_assert_msg(dir != NULL, "CONFIGS must name the directory tests/openocd");
	snprintf(path, sizeof(path), "%s/%s.cfg", dir, name);
	return path;
}

void start_dummy(void)
{
	begin();
	const char *log = in_dir("openocd.log");
	const char *const argv[] = {
		openocd(), "-f", config("dummy"), "-c",
		"bindto 127.0.0.1; tcl_port 0; telnet_port 0; gdb_port disabled; init", NULL
	};
	if (is_way("exec")) {
		keep_command((const char *const[]){ openocd(), "-f", config("dummy"), NULL });
		return;
	}
	start_openocd(argv, log);
	wait_for_openocd(log, "telnet");
}

static unsigned int wait_for_board(const char *ready)
{
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		unsigned long port = strtoul(read_text(ready), NULL, 10);

		if (port)
			return (unsigned int)port;
		usleep(10000);
	}
	ck_abort_msg("the board did not start: %s", read_text(in_dir("board.log")));
}

void start_board(const char *chip, const char *target_cfg, enum driver driver,
		 const char *const *board_options)
{
	const char *board[32] = { getenv("BOARD"), "--ready", NULL, "--control", NULL,
				  "--chip",        chip };
	char ready[400], control[400], probe[32];
	size_t n = 7;

	begin();
	ck_assert_msg(board[0] != NULL, "BOARD must name the virtual board");
	snprintf(ready, sizeof(ready), "%s", in_dir("ready"));
	board[2] = ready;
	snprintf(control, sizeof(control), "%s", in_dir("control"));
	board[4] = control;
	for (size_t i = 0; board_options && board_options[i] && n < 31; i++)
		board[n++] = board_options[i];
	real.board = spawn(board, in_dir("board.log"));
	snprintf(probe, sizeof(probe), "set probe %u", wait_for_board(ready));
	const char *log = in_dir("openocd.log");
	const char *const argv[] = { openocd(), "-c", probe, "-f", config(driver_names[driver]),
				     "-f", target_cfg, "-c",
				     is_way("telnet") ? "gdb_port 0; telnet_port 0; tcl_port 0"
						      : "gdb_port 0; telnet_port disabled; tcl_port 0",
				     NULL };
	if (is_way("exec")) {
		keep_command((const char *const[]){ openocd(), "-c", probe, "-f",
						    config(driver_names[driver]), "-f", target_cfg,
						    NULL });
		return;
	}
	start_openocd(argv, log);
	wait_for_openocd(log, "gdb");
}

/* ---- the board's control socket ---- */

static const char *ask_board(const char *line)
{
	static char answer[1 << 16];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n = 0;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", real.dir);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	ck_assert_int_eq(write(fd, "\n", 1), 1);
	while (n + 1 < sizeof(answer) && (n == 0 || answer[n - 1] != '\n')) {
		ssize_t got = read(fd, answer + n, sizeof(answer) - 1 - n);

		ck_assert_msg(got > 0, "the board does not answer");
		n += (size_t)got;
	}
	close(fd);
	answer[n] = '\0';
	ck_assert_msg(strstr(answer, "\"ok\":true") != NULL, "%s: %s", line, answer);
	return answer;
}

void board_do(const char *line)
{
	ask_board(line);
}

void board_flash(void *bytes, size_t length)
{
	char line[512];

	snprintf(line, sizeof(line), "dump %s", in_dir("dump"));
	ask_board(line);
	FILE *f = fopen(in_dir("dump"), "rb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(bytes, 1, length, f), length);
	fclose(f);
}

unsigned long board_stat(const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "\"%s\":", name);
	const char *at = strstr(ask_board("stats"), key);
	ck_assert_msg(at != NULL, "no %s in the board's stats", key);
	return strtoul(at + strlen(key), NULL, 10);
}

static void remove_dir(void)
{
	DIR *dir = opendir(real.dir);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			unlink(in_dir(e->d_name));
	if (dir)
		closedir(dir);
	rmdir(real.dir);
}

void stop_all(void)
{
	if (real.client)
		stmfw_client_close(real.client, NULL, NULL);
	uv_run(&real.loop, UV_RUN_DEFAULT);
	end(&real.openocd);
	end(&real.board);
	ck_assert_msg(temporary_files() == 0, "OpenOCD was made to leave a temporary file");
	rmdir(in_dir("temp"));
	remove_dir();
	ck_assert_int_eq(uv_loop_close(&real.loop), 0);
	forget_command();
}

/* ---- blocking calls ---- */

void on_outcome(stmfw_client *c, const stmfw_result *res, void *arg)
{
	(void)c;
	(void)arg;
	if (outcome.look && res->status == STMFW_OK)
		outcome.look(res);
	outcome.res = *res;
	size_t n = res->text_len < sizeof(outcome.text) ? res->text_len : sizeof(outcome.text) - 1;
	memcpy(outcome.text, res->text, n);
	outcome.text[n] = '\0';
	snprintf(outcome.log, sizeof(outcome.log), "%s", res->log);
	snprintf(outcome.advice, sizeof(outcome.advice), "%s", res->advice);
	outcome.done = true;
}

static void on_patience_over(uv_timer_t *timer)
{
	(void)timer;
	ck_abort_msg("no callback within %d ms", PATIENCE_MS);
}

void wait_outcome(void)
{
	uv_timer_t patience;

	uv_timer_init(&real.loop, &patience);
	uv_timer_start(&patience, on_patience_over, PATIENCE_MS, 0);
	while (!outcome.done)
		uv_run(&real.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&patience, NULL);
	uv_run(&real.loop, UV_RUN_NOWAIT);
	outcome.look = NULL;
}

const char *at(const char *host, uint16_t port)
{
	static char texts[8][2200];
	static unsigned int next;
	char *text = texts[next++ % 8];

	snprintf(text, sizeof(texts[0]), host && strchr(host, ':') ? "[%s]:%u" : "%s:%u",
		 host ? host : "", (unsigned int)port);
	return text;
}

static int start_child(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *op)
{
	stmfw_spawn_opts opts = STMFW_INIT(stmfw_spawn_opts);

	opts.argv = (const char *const *)(uintptr_t)real.command;
	give_temp(in_dir("temp"));
	int err = stmfw_client_spawn(c, &opts, cb, arg, op);
	give_temp("");
	return err;
}

int reach(stmfw_client *c, stmfw_done_cb cb, void *arg, stmfw_op *op)
{
	char address[40];

	if (is_way("exec"))
		return start_child(c, cb, arg, op);
	if (!is_way("telnet"))
		return stmfw_client_connect(c, at("localhost", real.tcl), cb, arg, op);
	snprintf(address, sizeof(address), "telnet://localhost:%u", (unsigned int)real.telnet);
	return stmfw_client_connect(c, address, cb, arg, op);
}

void connect_client(void)
{
	connect_by(STMFW_TRANSFER_AUTO);
}

void connect_by(enum stmfw_transfer transfer)
{
	stmfw_client_opts opts = STMFW_INIT(stmfw_client_opts);

	opts.transfer = transfer;
	ck_assert_int_eq(stmfw_client_new(&real.client, &real.loop, &opts), STMFW_OK);
	RUN_OK(reach(real.client, DONE));
}

const char *tcl(const char *script)
{
	RUN_OK(stmfw_command(real.client, script, 0, DONE));
	return outcome.text;
}

int run_real(const char *name, const struct real_test *tests)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, stop_all);
	for (; tests->test; tests++)
		tcase_add_loop_test(tc, tests->test, 0, tests->times);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

/* ---- what this OpenOCD can do ---- */

/* It is asked itself, whatever its version: does it take the configuration? */
static bool takes_config(const char *name)
{
	char command[200];

	snprintf(command, sizeof(command),
		 "timeout 15 \"${OPENOCD-openocd}\" -c 'set probe 1' -f \"$CONFIGS\"/%s.cfg "
		 "-c shutdown </dev/null >/dev/null 2>&1",
		 name);
	return system(command) == 0;
}

int skip_all(const struct real_test *tests, const char *why)
{
	int n = 0;

	for (; tests->test; tests++)
		for (int i = 0; i < tests->times; i++)
			printf("ok %d - %s # SKIP %s\n", ++n, tests->test->name, why);
	printf("1..%d\n", n);
	return 0;
}

int run_on_board(const char *name, const struct real_test *tests)
{
	bool board = takes_config(driver_names[HLA]) && takes_config(driver_names[DAPDIRECT]);

	/* One that does not even take the dummy's is no OpenOCD of any version: the tests fail. */
	if (!board && takes_config("dummy"))
		return skip_all(tests, "this OpenOCD cannot reach a probe over TCP");
	return run_real(name, tests);
}
