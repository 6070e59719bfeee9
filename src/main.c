/* Jackdaw: serves, or is the command line of a server that runs. */
#include "cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
