/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <stdarg.h>
#include <stdio.h>

#include "../text.h"

#define LENGTH 1024

void faults_add(struct faults *f, const char *format, ...)
{
	char text[LENGTH], plain[LENGTH];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	f->tell(f->arg, text_harmless(plain, sizeof(plain), text));
	f->count++;
}
