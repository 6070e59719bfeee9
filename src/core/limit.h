/*
 * Limit: how often each was reached.
 *
 * Whoever turns somebody away, or lets somebody wait, says by which limit;
 * `jackdaw limits` shows them all, and `status` those that were reached. A
 * limit is known by its setting's name. docs/limits.md says what each is for.
 */
#pragma once
#include <stdint.h>

#define LIMITS(X) \
	X(LIMIT_CONNECTIONS,             "limits.connections") \
	X(LIMIT_CHANNELS,                "channels") \
	X(LIMIT_CONNECTIONS_PER_ADDRESS, "limits.connections_per_address") \
	X(LIMIT_CONNECTS,                "limits.connects_per_minute") \
	X(LIMIT_NEGOTIATION,             "limits.unauthenticated_timeout") \
	X(LIMIT_IDLE,                    "idle_time") \
	X(LIMIT_STANZA_SIZE_BEFORE_AUTH, "limits.stanza_size_before_auth") \
	X(LIMIT_STANZA_SIZE,             "limits.stanza_size") \
	X(LIMIT_STANZA_DEPTH,            "limits.stanza_depth") \
	X(LIMIT_STANZA_ATTRIBUTES,       "limits.stanza_attributes") \
	X(LIMIT_STANZAS,                 "limits.stanzas_per_second") \
	X(LIMIT_BYTES,                   "limits.bytes_per_second") \
	X(LIMIT_UNSETTLED,               "limits.unsettled_stanzas") \
	X(LIMIT_UNSETTLED_BYTES,         "limits.unsettled_bytes") \
	X(LIMIT_WRITE_QUEUE,             "limits.write_queue_hard") \
	X(LIMIT_ACKS_STANZAS,            "acks.queue_stanzas") \
	X(LIMIT_ACKS_BYTES,              "acks.queue_bytes") \
	X(LIMIT_ACKS_ANSWER,             "acks.answer_time") \
	X(LIMIT_RESUME_TIME,             "acks.resume_time") \
	X(LIMIT_MEMORY,                  "limits.memory") \
	X(LIMIT_MAILBOX,                 "limits.mailbox") \
	X(LIMIT_STORE_PATIENCE,          "limits.store_patience") \
	X(LIMIT_LOGINS_PER_ADDRESS,      "limits.logins_per_minute") \
	X(LIMIT_LOGINS_PER_ACCOUNT,      "limits.logins_per_account") \
	X(LIMIT_LOGIN_ATTEMPTS,          "limits.login_attempts") \
	X(LIMIT_SOURCE_TIMEOUT,          "auth.source_timeout") \
	X(LIMIT_REGISTRATIONS,           "limits.registrations_per_hour") \
	X(LIMIT_ANONYMOUS,               "limits.anonymous") \
	X(LIMIT_RESOURCES,               "limits.resources") \
	X(LIMIT_STRANGERS,               "limits.strangers_per_hour") \
	X(LIMIT_SUBSCRIPTIONS,           "limits.subscriptions_per_hour") \
	X(LIMIT_ROSTER_ITEMS,            "limits.roster_items") \
	X(LIMIT_SUBSCRIPTION_REQUESTS,   "subscription.requests") \
	X(LIMIT_DIRECTED,                "presence.directed") \
	X(LIMIT_OFFLINE,                 "offline.limit") \
	X(LIMIT_OFFLINE_BYTES,           "offline.limit_bytes") \
	X(LIMIT_COMPONENT_IDLE,          "component.idle_time") \
	X(LIMIT_COMPONENT_STANZA_SIZE,   "component.stanza_size") \
	X(LIMIT_COMPONENT_STANZAS,       "component.stanzas_per_second") \
	X(LIMIT_COMPONENT_BYTES,         "component.bytes_per_second") \
	X(LIMIT_COMPONENT_UNSETTLED,     "component.unsettled_stanzas") \
	X(LIMIT_COMPONENT_UNSETTLED_BYTES, "component.unsettled_bytes") \
	X(LIMIT_COMPONENT_WRITE_QUEUE,   "component.write_queue") \
	X(LIMIT_COMPONENT_QUEUE,         "component.queue") \
	X(LIMIT_COMPONENT_QUEUE_BYTES,   "component.queue_bytes") \
	X(LIMIT_COMPONENT_QUEUE_TIME,    "component.queue_time") \
	X(LIMIT_CERTIFICATES,            "certificates.most") \
	X(LIMIT_CERTIFICATE_SIZE,        "certificates.size") \
	X(LIMIT_PRIVATE,                 "private.limit") \
	X(LIMIT_PRIVATE_BYTES,           "private.limit_bytes") \
	X(LIMIT_SEARCHES,                "search.per_hour")

#define LIMIT_NAME(name, setting) name,
enum limit { LIMITS(LIMIT_NAME) LIMIT_COUNT };
#undef LIMIT_NAME

void limit_reached(enum limit);              /* on a loop: counted at its home */
const char *limit_setting(enum limit);       /* its setting's name */
