/* SPDX-License-Identifier: MIT */
/*
 * Does the world around a recipe fit it? Images, probes, programs, files. No board is touched, and
 * nothing is made or changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../imagefile.h"
#include "../server.h"
#include "../text.h"
#include "readfile.h"
#include "recipe_places.h"
#include "recipe_probes.h"
#include "serial_list.h"

struct check {
	const struct recipe *recipe;
	stmfw_image **images; /* as in the recipe; NULL: it could not be loaded */
	struct faults *faults;
};

/* ---- images ---- */

static void load_image(struct check *c, unsigned int i, const struct readfile *file)
{
	const struct recipe_image *m = &c->recipe->images[i];
	stmfw_image_opts o = STMFW_INIT(stmfw_image_opts);
	stmfw_image_error error;

	if (m->type)
		imagefile_parse_type(&o.type, m->type);
	if (m->address) {
		o.has_base = 1;
		o.base = *m->address;
	}
	if (stmfw_image_parse(&c->images[i], m->path, file->bytes, file->length, &o, &error) !=
	    STMFW_OK)
		faults_add(c->faults, "Image \"%s\": %s.", m->name, error.text);
}

/* What is loaded are the bytes that have the digest. */
static void check_image(struct check *c, unsigned int i)
{
	const struct recipe_image *m = &c->recipe->images[i];
	char why[READFILE_WHY], digest[DIGEST_TEXT];
	struct readfile file;

	if (!readfile(&file, m->path, READFILE_IMAGE, why)) {
		faults_add(c->faults, "Image \"%s\": %s: %s.", m->name, m->path, why);
		return;
	}
	if (!digest_is(m->sha256, digest, file.bytes, file.length))
		faults_add(c->faults,
		     "Image \"%s\": %s is not the file that is meant: its SHA-256 is %s, the recipe "
		     "says %s.",
		     m->name, m->path, digest, m->sha256);
	load_image(c, i, &file);
	free(file.bytes);
}

/* ---- programs ---- */

static bool can_run(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool is_in_path(const char *name)
{
	const char *path = getenv("PATH");
	char full[4096];

	if (!path)
		path = "/usr/bin:/bin";
	for (size_t n; *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		if (snprintf(full, sizeof(full), "%.*s%s%s", (int)n, path, n ? "/" : "./", name) <
			    (int)sizeof(full) &&
		    can_run(full))
			return true;
	}
	return false;
}

static void check_program(struct check *c, const char *what, const char *name, const char *program)
{
	if (strchr(program, '/') ? can_run(program) : is_in_path(program))
		return;
	faults_add(c->faults, "%s \"%s\": the program \"%s\" %s.", what, name, program,
	     strchr(program, '/') ? "is not there, or must not be run" : "is not found in PATH");
}

static void check_site(struct check *c, unsigned int i)
{
	const struct recipe_site *s = &c->recipe->sites[i];
	struct server server = { .argv = NULL };

	if (s->start)
		check_program(c, "Site", s->name, s->start[0]);
	else if (server_parse(&server, s->openocd) && server.argv)
		check_program(c, "Site", s->name, server.argv[0]);
	server_free(&server);
}

/* Programs of steps are run in the recipe's folder. */
static void check_own_program(struct check *c, const char *what, const char *name,
			      const char *program)
{
	const char *path = c->recipe->path, *slash = strrchr(path, '/');
	char full[8192];

	if (strchr(program, '/') && program[0] != '/' && slash) {
		snprintf(full, sizeof(full), "%.*s%s", (int)(slash + 1 - path), path, program);
		program = full;
	}
	check_program(c, what, name, program);
}

/* ---- files and directories ---- */

static void check_directory(struct check *c, const char *what, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		faults_add(c->faults, "%s: the directory %s: %s.", what, path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		faults_add(c->faults, "%s: %s is no directory.", what, path);
	else if (access(path, W_OK | X_OK) != 0)
		faults_add(c->faults, "%s: nothing can be written in %s: %s.", what, path, strerror(errno));
}

/* The one that something at this path is to be made in. */
static void check_parent(struct check *c, const char *what, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[8192];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash + 1 - path) : 1,
		 slash ? path : ".");
	check_directory(c, what, folder);
}

static void check_record(struct check *c)
{
	const char *path = c->recipe->record;
	struct stat st;

	check_parent(c, "Record", path);
	if (stat(path, &st) != 0)
		return;
	if (!S_ISREG(st.st_mode))
		faults_add(c->faults, "Record: %s is no regular file.", path);
	else if (access(path, R_OK | W_OK) != 0)
		faults_add(c->faults, "Record: %s: %s.", path, strerror(errno));
}

/* It is made when it is needed. */
static void check_backups(struct check *c, const char *what, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT)
		check_parent(c, what, path);
	else
		check_directory(c, what, path);
}

static void check_mqtt(struct check *c)
{
	const struct recipe_mqtt *m = c->recipe->mqtt;
	char why[READFILE_WHY];
	struct readfile file;

	if (m->credentials && !readfile(&file, m->credentials, 4096, why)) {
		faults_add(c->faults, "MQTT: the credentials in %s: %s.", m->credentials, why);
	} else if (m->credentials) {
		char *line = memchr(file.bytes, '\n', file.length);

		if (!line || line == (char *)file.bytes || line[1] == '\0' || line[1] == '\n')
			faults_add(c->faults, "MQTT: %s has to have two lines: user name and password.",
			     m->credentials);
		free(file.bytes);
	}
	if (m->ca_file && !readfile(&file, m->ca_file, (size_t)16 << 20, why))
		faults_add(c->faults, "MQTT: the certificates in %s: %s.", m->ca_file, why);
	else if (m->ca_file)
		free(file.bytes);
}

/* ---- serial number ---- */

static void check_list(struct check *c, const struct recipe_serial *s)
{
	struct serial_list list;
	char why[SERIAL_WHY];

	if (!serial_list_read(&list, s, why))
		faults_add(c->faults, "Serial numbers: %s: %s.", s->file, why);
	else
		serial_list_free(&list);
}

static void check_serial(struct check *c)
{
	const struct recipe_serial *s = c->recipe->serial;

	if (s->command)
		check_own_program(c, "Section", "serial", s->command[0]);
	if (s->file)
		check_list(c, s);
}

/* ---- all of it ---- */

static void check_step(struct check *c, const struct recipe_step *s)
{
	char what[RECIPE_NAME + 16];

	snprintf(what, sizeof(what), "Step \"%s\"", s->name);
	if (s->directory)
		check_backups(c, what, s->directory);
	if (s->command)
		check_own_program(c, "Step", s->name, s->command[0]);
}

void recipe_check(const struct recipe *r, struct faults *faults)
{
	struct check c = { .recipe = r, .faults = faults };

	c.images = calloc(r->image_count + 1, sizeof(stmfw_image *));
	if (!c.images) {
		faults_add(faults, "Out of memory.");
		return;
	}
	for (unsigned int i = 0; i < r->site_count; i++)
		check_site(&c, i);
	recipe_check_probes(r, faults);
	for (unsigned int i = 0; i < r->image_count; i++)
		check_image(&c, i);
	for (unsigned int i = 0; i < r->step_count; i++)
		check_step(&c, &r->steps[i]);
	if (r->serial)
		check_serial(&c);
	recipe_check_places(r, c.images, faults);
	check_record(&c);
	if (r->mqtt)
		check_mqtt(&c);
	for (unsigned int i = 0; i < r->image_count; i++)
		stmfw_image_free(c.images[i]);
	free(c.images);
}
