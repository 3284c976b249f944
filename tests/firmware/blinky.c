/* SPDX-License-Identifier: MIT */
/*
 * Blinks the board's LEDs, at the clock the chip has after reset (HSI).
 *
 *	f103	"Blue Pill", STM32F103C8/CB: PC13, lit when low
 *	f407	STM32F4DISCOVERY, STM32F407VG: PD12..PD15, lit when high
 *	f072	32F072BDISCOVERY, STM32F072RB: PC6..PC9, lit when high
 *
 * The old version blinks all LEDs slowly, twice a second at most; the new
 * one fast and, where there are four, lets them run round.
 */
#include "blinky.h"

#if defined(FW_F103)

#define RCC_APB2ENR REG32(0x40021018)
#define GPIOC_CRH   REG32(0x40011004)
#define GPIOC_BSRR  REG32(0x40011010)

#define LED_FIRST 13
#define LED_COUNT 1

static void leds_init(void)
{
	RCC_APB2ENR |= 1u << 4; /* GPIOC's clock */
	GPIOC_BSRR = 1u << LED_FIRST; /* dark */
	GPIOC_CRH = (GPIOC_CRH & ~(0xfu << 20)) | 0x2u << 20; /* push-pull, 2 MHz */
}

static void leds_write(uint32_t lit)
{
	/* Low lights the LED: reset the lit ones' bits, set the others'. */
	GPIOC_BSRR = (lit & 1u) ? 1u << (LED_FIRST + 16) : 1u << LED_FIRST;
}

#else

#if defined(FW_F407)
#define RCC_ENR       REG32(0x40023830) /* AHB1ENR */
#define RCC_ENR_GPIO  (1u << 3) /* GPIOD */
#define GPIO_MODER    REG32(0x40020c00)
#define GPIO_BSRR     REG32(0x40020c18)
#define LED_FIRST     12
#else
#define RCC_ENR       REG32(0x40021014) /* AHBENR */
#define RCC_ENR_GPIO  (1u << 19) /* GPIOC */
#define GPIO_MODER    REG32(0x48000800)
#define GPIO_BSRR     REG32(0x48000818)
#define LED_FIRST     6
#endif

#define LED_COUNT 4
#define LED_MASK  ((1u << LED_COUNT) - 1u)

static void leds_init(void)
{
	RCC_ENR |= RCC_ENR_GPIO;
	GPIO_BSRR = LED_MASK << (LED_FIRST + 16); /* dark */
	GPIO_MODER = (GPIO_MODER & ~(0xffu << (2 * LED_FIRST))) | 0x55u << (2 * LED_FIRST);
}

static void leds_write(uint32_t lit)
{
	GPIO_BSRR = (lit & LED_MASK) << LED_FIRST | (~lit & LED_MASK) << (LED_FIRST + 16);
}

#endif

/* In .data and .bss, so that an image has both to be copied and cleared. */
static volatile uint32_t blinks_left_to_sync = 16;
static volatile uint32_t blinks;

static void wait_msec(uint32_t msec)
{
	for (uint32_t i = msec * FW_LOOPS_MSEC; i > 0; i--)
		__asm__ volatile("nop\n\tnop\n\tnop\n\tnop");
}

/* Sum over the table, so that an image with a damaged one blinks otherwise. */
static uint32_t table_sum(void)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < FW_TABLE_LEN; i++)
		sum = (sum << 1 | sum >> 31) ^ flicker[i];
	return sum;
}

int main(void)
{
	uint32_t at = table_sum() % 64;

	leds_init();
	for (;;) {
		uint32_t extra = flicker[at] & 0x3f;

#if defined(FW_NEW)
		leds_write(LED_COUNT == 1 ? blinks & 1u : 1u << (blinks % LED_COUNT));
		wait_msec(60 + extra);
#else
		leds_write(blinks & 1u ? ~0u : 0u);
		wait_msec(500 + extra);
#endif
		blinks = blinks + 1;
		at = at + 1 < FW_TABLE_LEN ? at + 1 : 0;
		if (--blinks_left_to_sync == 0) {
			blinks_left_to_sync = 16;
			leds_write(0);
			wait_msec(1000);
		}
	}
}
