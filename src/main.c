/* Jackdaw: serves, or is the command line of a server that runs. */
#include "cli.h"
#include "core/config.h"
#include "serve.h"
#include <string.h>

/* serve [-c FILE] */
static int run_server(int argc, char **argv)
{
	bool named = argc == 4 && strcmp(argv[2], "-c") == 0;
	if (argc != 2 && !named)
		return cli_usage("serve takes -c FILE and nothing else");
	return serve(config_find_file(named ? argv[3] : NULL));
}

int main(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[1], "serve") == 0 ? run_server(argc, argv) : cli_main(argc, argv);
}
