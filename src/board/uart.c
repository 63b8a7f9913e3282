/*
 * The serial wires of USART1 (PA9 TX, PA10 RX): what a USB-serial adapter on
 * the desk sends and receives. A frame towards the chip is put on PA10 edge by
 * edge, as the boot ROM's baud-rate measurement needs it, and handed to the
 * receiver at the end of its stop bit.
 *
 * Frame, one bit a baud period: start 0, eight data bits from bit 0, parity
 * when there is one, stop 1.
 *
 * Not modelled: flow control, break, the host's baud error, what a host at
 * another baud rate would make of the chip's bytes (they pass unchanged).
 */
#include "board/board_internal.h"

#include <string.h>

#define PORT_A 0
#define PIN_RX 10
#define USART 1
#define START_BIT 1u
#define DATA_BITS 8u

void uart_init(struct board *b)
{
	b->uart = (struct uart){.baud = 115200, .even_parity = true, .next_ns = NEVER};
}

/* Adapter TX to chip RX: straight, or through two swapped wires as no one does
 * on purpose. */
static bool wired(const struct board *b)
{
	return b->wires[WIRE_TX] == WIRE_OK && b->wires[WIRE_RX] == WIRE_OK &&
	       b->wires[WIRE_GND] == WIRE_OK;
}

static unsigned frame_bits(const struct uart *u)
{
	return START_BIT + DATA_BITS + u->even_parity + 1;
}

static int level_of_bit(const struct uart *u, unsigned bit)
{
	uint8_t byte = u->to_chip[u->to_head];

	if (bit < START_BIT)
		return 0;
	if (bit < START_BIT + DATA_BITS)
		return byte >> (bit - START_BIT) & 1;
	if (u->even_parity && bit == START_BIT + DATA_BITS)
		return __builtin_parity(byte);
	return 1;
}

static uint64_t bit_time(const struct uart *u, unsigned bits)
{
	return (uint64_t)bits * 1000000000u / u->baud;
}

static void deliver(struct board *b)
{
	struct uart *u = &b->uart;
	uint8_t byte = u->to_chip[u->to_head];

	u->to_head = (u->to_head + 1) % UART_QUEUE;
	u->to_count--;
	if (wired(b))
		mcu_uart_rx_at(b->mcu, USART, &byte, 1, u->baud);
}

/* Put the level of the present bit on the wire and skip to the next change. */
static void drive(struct board *b)
{
	struct uart *u = &b->uart;
	int level = level_of_bit(u, u->bit);
	unsigned next = u->bit + 1;

	if (wired(b))
		mcu_pin_drive(b->mcu, PORT_A, PIN_RX, level);
	while (next < frame_bits(u) && level_of_bit(u, next) == level)
		next++;
	u->bit = next;
	u->next_ns = u->start_ns + bit_time(u, next);
}

static void begin_frame(struct board *b)
{
	b->uart.bit = 0;
	b->uart.start_ns = board_now_ns(b);
	drive(b);
}

void uart_tick(struct board *b)
{
	struct uart *u = &b->uart;

	if (u->bit < frame_bits(u)) {
		drive(b);
		return;
	}
	deliver(b);
	u->next_ns = NEVER;
	if (u->to_count > 0)
		begin_frame(b);
}

void board_uart_config(struct board *b, uint32_t baud, bool even_parity)
{
	if (baud > 0)
		b->uart.baud = baud;
	b->uart.even_parity = even_parity;
}

size_t board_uart_send(struct board *b, const uint8_t *data, size_t len)
{
	struct uart *u = &b->uart;
	size_t n = 0;

	for (; n < len && u->to_count < UART_QUEUE; n++, u->to_count++)
		u->to_chip[(u->to_head + u->to_count) % UART_QUEUE] = data[n];
	if (n > 0 && u->next_ns == NEVER)
		begin_frame(b);
	return n;
}

size_t board_uart_receive(struct board *b, uint8_t *data, size_t room)
{
	struct uart *u = &b->uart;
	size_t n = 0;

	for (; n < room && u->from_count > 0; n++, u->from_count--) {
		data[n] = u->from_chip[u->from_head];
		u->from_head = (u->from_head + 1) % UART_QUEUE;
	}
	return n;
}

void uart_from_chip(void *ctx, struct mcu *m, unsigned n, uint8_t byte)
{
	struct board *b = ctx;
	struct uart *u = &b->uart;

	(void)m;
	if (n != USART || !wired(b) || u->from_count == UART_QUEUE)
		return;
	u->from_chip[(u->from_head + u->from_count) % UART_QUEUE] = byte;
	u->from_count++;
}
