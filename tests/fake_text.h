/* SPDX-License-Identifier: MIT */
/* fake_text.h - bytes that grow, and Tcl words in them, for what plays OpenOCD. */
#ifndef FAKE_TEXT_H
#define FAKE_TEXT_H

#include <stddef.h>

/* Zeroed: empty. `at` is not terminated. */
struct bytes {
	char *at;
	size_t length, room;
};

/* Memory or the end of the test. */
void *grow(void *old, size_t size);

void bytes_add(struct bytes *b, const void *data, size_t length);
void bytes_add_text(struct bytes *b, const char *text);
void bytes_drop(struct bytes *b, size_t length);
void bytes_free(struct bytes *b);

const char *text_find(const char *in, size_t length, const char *what);

/* Decode a double-quoted Tcl word, from behind its opening quote; returns where its closing one is.
   Only the escapes of the quoting rules are accepted. */
const char *text_decode_word(struct bytes *word, const char *p, const char *end);

#endif
