/* The program's entry; the command table takes over from here. */
#include <stdio.h>

int main(void)
{
	puts("reflash: no commands yet");
	return 2;
}
