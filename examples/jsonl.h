/* SPDX-License-Identifier: MIT */
/* JSON on stdout: one object per line, each one out at once. */
#ifndef JSONL_H
#define JSONL_H

#include <jansson.h>
#include <stdint.h>

/* Writes the object as one line and releases it. NULL, out of memory, is passed over. */
void jsonl_write(json_t *object);
/* A string of any bytes: if it is no UTF-8 its odd bytes become \xNN. NULL gives null. */
json_t *jsonl_text(const char *s);
/* Ids and addresses as people know them: "0x08000000". */
json_t *jsonl_hex(uint64_t value, int digits);

#endif
