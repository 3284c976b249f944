/* SPDX-License-Identifier: MIT */
/*
 * From a proven image in memory to a file and its manifest.
 *
 * Both are brought to disk under their .part names first. The manifest gets its name before the
 * image does: whoever sees FILE finds everything in place.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backup.h"
#include "jsonl.h"
#include "savefile.h"

/* ---- names ---- */

static void utc_time(char *out, size_t size, const char *format)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(out, size, format, &tm);
}

static char *made_name(const struct board *board)
{
	char slug[128], when[32], *name;

	board_slug(board, slug, sizeof(slug));
	utc_time(when, sizeof(when), "%Y%m%dT%H%M%SZ");
	return asprintf(&name, "%s-%s.bin", slug, when) < 0 ? NULL : name;
}

/* "dir/name.bin" becomes "dir/name-bank1.bin"; releases name. */
static char *with_bank(char *name, unsigned int bank)
{
	const char *slash = strrchr(name, '/');
	const char *dot = strrchr(slash ? slash : name, '.');
	size_t stem = dot ? (size_t)(dot - name) : strlen(name);
	char *out;

	if (asprintf(&out, "%.*s-bank%u%s", (int)stem, name, bank, name + stem) < 0)
		out = NULL;
	free(name);
	return out;
}

static bool out_of_memory(struct cli *cli)
{
	cli_fail(cli, CLI_INTERNAL, "", "Out of memory.");
	return false;
}

static char *manifest_path(const char *path)
{
	char *out;

	return asprintf(&out, "%s.json", path) < 0 ? NULL : out;
}

/* Whatever they are called. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/* A file that the run itself needs is nothing to be replaced, not even by --force. */
static bool is_spare(const char *path, const char *spare, struct cli *cli)
{
	static const char *const endings[] = { "", ".json", ".part", ".json.part" };
	char name[PATH_MAX];

	for (size_t i = 0; spare && i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		if (!is_same_file(name, spare))
			continue;
		cli_fail(cli, CLI_USAGE, "Choose another name for the backup.",
			 "The backup \"%s\" would replace \"%s\", which is to be flashed.", path,
			 spare);
		return true;
	}
	return false;
}

/* "old.bin.json" beside "old.bin" says what that is. */
static bool is_manifest_of_another(const char *path, struct cli *cli)
{
	char name[PATH_MAX];
	size_t n = strlen(path);

	if (n < 6 || n >= sizeof(name) || strcmp(path + n - 5, ".json") != 0)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(n - 5), path);
	if (access(name, F_OK) != 0)
		return false;
	cli_fail(cli, CLI_FILE, "Choose another name.",
		 "No backup: \"%s\" is the name of the manifest of \"%s\".", path, name);
	return true;
}

static const char *advice_for(const char *path, const char *manifest, bool force)
{
	struct stat st;
	bool exists = (stat(path, &st) == 0 && S_ISREG(st.st_mode)) ||
		      (stat(manifest, &st) == 0 && S_ISREG(st.st_mode));

	return exists && !force ? "Choose another name; --force replaces an existing file."
				: "Choose another name or another folder.";
}

bool backup_may_be_made(const char *path, const struct backup_opts *opts, struct cli *cli)
{
	char why[SAVEFILE_WHY];

	if (is_spare(path, opts->spare, cli) || is_manifest_of_another(path, cli))
		return false;
	char *manifest = manifest_path(path);
	if (!manifest)
		return out_of_memory(cli);
	bool ok = savefile_check(path, opts->force, why) &&
		  savefile_check(manifest, opts->force, why);
	if (!ok)
		cli_fail(cli, CLI_FILE, advice_for(path, manifest, opts->force), "No backup: %s.",
			 why);
	free(manifest);
	return ok;
}

bool backup_choose_path(struct image *image, const struct backup_opts *opts,
			const struct board *board, bool one_of_many, struct cli *cli)
{
	char *path = opts->file ? strdup(opts->file) : made_name(board);

	if (path && (one_of_many || (!opts->file && image->bank != 0)))
		path = with_bank(path, image->bank);
	free(image->path);
	image->path = path;
	if (!path)
		return out_of_memory(cli);
	return backup_may_be_made(path, opts, cli);
}

/* ---- manifest ---- */

static json_t *describe_flash(const struct image *image)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:I, s:I}", "bank", (int)image->bank, "name",
			 jsonl_text(image->name), "driver", jsonl_text(image->driver), "base",
			 jsonl_hex(image->base, 8), "offset", (json_int_t)image->offset, "size",
			 (json_int_t)image->length);
}

static json_t *describe_dump(const struct image *image)
{
	static const char *const kinds[] = { "plausible", "blank", "constant", "repeats" };

	return jsonl_text(kinds[image->verdict.kind]);
}

/* OpenOCD has no command that tells its adapter's serial number. */
static json_t *describe_server(const stmfw_server *server)
{
	return json_pack("{s:o, s:o, s:o, s:n}", "version",
			 jsonl_text(server ? server->version : NULL), "adapter",
			 jsonl_text(server ? server->adapter : NULL), "transport",
			 jsonl_text(server ? server->transport : NULL), "adapter_serial");
}

static json_t *make_manifest(const struct image *image, const struct backup_opts *opts,
			     const struct board *board, const stmfw_server *server)
{
	char when[32];

	utc_time(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ");
	return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s}", "file",
			 jsonl_text(image->path), "sha256", image->sha256, "verified",
			 backup_verify_name(opts->verify), "time", when, "content",
			 describe_dump(image), "chip", board_json(board), "flash",
			 describe_flash(image), "openocd", describe_server(server), "tool",
			 "stmfw-backup", "tool_version", stmfw_version_string());
}

/* ---- saving ---- */

struct pair {
	struct savefile manifest, image;
};

static bool begin_manifest(struct savefile *f, const struct image *image, bool force, json_t *about,
			   char why[SAVEFILE_WHY])
{
	char *path = manifest_path(image->path);
	char *text = about ? json_dumps(about, JSON_INDENT(2)) : NULL;
	char *lines = NULL;
	int length = text ? asprintf(&lines, "%s\n", text) : -1;
	bool ok = false;

	if (path && length >= 0)
		ok = savefile_begin(f, path, force, lines, (size_t)length, why);
	else
		snprintf(why, SAVEFILE_WHY, "out of memory");
	if (length >= 0)
		free(lines);
	free(path);
	free(text);
	return ok;
}

static bool commit_both(struct pair *pair, bool force, char why[SAVEFILE_WHY])
{
	if (!savefile_commit(&pair->manifest, why))
		return false;
	if (savefile_commit(&pair->image, why))
		return true;
	if (!force)
		remove(pair->manifest.path);
	return false;
}

bool backup_save(struct image *image, const struct backup_opts *opts, const struct board *board,
		 const stmfw_server *server, struct cli *cli)
{
	json_t *about = make_manifest(image, opts, board, server);
	struct pair pair = { { 0 }, { 0 } };
	char why[SAVEFILE_WHY];

	bool ok = savefile_begin(&pair.image, image->path, opts->force, image->data,
				 (size_t)image->length, why) &&
		  begin_manifest(&pair.manifest, image, opts->force, about, why) &&
		  commit_both(&pair, opts->force, why);
	savefile_abandon(&pair.image);
	savefile_abandon(&pair.manifest);
	if (ok) {
		image->manifest = about;
		return true;
	}
	json_decref(about);
	cli_fail(cli, CLI_FILE, "Make room or choose another place, then repeat.",
		 "The flash was read, but could not be saved: %s.", why);
	return false;
}
