/* SPDX-License-Identifier: MIT */
/* The names and words of the status codes, from one list. */
#include <stddef.h>

#include <stmfw.h>

#define STATUS_LIST(X)                                                                       \
	X(STMFW_OK, "success")                                                               \
	X(STMFW_EINVAL, "bad argument")                                                      \
	X(STMFW_ENOMEM, "out of memory")                                                     \
	X(STMFW_ESTATE, "not possible in this state")                                        \
	X(STMFW_EFULL, "too many operations are waiting")                                    \
	X(STMFW_ECONNECT, "cannot reach OpenOCD")                                            \
	X(STMFW_ELOST, "the connection to OpenOCD broke")                                    \
	X(STMFW_ETIMEDOUT, "OpenOCD did not answer in time")                                 \
	X(STMFW_ECANCELED, "canceled")                                                       \
	X(STMFW_EPROTO, "the peer does not answer like an OpenOCD")                          \
	X(STMFW_ECOMMAND, "OpenOCD reported failure")                                        \
	X(STMFW_ETARGET, "the chip does not respond as it should")                           \
	X(STMFW_EPROTECTED, "the chip is protected")                                         \
	X(STMFW_ERANGE, "no such bank or target, or the range does not fit")                 \
	X(STMFW_EVERIFY, "the chip holds something else")                                    \
	X(STMFW_EFILE, "a file could not be made, read or written")                          \
	X(STMFW_EUNSUPPORTED, "not supported by this OpenOCD, chip or setup")                \
	X(STMFW_EABORTED, "stopped by the program")

static const struct {
	int status;
	const char *name;
	const char *words;
} table[] = {
#define ROW(status, words) { status, #status, words },
	STATUS_LIST(ROW)
#undef ROW
};

#define ROWS (sizeof(table) / sizeof(table[0]))

const char *stmfw_err_name(int status)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].status == status)
			return table[i].name;
	return "STMFW_E?";
}

const char *stmfw_strerror(int status)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].status == status)
			return table[i].words;
	return "unknown status";
}
