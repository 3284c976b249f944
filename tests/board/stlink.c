/* SPDX-License-Identifier: MIT */
/*
 * The ST-Link command set: 16-byte commands, each with data to or from the probe. A table says
 * which function serves which command. Most replies begin with a status; memory accesses carry
 * only data, and a command of its own asks for their status afterwards.
 */
#include "board.h"
#include "bytes.h"

enum {
	STATUS_OK = 0x80,
	STATUS_NO_TARGET = 0x09,
	STATUS_UNKNOWN = 0x01,
	STATUS_AP_FAULT = 0x11,
	STATUS_BAD_AP = 0x1D,

	MODE_MASS_STORAGE = 1,
	MODE_DEBUG = 2,
	ENTER_JTAG = 0xA4,
};

#define ANY 0x100u /* the second byte does not matter */
#define MILLIVOLTS 3300u

bool stlink_has_target(const struct board *b)
{
	return !fault_is_on(b, FAULT_NO_TARGET) && dap_idcode(b) != 0;
}

static void reply(const struct usb_command *cmd, uint32_t at, unsigned width, uint32_t value)
{
	if (at + width <= cmd->size)
		put_le(cmd->data + at, width, value);
}

static void version(struct board *b, const struct usb_command *cmd)
{
	unsigned packed = b->link.stlink << 12 | b->link.jtag << 6 | b->link.swim;

	reply(cmd, 0, 1, packed >> 8);
	reply(cmd, 1, 1, packed & 0xFF);
	reply(cmd, 2, 2, 0x0483);
	reply(cmd, 4, 2, 0x3748);
}

static void current_mode(struct board *b, const struct usb_command *cmd)
{
	reply(cmd, 0, 2, b->link.debug_mode ? MODE_DEBUG : MODE_MASS_STORAGE);
}

/* The voltage is 2.4 V * second / first. */
static void voltage(struct board *b, const struct usb_command *cmd)
{
	uint32_t millivolts = MILLIVOLTS;

	if (fault_is_on(b, FAULT_NO_TARGET))
		millivolts = 0;
	else if (fault_is_on(b, FAULT_LOW_VOLTAGE))
		millivolts = (uint32_t)b->faults[FAULT_LOW_VOLTAGE].value;
	reply(cmd, 0, 4, 2400);
	reply(cmd, 4, 4, millivolts);
}

static void nothing(struct board *b, const struct usb_command *cmd)
{
	(void)b, (void)cmd;
}

static void accept(struct board *b, const struct usb_command *cmd)
{
	(void)b;
	reply(cmd, 0, 2, STATUS_OK);
}

static void enter_debug(struct board *b, const struct usb_command *cmd)
{
	b->link.over_jtag = cmd->code[2] == ENTER_JTAG;
	b->link.debug_mode = stlink_has_target(b);
	reply(cmd, 0, 2, b->link.debug_mode ? STATUS_OK : STATUS_NO_TARGET);
}

static void leave_debug(struct board *b, const struct usb_command *cmd)
{
	(void)cmd;
	b->link.debug_mode = false;
}

static void idcodes(struct board *b, const struct usb_command *cmd)
{
	bool present = stlink_has_target(b);

	reply(cmd, 0, 4, present ? STATUS_OK : STATUS_NO_TARGET);
	reply(cmd, 4, 4, present ? dap_idcode(b) : 0);
}

static void open_ap(struct board *b, const struct usb_command *cmd)
{
	(void)b;
	reply(cmd, 0, 2, cmd->code[2] == 0 ? STATUS_OK : STATUS_BAD_AP);
}

static void drive_reset(struct board *b, const struct usb_command *cmd)
{
	bool low = cmd->code[2] == 0;

	if (!low && (b->link.reset_held || cmd->code[2] == 2))
		core_reset(b);
	b->link.reset_held = low;
	reply(cmd, 0, 2, STATUS_OK);
}

static void system_reset(struct board *b, const struct usb_command *cmd)
{
	core_reset(b);
	reply(cmd, 0, 2, STATUS_OK);
}

static void read_register(struct board *b, const struct usb_command *cmd)
{
	reply(cmd, 0, 4, STATUS_OK);
	reply(cmd, 4, 4, core_read_register(&b->core, cmd->code[2]));
}

static void write_register(struct board *b, const struct usb_command *cmd)
{
	core_write_register(&b->core, cmd->code[2], get_le(cmd->code + 3, 4));
	reply(cmd, 0, 2, STATUS_OK);
}

static void read_all_registers(struct board *b, const struct usb_command *cmd)
{
	reply(cmd, 0, 4, STATUS_OK);
	for (unsigned i = 0; i < 21; i++)
		reply(cmd, 4 + 4 * i, 4, core_read_register(&b->core, i));
}

static void read_debug_word(struct board *b, const struct usb_command *cmd)
{
	uint32_t value = 0;
	bool good = stlink_has_target(b) &&
		    bus_read(b, MASTER_HOST, get_le(cmd->code + 2, 4), 4, &value) == BUS_OK;

	reply(cmd, 0, 4, good ? STATUS_OK : STATUS_AP_FAULT);
	reply(cmd, 4, 4, value);
}

static void write_debug_word(struct board *b, const struct usb_command *cmd)
{
	uint32_t address = get_le(cmd->code + 2, 4);
	bool good = stlink_has_target(b) &&
		    bus_write(b, MASTER_HOST, address, 4, get_le(cmd->code + 6, 4)) == BUS_OK;

	reply(cmd, 0, 2, good ? STATUS_OK : STATUS_AP_FAULT);
}

/* One access of a memory command: the width, whether addresses go up, and the direction. */
struct stride {
	unsigned width;
	uint32_t increment;
	enum { FROM_TARGET, TO_TARGET } direction;
};

static enum bus_result access_once(struct board *b, struct stride s, uint32_t address,
				   uint8_t *data)
{
	uint32_t value = 0;

	if (s.direction == TO_TARGET)
		return bus_write(b, MASTER_HOST, address, s.width, get_le(data, s.width));
	enum bus_result result = bus_read(b, MASTER_HOST, address, s.width, &value);

	put_le(data, s.width, value);
	return result;
}

static uint16_t access_memory(struct board *b, struct stride s, const struct usb_command *cmd)
{
	uint32_t address = get_le(cmd->code + 2, 4);
	uint32_t length = get_le(cmd->code + 6, 2);

	b->link.fault_address = address;
	if (cmd->code[8] != 0)
		return STATUS_BAD_AP;
	if (!stlink_has_target(b) || fault_hits(b, FAULT_AT))
		return STATUS_AP_FAULT;
	if (length > cmd->size)
		length = cmd->size;
	for (uint32_t at = 0; at + s.width <= length; at += s.width, address += s.increment) {
		b->link.fault_address = address;
		if (access_once(b, s, address, cmd->data + at) != BUS_OK)
			return STATUS_AP_FAULT;
	}
	b->link.fault_address = 0;
	return STATUS_OK;
}

static void memory(struct board *b, const struct usb_command *cmd)
{
	static const struct {
		uint8_t code;
		struct stride stride;
	} strides[] = {
		{ 0x07, { 4, 4, FROM_TARGET } }, { 0x08, { 4, 4, TO_TARGET } },
		{ 0x47, { 2, 2, FROM_TARGET } }, { 0x48, { 2, 2, TO_TARGET } },
		{ 0x0C, { 1, 1, FROM_TARGET } }, { 0x0D, { 1, 1, TO_TARGET } },
		{ 0x54, { 4, 0, FROM_TARGET } }, { 0x50, { 4, 0, TO_TARGET } },
	};

	for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++)
		if (strides[i].code == cmd->code[1])
			b->link.memory_status = access_memory(b, strides[i].stride, cmd);
}

static void memory_status(struct board *b, const struct usb_command *cmd)
{
	reply(cmd, 0, 2, b->link.memory_status);
	reply(cmd, 4, 4, b->link.fault_address);
}

static const struct {
	uint8_t group;
	unsigned code;
	void (*serve)(struct board *b, const struct usb_command *cmd);
} commands[] = {
	{ 0xF1, ANY, version },
	{ 0xF3, ANY, nothing },
	{ 0xF5, ANY, current_mode },
	{ 0xF7, ANY, voltage },
	{ 0xF2, 0x07, memory },
	{ 0xF2, 0x08, memory },
	{ 0xF2, 0x0C, memory },
	{ 0xF2, 0x0D, memory },
	{ 0xF2, 0x47, memory },
	{ 0xF2, 0x48, memory },
	{ 0xF2, 0x50, memory },
	{ 0xF2, 0x54, memory },
	{ 0xF2, 0x21, leave_debug },
	{ 0xF2, 0x30, enter_debug },
	{ 0xF2, 0x31, idcodes },
	{ 0xF2, 0x32, system_reset },
	{ 0xF2, 0x33, read_register },
	{ 0xF2, 0x34, write_register },
	{ 0xF2, 0x35, write_debug_word },
	{ 0xF2, 0x36, read_debug_word },
	{ 0xF2, 0x3A, read_all_registers },
	{ 0xF2, 0x3B, memory_status },
	{ 0xF2, 0x3C, drive_reset },
	{ 0xF2, 0x3E, memory_status },
	{ 0xF2, 0x40, accept }, /* trace output on, off: there is none */
	{ 0xF2, 0x41, accept },
	{ 0xF2, 0x42, nothing },
	{ 0xF2, 0x43, accept }, /* SWD and JTAG clock */
	{ 0xF2, 0x44, accept },
	{ 0xF2, 0x45, dap_read },
	{ 0xF2, 0x46, dap_write },
	{ 0xF2, 0x4B, open_ap },
	{ 0xF2, 0x4C, accept },
};

void stlink_command(struct board *b, const struct usb_command *cmd)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].group == cmd->code[0] &&
		    (commands[i].code == ANY || commands[i].code == cmd->code[1])) {
			commands[i].serve(b, cmd);
			return;
		}
	}
	reply(cmd, 0, 1, STATUS_UNKNOWN);
}
