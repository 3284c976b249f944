/* SPDX-License-Identifier: MIT */
/*
 * Vector table, version string and the way from reset to main().
 */
#include "blinky.h"

/* Given by the linker script. */
extern uint32_t ld_data_load[];
extern uint32_t ld_data_start[];
extern uint32_t ld_data_end[];
extern uint32_t ld_bss_start[];
extern uint32_t ld_bss_end[];
extern uint32_t ld_stack_top[];

/* An exception nobody asked for: stay here, for a debugger to find. */
static void default_handler(void)
{
	for (;;)
		;
}

void reset_handler(void)
{
	const uint32_t *from = ld_data_load;

	for (uint32_t *to = ld_data_start; to < ld_data_end; to++)
		*to = *from++;
	for (uint32_t *to = ld_bss_start; to < ld_bss_end; to++)
		*to = 0;
	main();
	default_handler();
}

typedef void (*vector_fn)(void);

struct vectors {
	uint32_t *stack_top;
	vector_fn reset;
	vector_fn nmi;
	vector_fn hard_fault;
	vector_fn mem_manage; /* this and the next two: reserved on a Cortex-M0 */
	vector_fn bus_fault;
	vector_fn usage_fault;
	vector_fn reserved1[4];
	vector_fn svcall;
	vector_fn debug_monitor;
	vector_fn reserved2;
	vector_fn pendsv;
	vector_fn systick;
	vector_fn irq[FW_IRQS];
};

__attribute__((section(".vectors"), used)) const struct vectors vectors = {
	.stack_top = ld_stack_top,
	.reset = reset_handler,
	.nmi = default_handler,
	.hard_fault = default_handler,
#ifndef FW_F072
	.mem_manage = default_handler,
	.bus_fault = default_handler,
	.usage_fault = default_handler,
	.debug_monitor = default_handler,
#endif
	.svcall = default_handler,
	.pendsv = default_handler,
	.systick = default_handler,
	.irq = { [0 ... FW_IRQS - 1] = default_handler },
};

__attribute__((section(".version"), used)) const char version[] =
	"libstmfw test blinky " FW_CHIP " " FW_VERSION;
