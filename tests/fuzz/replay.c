/* Stands in for libFuzzer: gives the target every file that is named, or that lies in a folder that is named. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);     /* the target's */

static unsigned played;

static void play_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat about;
	if (!f || fstat(fileno(f), &about) < 0) {
		perror(path);
		exit(2);
	}
	size_t size = (size_t)about.st_size;
	uint8_t *data = malloc(size ? size : 1);      /* of exactly this size, so that a read behind the end is seen */
	if (!data || fread(data, 1, size, f) != size) {
		perror(path);
		exit(2);
	}
	fclose(f);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	played++;
}

static void play(const char *path)
{
	DIR *folder = opendir(path);
	if (!folder) {
		play_file(path);
		return;
	}
	for (struct dirent *entry; (entry = readdir(folder));) {
		char inner[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		play(inner);
	}
	closedir(folder);
}

int main(int count, char *names[])
{
	for (int i = 1; i < count; i++)
		play(names[i]);
	fprintf(stderr, "%u inputs\n", played);
	return played ? 0 : 3;                        /* nothing was tried: that is no success */
}
