/*
 * One host of a configuration of a few lines, whose limits are drawn anew in
 * each life; and the listener that nobody listens on.
 */
#include "sim.h"
#include "core/command.h"
#include "core/config.h"
#include "core/config_report.h"
#include "core/host.h"
#include "core/server.h"
#include "record.h"
#include "streams/guest.h"
#include <stdio.h>
#include <unistd.h>

struct server server;

const struct command *const commands[] = { NULL };     /* nobody administrates here */
static struct config *config;
static struct hosts *hosts;
static struct gate gate = { .address = (char []){ "nowhere" } };

static const char text[] =
	"domain \"" HOST "\" {\n"
	"  tls = off\n"
	"  auth { allow_plain_without_tls = yes;  mechanisms = [ SCRAM-SHA-256, PLAIN ] }\n"
	"}\n";

void config_begin(const char *path)
{
	struct config_report report = { 0 };
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		life_failed("cannot write %s", path);
	config_report_init(&report);
	config = config_load(path, 0, &report);
	unlink(path);
	if (!config)
		life_failed("the configuration is refused");
	config_report_clear(&report);
}

/* Numbers that provoke orders: few turns in a round, few loads, little that may be unsettled. */
static void draw_limits(struct core_limits *l)
{
	l->enabled = false;
	l->mailbox = 10000;
	l->turns_per_round = dice_between(1, 8);
	l->loads = dice_between(1, 4);
	l->append_patience = 3600000;
	l->slow_store = 0;
	l->write_soft = 4000;
	l->write_hard = 300000;
	l->unsettled = dice_chance(50) ? 2 : 50;
	l->negotiation = 600000;
	l->acks_stanzas = plan.is_last || dice_chance(80) ? 2000 : 12;       /* fewer than a page of offline messages: who comes for those would never have them */
	l->acks_answer = dice_chance(70) ? 0 : 3000;
	l->resume_time = plan.is_last ? 3000 : dice_chance(30) ? 300 : dice_chance(50) ? 5000 : RESUME_MOST;
}

void hosts_begin(void)
{
	struct fail why;
	hosts = hosts_new(config, 1, &why);
	if (!hosts)
		life_failed("%s", why.text);
	draw_limits(&hosts->limits);
	hosts->auth.verifier_cache = dice_chance(50) ? 3600000 : 0;
	hosts->entrances->outside.limits = hosts->limits;
	hosts->entrances->outside.idle_time = 0;
	hosts->entrances->outside.events = dice_chance(50) ? dice_between(1, 4) : 0;
	struct host *host = CONTAINER(hash_find(&hosts->by_name, HOST), struct host, by_name);
	host->conflict = dice_chance(70) ? CONFLICT_REPLACE : dice_chance(50) ? CONFLICT_REFUSE : CONFLICT_RENAME;
}

struct hosts *hosts_of_sim(void)
{
	return hosts;
}

struct gate *gate_of_sim(void)
{
	return &gate;
}

/* --- streams/guest.h --- */

void guest_left(struct gate *g)
{
}

struct tls_choice guest_choose(const struct terms *t, const char *sni, const char *to)
{
	return (struct tls_choice){ NULL, NULL };
}
