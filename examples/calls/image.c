/* SPDX-License-Identifier: MIT */
/*
 * image OPENOCD flash|ram FILE: an image (ELF, Intel HEX, S-record) of this machine to where its
 * addresses are, by OpenOCD's own commands, and compared there. The chip is halted afterwards.
 */
#include <stdio.h>
#include <string.h>

#include "errand.h"

static char content[4 << 20];
static size_t length;

static int stand_still(stmfw_client *c)
{
	return stmfw_reset(c, STMFW_RESET_HALT, errand_next, NULL, NULL);
}

static int write_flash(stmfw_client *c)
{
	stmfw_write_opts opts = STMFW_INIT(stmfw_write_opts);

	opts.data = content;
	opts.data_length = length;
	opts.flags = STMFW_WRITE_ERASE;
	return stmfw_write_image(c, &opts, errand_next, NULL, NULL);
}

static stmfw_check_opts what(void)
{
	stmfw_check_opts opts = STMFW_INIT(stmfw_check_opts);

	opts.data = content;
	opts.data_length = length;
	return opts;
}

static int load_ram(stmfw_client *c)
{
	stmfw_check_opts opts = what();

	return stmfw_load_image(c, &opts, errand_next, NULL, NULL);
}

static void on_verified(stmfw_client *c, const stmfw_result *r, void *arg)
{
	if (r->status == STMFW_OK)
		printf("%llu bytes are there\n", (unsigned long long)r->bytes);
	errand_next(c, r, arg);
}

static int verify(stmfw_client *c)
{
	stmfw_check_opts opts = what();

	return stmfw_verify_image(c, &opts, on_verified, NULL, NULL);
}

static int read_file(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return 0;
	length = fread(content, 1, sizeof(content), file);
	int good = !ferror(file) && length < sizeof(content);
	fclose(file);
	return good;
}

int main(int argc, char **argv)
{
	static const errand_step flash[] = { stand_still, write_flash, verify, NULL };
	static const errand_step ram[] = { stand_still, load_ram, verify, NULL };

	if (argc != 4 || (strcmp(argv[2], "flash") != 0 && strcmp(argv[2], "ram") != 0)) {
		fprintf(stderr, "usage: image OPENOCD flash|ram FILE\n");
		return 2;
	}
	if (!read_file(argv[3])) {
		fprintf(stderr, "%s cannot be read, or is larger than 4 MiB\n", argv[3]);
		return 1;
	}
	return errand_run(argv[1], argv[2][0] == 'f' ? flash : ram);
}
