/* SPDX-License-Identifier: MIT */
/*
 * The schema of a recipe's file: docs/station.md in tables.
 *
 * A key without OPTIONAL has to be there. What values mean together, and their ranges, are in
 * recipe_rules.c, recipe_steps.c and recipe_serial.c.
 */
#include "recipe_schema.h"

#include <stddef.h>

#define OPTIONAL CYAML_FLAG_OPTIONAL
#define NEEDED   CYAML_FLAG_DEFAULT
#define PATH     4000u  /* bytes of a path or word, at most */
#define SCRIPT   65536u
#define ITEMS(a) (sizeof(a) / sizeof((a)[0]))

const char *const recipe_step_names[RECIPE_STEP_KINDS] = {
	[STEP_IDENTIFY] = "identify", [STEP_BACKUP] = "backup",   [STEP_UNPROTECT] = "unprotect",
	[STEP_ERASE] = "erase",       [STEP_FLASH] = "flash",     [STEP_SERIAL] = "serial",
	[STEP_VERIFY] = "verify",     [STEP_PROTECT] = "protect", [STEP_OPTIONS] = "options",
	[STEP_RUN] = "run",           [STEP_MEMORY] = "memory",   [STEP_EXEC] = "exec",
	[STEP_TCL] = "tcl"
};

static const cyaml_schema_value_t name_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, RECIPE_NAME)
};

static const cyaml_schema_value_t word_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, PATH)
};

/* ---- sites, images, chip ---- */

static const cyaml_schema_field_t site_fields[] = {
	CYAML_FIELD_STRING_PTR("name", NEEDED, struct recipe_site, name, 1, RECIPE_NAME),
	CYAML_FIELD_STRING_PTR("openocd", OPTIONAL, struct recipe_site, openocd, 1, PATH),
	CYAML_FIELD_SEQUENCE_COUNT("start", OPTIONAL | CYAML_FLAG_POINTER, struct recipe_site, start,
				   start_count, &word_entry, 1, RECIPE_MOST),
	CYAML_FIELD_STRING_PTR("adapter_serial", OPTIONAL, struct recipe_site, adapter_serial, 1, 128),
	CYAML_FIELD_STRING_PTR("usb_path", OPTIONAL, struct recipe_site, usb_path, 1, 64),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t site_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct recipe_site, site_fields)
};

static const cyaml_schema_field_t image_fields[] = {
	CYAML_FIELD_STRING_PTR("name", NEEDED, struct recipe_image, name, 1, RECIPE_NAME),
	CYAML_FIELD_STRING_PTR("file", NEEDED, struct recipe_image, file, 1, PATH),
	CYAML_FIELD_STRING_PTR("sha256", NEEDED, struct recipe_image, sha256, 1, 128),
	CYAML_FIELD_STRING_PTR("type", OPTIONAL, struct recipe_image, type, 1, 16),
	CYAML_FIELD_UINT_PTR("address", OPTIONAL, struct recipe_image, address),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t image_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct recipe_image, image_fields)
};

static const cyaml_schema_field_t chip_fields[] = {
	CYAML_FIELD_UINT_PTR("device_id", OPTIONAL, struct recipe_chip, device_id),
	CYAML_FIELD_UINT_PTR("revision_id", OPTIONAL, struct recipe_chip, revision_id),
	CYAML_FIELD_UINT_PTR("flash_kib", OPTIONAL, struct recipe_chip, flash_kib),
	CYAML_FIELD_BOOL("uid", OPTIONAL, struct recipe_chip, uid),
	CYAML_FIELD_END
};

/* ---- steps: which keys each kind has ---- */

#define COMMON                                                                                \
	CYAML_FIELD_STRING_PTR("name", OPTIONAL, struct recipe_step, name, 1, RECIPE_NAME),   \
		CYAML_FIELD_UINT("retries", OPTIONAL, struct recipe_step, retries)
#define TIMEOUT CYAML_FIELD_UINT("timeout_s", OPTIONAL, struct recipe_step, timeout_s)
#define UNLOCK  CYAML_FIELD_BOOL("unlock", OPTIONAL, struct recipe_step, unlock)
#define IMAGES                                                                                \
	CYAML_FIELD_SEQUENCE_COUNT("images", CYAML_FLAG_POINTER, struct recipe_step, images,  \
				   image_count, &name_entry, 1, RECIPE_MOST)

static const cyaml_schema_field_t plain_fields[] = { COMMON, CYAML_FIELD_END };

static const cyaml_schema_field_t backup_fields[] = {
	CYAML_FIELD_STRING_PTR("directory", NEEDED, struct recipe_step, directory, 1, PATH), COMMON,
	CYAML_FIELD_END
};

static const cyaml_schema_field_t erase_fields[] = { UNLOCK, COMMON, CYAML_FIELD_END };

static const cyaml_schema_field_t flash_fields[] = {
	IMAGES, CYAML_FIELD_BOOL("keep", OPTIONAL, struct recipe_step, keep), UNLOCK, COMMON,
	CYAML_FIELD_END
};

static const cyaml_schema_field_t verify_fields[] = { IMAGES, COMMON, CYAML_FIELD_END };

static const cyaml_schema_field_t timed_fields[] = { TIMEOUT, COMMON, CYAML_FIELD_END };

static const cyaml_schema_field_t options_fields[] = {
	CYAML_FIELD_UINT("value", NEEDED, struct recipe_step, value),
	CYAML_FIELD_UINT("mask", NEEDED, struct recipe_step, mask), COMMON, CYAML_FIELD_END
};

static const cyaml_schema_field_t tcl_fields[] = {
	CYAML_FIELD_STRING_PTR("script", NEEDED, struct recipe_step, script, 1, SCRIPT), TIMEOUT,
	COMMON, CYAML_FIELD_END
};

static const cyaml_schema_field_t memory_fields[] = {
	CYAML_FIELD_UINT("address", NEEDED, struct recipe_step, address),
	CYAML_FIELD_UINT("width", OPTIONAL, struct recipe_step, width),
	CYAML_FIELD_UINT("expect", NEEDED, struct recipe_step, expect),
	CYAML_FIELD_UINT("mask", OPTIONAL, struct recipe_step, mask),
	TIMEOUT,
	COMMON,
	CYAML_FIELD_END
};

static const cyaml_schema_field_t exec_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("command", CYAML_FLAG_POINTER, struct recipe_step, command,
				   command_count, &word_entry, 1, RECIPE_MOST),
	TIMEOUT, COMMON, CYAML_FIELD_END
};

#define STEP(key, kind, fields)                                                               \
	CYAML_FIELD_MAPPING_PTR(key, OPTIONAL, struct recipe_raw_step, of[kind], fields)

static const cyaml_schema_field_t step_fields[] = {
	STEP("identify", STEP_IDENTIFY, plain_fields),
	STEP("backup", STEP_BACKUP, backup_fields),
	STEP("unprotect", STEP_UNPROTECT, plain_fields),
	STEP("erase", STEP_ERASE, erase_fields),
	STEP("flash", STEP_FLASH, flash_fields),
	STEP("serial", STEP_SERIAL, timed_fields),
	STEP("verify", STEP_VERIFY, verify_fields),
	STEP("protect", STEP_PROTECT, plain_fields),
	STEP("options", STEP_OPTIONS, options_fields),
	STEP("run", STEP_RUN, plain_fields),
	STEP("memory", STEP_MEMORY, memory_fields),
	STEP("exec", STEP_EXEC, exec_fields),
	STEP("tcl", STEP_TCL, tcl_fields),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t step_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct recipe_raw_step, step_fields)
};

/* ---- serial, limits, mqtt ---- */

static const cyaml_strval_t sources[] = { { "counter", SERIAL_COUNTER },
					  { "list", SERIAL_LIST },
					  { "uid", SERIAL_UID },
					  { "command", SERIAL_COMMAND } };

static const cyaml_strval_t formats[] = { { "ascii", SERIAL_ASCII },
					  { "u32", SERIAL_U32 },
					  { "hex", SERIAL_HEX } };

static const cyaml_schema_field_t serial_fields[] = {
	CYAML_FIELD_ENUM("source", CYAML_FLAG_STRICT, struct recipe_serial, source, sources,
			 ITEMS(sources)),
	CYAML_FIELD_ENUM("format", CYAML_FLAG_STRICT, struct recipe_serial, format, formats,
			 ITEMS(formats)),
	CYAML_FIELD_UINT("address", NEEDED, struct recipe_serial, address),
	CYAML_FIELD_UINT("first", OPTIONAL, struct recipe_serial, first),
	CYAML_FIELD_UINT("last", OPTIONAL, struct recipe_serial, last),
	CYAML_FIELD_STRING_PTR("prefix", OPTIONAL, struct recipe_serial, prefix, 0, 64),
	CYAML_FIELD_UINT("digits", OPTIONAL, struct recipe_serial, digits),
	CYAML_FIELD_STRING_PTR("file", OPTIONAL, struct recipe_serial, file, 1, PATH),
	CYAML_FIELD_SEQUENCE_COUNT("command", OPTIONAL | CYAML_FLAG_POINTER, struct recipe_serial,
				   command, command_count, &word_entry, 1, RECIPE_MOST),
	CYAML_FIELD_UINT("length", OPTIONAL, struct recipe_serial, length),
	CYAML_FIELD_STRING_PTR("lease", OPTIONAL, struct recipe_serial, lease, 1, 1024),
	CYAML_FIELD_UINT("lease_block", OPTIONAL, struct recipe_serial, lease_block),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t limit_fields[] = {
	CYAML_FIELD_UINT("fails_in_row", OPTIONAL, struct recipe_limits, fails_in_row),
	CYAML_FIELD_UINT("board_timeout_s", OPTIONAL, struct recipe_limits, board_timeout_s),
	CYAML_FIELD_BOOL("repeat_known", OPTIONAL, struct recipe_limits, repeat_known),
	CYAML_FIELD_END
};

static const cyaml_strval_t versions[] = { { "3.1.1", 0 }, { "5", 1 } };

static const cyaml_schema_field_t mqtt_fields[] = {
	CYAML_FIELD_STRING_PTR("host", NEEDED, struct recipe_mqtt, host, 1, 255),
	CYAML_FIELD_UINT("port", OPTIONAL, struct recipe_mqtt, port),
	CYAML_FIELD_STRING_PTR("topic", OPTIONAL, struct recipe_mqtt, topic, 1, 255),
	CYAML_FIELD_STRING_PTR("credentials", OPTIONAL, struct recipe_mqtt, credentials, 1, PATH),
	CYAML_FIELD_STRING_PTR("ca_file", OPTIONAL, struct recipe_mqtt, ca_file, 1, PATH),
	CYAML_FIELD_ENUM("version", OPTIONAL | CYAML_FLAG_STRICT, struct recipe_mqtt, version5,
			 versions, ITEMS(versions)),
	CYAML_FIELD_END
};

/* ---- all of it ---- */

static const cyaml_schema_field_t top_fields[] = {
	CYAML_FIELD_STRING_PTR("station", OPTIONAL, struct recipe_loaded, recipe.station, 1,
			       RECIPE_NAME),
	CYAML_FIELD_STRING_PTR("record", NEEDED, struct recipe_loaded, recipe.record, 1, PATH),
	CYAML_FIELD_SEQUENCE_COUNT("sites", CYAML_FLAG_POINTER, struct recipe_loaded, recipe.sites,
				   recipe.site_count, &site_entry, 1, RECIPE_MOST),
	CYAML_FIELD_SEQUENCE_COUNT("images", OPTIONAL | CYAML_FLAG_POINTER, struct recipe_loaded,
				   recipe.images, recipe.image_count, &image_entry, 1, RECIPE_MOST),
	CYAML_FIELD_MAPPING("chip", OPTIONAL, struct recipe_loaded, recipe.chip, chip_fields),
	CYAML_FIELD_SEQUENCE_COUNT("steps", CYAML_FLAG_POINTER, struct recipe_loaded, steps,
				   step_count, &step_entry, 1, RECIPE_MOST),
	CYAML_FIELD_MAPPING_PTR("serial", OPTIONAL, struct recipe_loaded, recipe.serial,
				serial_fields),
	CYAML_FIELD_MAPPING("limits", OPTIONAL, struct recipe_loaded, recipe.limits, limit_fields),
	CYAML_FIELD_MAPPING_PTR("mqtt", OPTIONAL, struct recipe_loaded, recipe.mqtt, mqtt_fields),
	CYAML_FIELD_END
};

const cyaml_schema_value_t recipe_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct recipe_loaded, top_fields)
};
