/* SPDX-License-Identifier: MIT */
/*
 * The protocol of stlink-server: what the client asks is in the first byte, and each question
 * has a reply of fixed size, errors included, because the client reads all of it before it looks
 * at the status.
 */
#include "bytes.h"
#include "server.h"

#include <string.h>

enum {
	ASK_REFRESH = 0x00,
	ASK_COUNT = 0x01,
	ASK_INFO = 0x02,
	ASK_OPEN = 0x03,
	ASK_CLOSE = 0x04,
	ASK_COMMAND = 0x05,
	ASK_VERSION = 0x06,

	STATUS_OK = 0x0001,
	STATUS_BAD_PARAMETER = 0x1002,
	STATUS_OPEN_ERROR = 0x1003,
	STATUS_UNPLUGGED = 0x2002,

	COMMAND_HEADER = 32,
	TO_PROBE = 0,
	FROM_PROBE = 1,
	FROM_TRACE = 3,
	INFO_SIZE = 45,
};

#define HANDLE_BASE 0x53540001u /* the id of the first probe, and of connections to it */

size_t protocol_request_size(const uint8_t *bytes, size_t have)
{
	static const uint8_t sizes[] = {
		[ASK_REFRESH] = 2, [ASK_COUNT] = 1, [ASK_INFO] = 8,
		[ASK_OPEN] = 8,	   [ASK_CLOSE] = 8, [ASK_COMMAND] = COMMAND_HEADER,
		[ASK_VERSION] = 4,
	};

	if (bytes[0] >= sizeof(sizes))
		return 0;
	if (bytes[0] != ASK_COMMAND || have < COMMAND_HEADER)
		return sizes[bytes[0]];
	uint8_t direction = bytes[24];
	uint32_t size = get_le(bytes + 28, 4);

	if (size > USB_DATA_MAX ||
	    (direction != TO_PROBE && direction != FROM_PROBE && direction != FROM_TRACE))
		return 0;
	return COMMAND_HEADER + (direction == TO_PROBE ? size : 0);
}

static struct board *by_handle(const struct server *s, uint32_t handle)
{
	uint32_t index = handle - HANDLE_BASE;

	return index < s->board_count ? s->boards[index] : NULL;
}

struct board *protocol_board(const struct server *s, const uint8_t *request)
{
	return request[0] == ASK_COMMAND ? by_handle(s, get_le(request + 4, 4)) : NULL;
}

static unsigned plugged_count(const struct server *s)
{
	unsigned count = 0;

	for (unsigned i = 0; i < s->board_count; i++)
		count += s->boards[i]->plugged;
	return count;
}

static void reply_version(const struct server *s, struct response *r)
{
	r->size = 16;
	put_le(r->bytes, 4, s->api);
	put_le(r->bytes + 4, 4, 1);
}

static void reply_info(const struct server *s, uint8_t index, struct response *r)
{
	unsigned left = index;
	unsigned i = 0;

	r->size = INFO_SIZE;
	put_le(r->bytes, 4, STATUS_BAD_PARAMETER);
	while (i < s->board_count && (!s->boards[i]->plugged || left-- > 0))
		i++;
	if (i == s->board_count)
		return;
	put_le(r->bytes, 4, STATUS_OK);
	put_le(r->bytes + 4, 4, HANDLE_BASE + i);
	memcpy(r->bytes + 8, s->boards[i]->serial, SERIAL_MAX);
	put_le(r->bytes + 40, 2, 0x0483);
	put_le(r->bytes + 42, 2, 0x3748);
}

static void reply_open(const struct server *s, uint32_t handle, struct response *r)
{
	const struct board *b = by_handle(s, handle);

	r->size = 8;
	put_le(r->bytes, 4, b && b->plugged ? STATUS_OK : STATUS_OPEN_ERROR);
	put_le(r->bytes + 4, 4, handle);
}

static void reply_status(uint32_t status, struct response *r)
{
	r->size = 4;
	put_le(r->bytes, 4, status);
}

/* Passes the command to the probe; a reply has room for all the data that was asked for. */
static void command(struct server *s, struct board *b, uint8_t *request, struct response *r)
{
	bool to_probe = request[24] == TO_PROBE;
	uint32_t size = get_le(request + 28, 4);
	struct usb_command cmd = {
		.code = request + 8,
		.data = to_probe ? request + COMMAND_HEADER : r->bytes + 4,
		.size = size,
	};

	r->size = 4 + (to_probe ? 0 : size);
	r->delay_ns = s->latency_us * 1000 + s->ns_per_byte * size;
	memset(r->bytes, 0, r->size);
	put_le(r->bytes, 4, b ? STATUS_OK : STATUS_BAD_PARAMETER);
	if (b && fault_spend(b, FAULT_UNPLUG_AFTER, 1))
		b->plugged = false;
	if (b && b->plugged)
		stlink_command(b, &cmd);
	else if (b)
		put_le(r->bytes, 4, STATUS_UNPLUGGED);
	if (!b)
		return;
	b->stats.commands++;
	b->stats.bytes_in += COMMAND_HEADER + (to_probe ? size : 0);
	b->stats.bytes_out += r->size;
}

static enum verdict serve_command(struct server *s, uint8_t *request, struct response *r)
{
	struct board *b = protocol_board(s, request);

	if (b && fault_spend(b, FAULT_STALL_AFTER, 1))
		return HOLD;
	if (b && fault_spend(b, FAULT_HANGUP_AFTER, 1))
		return HANG_UP;
	command(s, b, request, r);
	return ANSWER;
}

enum verdict protocol_serve(struct server *s, uint8_t *request, size_t size, struct response *r)
{
	uint32_t handle = size >= 8 ? get_le(request + 4, 4) : 0;

	if (s->paused)
		return HOLD;
	r->delay_ns = 0;
	if (request[0] == ASK_COMMAND)
		return serve_command(s, request, r);
	memset(r->bytes, 0, INFO_SIZE);
	switch (request[0]) {
	case ASK_REFRESH:
		reply_status(STATUS_OK, r);
		break;
	case ASK_COUNT:
		reply_status(plugged_count(s), r);
		break;
	case ASK_INFO:
		reply_info(s, request[1], r);
		break;
	case ASK_OPEN:
		reply_open(s, handle, r);
		break;
	case ASK_CLOSE:
		reply_status(by_handle(s, handle) ? STATUS_OK : STATUS_BAD_PARAMETER, r);
		break;
	default:
		reply_version(s, r);
	}
	return ANSWER;
}
