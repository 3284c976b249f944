/* SPDX-License-Identifier: MIT */
/* The version of the library that is running. */
#include <stmfw.h>

#define TEXT(x) #x
#define DOTTED(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)

unsigned int stmfw_version(void)
{
	return STMFW_VERSION_HEX;
}

const char *stmfw_version_string(void)
{
	return DOTTED(STMFW_VERSION_MAJOR, STMFW_VERSION_MINOR, STMFW_VERSION_PATCH);
}
