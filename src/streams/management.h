/*
 * Management: XEP-0198 on a client's stream, but for the queue itself (acks.h)
 * and for sessions without a connection (hibernate.h).
 */
#pragma once
#include "streams/c2s.h"

/* §3: switches it on as <enable/> asks: <enabled/> or <failed/>, to be said. */
struct xml *management_enable(struct c2s *, struct arena *, const struct xml *enable);
/* An element of XEP-0198: on a stream that is bound, or that could be. */
void management_element(struct c2s *, const struct xml *);
void management_negotiate(struct c2s *, const struct xml *);

/* Acknowledgements are on from here, for whoever was asked in whatever words (§3, and inline §9.1): <enabled/>, or <failed/>. */
struct xml *management_enable(struct c2s *, struct arena *, const struct xml *enable);
/*
 * Resumption, for whoever was asked in whatever words (XEP-0198 §5, and inline §9.2). The stream reads nothing until its outcome is
 * told, once: `answer` is <resumed/> or <failed/>, in an arena that ends behind the call. With <resumed/> the session is the
 * stream's own, and what its client missed is written behind what the call writes. An h that is too high ends the stream instead.
 */
typedef void management_told(struct c2s *, struct arena *, struct xml *answer, bool is_resumed);
void management_resume(struct c2s *, const struct xml *resume, management_told *);

/* Its connection is lost: if its session may be resumed, that hibernates, and the stream has none any more. */
void management_hibernate(struct c2s *, const char *why);
void management_leave(struct c2s *);                 /* the stream is over while it waits for its session */
