/*
 * The serial wires of USART1 (PA9 TX, PA10 RX): what a USB-serial adapter on
 * the desk sends and receives. Bytes towards the chip leave one after another,
 * a frame time apart; the microcontroller puts each on its RX pin or into its
 * receiver, and judges the baud rate.
 *
 * Not modelled: flow control, break; the adapter's parity only changes the
 * length of a frame; bytes from the chip reach the adapter unchanged, whatever
 * its baud rate.
 */
#include "board/board_internal.h"

#define USART 1
#define PORT_A 0
#define PIN_RX 10
#define NS_PER_S 1000000000u

void uart_init(struct board *b)
{
	b->uart = (struct uart){.baud = 115200, .even_parity = true, .next_ns = NEVER};
}

/* Both directions need their wire and ground; two swapped wires connect the
 * transmitters with each other. */
static bool wired(const struct board *b)
{
	return b->wires[WIRE_TX] == WIRE_OK && b->wires[WIRE_RX] == WIRE_OK &&
	       b->wires[WIRE_GND] == WIRE_OK;
}

/* Start, eight data bits, parity when there is one, stop. */
static uint64_t frame_ns(const struct uart *u)
{
	return (uint64_t)(u->even_parity ? 11 : 10) * NS_PER_S / u->baud;
}

/* An adapter that is plugged in keeps its line high between frames. */
static void plug_in(struct board *b)
{
	struct uart *u = &b->uart;

	if (u->plugged)
		return;
	u->plugged = true;
	mcu_pin_drive(b->mcu, PORT_A, PIN_RX, wired(b) ? 1 : -1);
	u->next_ns = board_now_ns(b) + frame_ns(u);
}

void uart_wires_changed(struct board *b)
{
	if (b->uart.plugged)
		mcu_pin_drive(b->mcu, PORT_A, PIN_RX, wired(b) ? 1 : -1);
}

static void begin_frame(struct board *b)
{
	struct uart *u = &b->uart;
	uint8_t byte = u->to_chip[u->to_head];

	u->to_head = (u->to_head + 1) % UART_QUEUE;
	u->to_count--;
	u->next_ns = board_now_ns(b) + frame_ns(u);
	if (wired(b) && b->powered)
		mcu_uart_rx_at(b->mcu, USART, &byte, 1, u->baud);
}

void uart_tick(struct board *b)
{
	b->uart.next_ns = NEVER;
	if (b->uart.to_count > 0)
		begin_frame(b);
}

void board_uart_config(struct board *b, uint32_t baud, bool even_parity)
{
	if (baud > 0)
		b->uart.baud = baud;
	b->uart.even_parity = even_parity;
	plug_in(b);
}

size_t board_uart_send(struct board *b, const uint8_t *data, size_t len)
{
	struct uart *u = &b->uart;
	size_t n = 0;

	plug_in(b);
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
