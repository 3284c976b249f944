/* SPDX-License-Identifier: MIT */
/*
 * Raw access to the debug port and to the one memory access port behind it, register by
 * register. A transfer through DRW moves TAR on, as CSW says.
 */
#include "board.h"
#include "bytes.h"

enum {
	STATUS_OK = 0x80,
	STATUS_AP_FAULT = 0x11,
	STATUS_BAD_AP = 0x1D,

	DP_DPIDR = 0x0,
	DP_CTRL = 0x4,
	DP_SELECT = 0x8,

	AP_CSW = 0x00,
	AP_TAR = 0x04,
	AP_DRW = 0x0C,
	AP_BD0 = 0x10,
	AP_BD3 = 0x1C,
	AP_BASE = 0xF8,
	AP_IDR = 0xFC,

	CSW_SIZE = 0x3,
	CSW_INCREMENT = 0x30,
	CSW_ENABLED = 0x40,
	DEBUG_PORT = 0xFFFF,
};

#define ROM_TABLE 0xE00FF003u
#define POWER_REQUESTS 0x50000000u

uint32_t dap_idcode(const struct board *b)
{
	if (fault_is_on(b, FAULT_WRONG_IDCODE))
		return (uint32_t)b->faults[FAULT_WRONG_IDCODE].value;
	return b->link.over_jtag ? b->chip->idcode_jtag : b->chip->idcode_swd;
}

static uint32_t read_dp(const struct board *b, unsigned reg)
{
	switch (reg) {
	case DP_DPIDR:
		return dap_idcode(b);
	case DP_CTRL: /* each power request is acknowledged in the bit above it */
		return b->link.dp_ctrl | (b->link.dp_ctrl & POWER_REQUESTS) << 1;
	default:
		return 0;
	}
}

static unsigned transfer_width(const struct board *b)
{
	unsigned size = b->link.csw & CSW_SIZE;

	return 1u << (size > 2 ? 2 : size);
}

static void advance(struct board *b)
{
	if (b->link.csw & CSW_INCREMENT)
		b->link.tar += transfer_width(b);
}

/* Narrow transfers use the byte lanes that belong to the address. */
static enum bus_result read_drw(struct board *b, uint32_t *value)
{
	unsigned lane = 8 * (b->link.tar & 3);
	enum bus_result result =
		bus_read(b, MASTER_HOST, b->link.tar, transfer_width(b), value);

	*value <<= lane;
	advance(b);
	return result;
}

static enum bus_result write_drw(struct board *b, uint32_t value)
{
	unsigned lane = 8 * (b->link.tar & 3);
	unsigned width = transfer_width(b);

	value >>= lane;
	if (width < 4)
		value &= (1u << (8 * width)) - 1;
	enum bus_result result = bus_write(b, MASTER_HOST, b->link.tar, width, value);

	advance(b);
	return result;
}

static uint32_t banked_address(const struct board *b, unsigned reg)
{
	return (b->link.tar & ~0xFu) | (reg & 0xC);
}

static enum bus_result read_ap(struct board *b, unsigned reg, uint32_t *value)
{
	*value = 0;
	if (reg >= AP_BD0 && reg <= AP_BD3)
		return bus_read(b, MASTER_HOST, banked_address(b, reg), 4, value);
	switch (reg) {
	case AP_CSW:
		*value = b->link.csw | CSW_ENABLED;
		return BUS_OK;
	case AP_TAR:
		*value = b->link.tar;
		return BUS_OK;
	case AP_DRW:
		return read_drw(b, value);
	case AP_BASE:
		*value = ROM_TABLE;
		return BUS_OK;
	case AP_IDR:
		*value = b->chip->ap_idr;
		return BUS_OK;
	default:
		return BUS_OK;
	}
}

static enum bus_result write_ap(struct board *b, unsigned reg, uint32_t value)
{
	if (reg >= AP_BD0 && reg <= AP_BD3)
		return bus_write(b, MASTER_HOST, banked_address(b, reg), 4, value);
	if (reg == AP_CSW)
		b->link.csw = value;
	else if (reg == AP_TAR)
		b->link.tar = value;
	else if (reg == AP_DRW)
		return write_drw(b, value);
	return BUS_OK;
}

static void answer(const struct usb_command *cmd, uint8_t status, uint32_t value)
{
	if (cmd->size >= 1)
		cmd->data[0] = status;
	if (cmd->size >= 8)
		put_le(cmd->data + 4, 4, value);
}

void dap_read(struct board *b, const struct usb_command *cmd)
{
	unsigned port = get_le(cmd->code + 2, 2);
	unsigned reg = get_le(cmd->code + 4, 2);
	uint32_t value = 0;
	uint8_t status = STATUS_OK;

	if (!stlink_has_target(b))
		status = STATUS_AP_FAULT;
	else if (port == DEBUG_PORT)
		value = read_dp(b, reg);
	else if (port != 0)
		status = reg == AP_IDR ? STATUS_OK : STATUS_BAD_AP;
	else if (read_ap(b, reg, &value) != BUS_OK)
		status = STATUS_AP_FAULT;
	answer(cmd, status, value);
}

void dap_write(struct board *b, const struct usb_command *cmd)
{
	unsigned port = get_le(cmd->code + 2, 2);
	unsigned reg = get_le(cmd->code + 4, 2);
	uint32_t value = get_le(cmd->code + 6, 4);
	uint8_t status = STATUS_OK;

	if (!stlink_has_target(b))
		status = STATUS_AP_FAULT;
	else if (port == DEBUG_PORT && reg == DP_CTRL)
		b->link.dp_ctrl = value;
	else if (port == DEBUG_PORT && reg == DP_SELECT)
		b->link.dp_select = value;
	else if (port != 0 && port != DEBUG_PORT)
		status = STATUS_BAD_AP;
	else if (port == 0 && write_ap(b, reg, value) != BUS_OK)
		status = STATUS_AP_FAULT;
	answer(cmd, status, 0);
}
