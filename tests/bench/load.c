/* The load: many chat clients in one thread, and a clock.
 *
 *     load PORT talk  connections=100 senders=10 inflight=8 seconds=2
 *     load PORT pace  connections=10 rate=20 seconds=5
 *     load PORT shake connections=32 seconds=2
 *     load PORT hold  connections=1000
 *     load PORT storm connections=1000 rooms=20 missed=4 dialect=gochat.v1
 *
 * and, with any of them, dialect=gochat.v1 for that wire; the other is classic.
 *
 * Work goes in three steps, so that whoever started this program can look at the server between
 * them. It opens the connections and prints "ready"; it reads a line, works, and prints its
 * figures as one line of JSON, the connections still open; it reads another line, and ends.
 *
 *   talk   `senders` of the clients keep `inflight` lines each on the way: one that comes back
 *          is replaced by the next. After `seconds` they stop, and all that is under way is
 *          waited for.
 *   pace   one line after another, `rate` a second in all, from each client in turn.
 *   shake  `connections` at a time are opened, upgraded, closed with a close frame each way, and
 *          opened anew.
 *   hold   connections do nothing; pings are answered.
 *   storm  all come back at once. Before "ready" each client becomes a user, and learns the position
 *          of one of `rooms` rooms (of 1,000 clients in 20 rooms, 50 share each); then `missed` lines
 *          are said there, and nobody is connected any more. The line that is read then may name
 *          another port ("go 8082"), as the server may have been started anew. All connect, say
 *          who they are and join with `since`. When the last is live the figures are printed.
 *          Another line is read, all connections are closed without a word, figures are printed again.
 *
 * With `until=word`, `pace` ends when a line can be read, before its `seconds` are over.
 *
 * A connection is open when lines will reach it: with classic after the upgrade, with gochat.v1 when
 * the server has said `joined`. In gochat.v1 it talks in the room `room`, the lobby if none is named.
 *
 * Each line is LINE bytes and says who sent it, its number, and when. So every client checks that it
 * gets every line of every sender, once, in order, and the time it took is known. Lines are
 * counted, not frames: some servers join several with newlines in one frame.
 *
 * The program is bounded: in connections, in frame size, and in time, by an alarm.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE = 64,                 /* bytes in a line */
    HEAD = 29,                 /* of them say kind, sender, number and time */
    FRAMING = 8,               /* bytes that a client's frame is longer than its payload */
    MOST_CONNECTIONS = 30000,
    MOST_FRAME = 1 << 20,      /* a larger one is not what we asked for */
    HANDSHAKES_AT_ONCE = 64,   /* while opening; under any sensible listen backlog */
    STORM_AT_ONCE = 512,       /* connections that a storm has not yet got upgraded */
    EVENTS = 1024,
    CONTINUATION = 0x0, TEXT = 0x1, CLOSE = 0x8, PING = 0x9, PONG = 0xA, /* RFC 6455, 5.2 */
    FINAL = 0x80,
};

static const int64_t SECOND = 1000000000;
static const int64_t QUIET = 2 * SECOND; /* nothing came for so long: nothing will */

enum state { NEW, CONNECTING, UPGRADING, ENTERING, OPEN, CLOSING, GONE };

struct connection {
    int fd;
    enum state state;
    bool probed;          /* a probe reached it: the server has registered it */
    bool watches_out;     /* EPOLLOUT is asked for */
    uint32_t sent;        /* lines */
    uint32_t due;         /* own lines that came back and are to be replaced */
    uint64_t lines;       /* received */
    uint32_t *next;       /* for each sender, the number its next line must have */
    char *in, *out;       /* a frame not whole yet; bytes the kernel did not take */
    char *parts;          /* the fragments so far of a message not whole yet */
    size_t in_length, out_length, parts_length;
};

enum answer { NOT_YET, IN, NO };

/* What gochat.v1 clients are there for: to talk; to become users, and go; to come back. */
enum purpose { TALKING, REGISTERING, RETURNING };

/* Who a gochat.v1 client is, whatever connection it has. */
struct user {
    unsigned number; /* in its nick */
    char token[96];  /* empty before it is known */
};

/* What is known of a room by those who were there. */
struct position {
    char epoch[40];
    uint64_t seq;
};

/* What a client says in a wire, so that another wire needs no other program. */
struct dialect {
    const char *name;
    const char *subprotocol; /* what the upgrade asks for, or NULL */
    /* Writes the frames to be said after the upgrade; and whether a message that came answers
     * them. Both NULL where the upgrade is enough. */
    size_t (*opening)(const struct connection *c, char *to, size_t room);
    enum answer (*entered)(const struct connection *c, const char *payload, size_t length);
    /* Puts a line into a message. */
    size_t (*message)(const struct connection *c, char *to, size_t room, const char *line);
    /* Where the lines stand in a message that came, one byte between them, and how many there are;
     * none is no fault. NULL if it is nothing that should come. */
    const char *(*lines)(const char *payload, size_t length, size_t *count);
};

static struct {
    int port, connections, senders, inflight, rate, rooms, missed;
    bool since;      /* a storm's clients say what they have */
    bool until_word; /* the work may be ended by a line */
    int64_t length; /* of the work, in nanoseconds */
    const char *room;
    const struct dialect *dialect;
} work = {.senders = 1, .inflight = 1, .rate = 20, .rooms = 1, .missed = 4, .since = true,
          .length = 2 * SECOND, .room = "lobby"};

static struct connection *all;
static struct user *users;         /* one for each connection */
static struct position *positions; /* one for each room of a storm */
static enum purpose purpose;
static int shaking;                /* connections that are not upgraded yet */
static int epoll_fd;
static int open_now, dropped, unreachable;
static uint64_t lines, frames, lost, repeated, garbled, shaken, tried_again, received;
static int64_t last_line;   /* when it came */
static bool talking;        /* lines that come back are replaced */
static char buffer[2 * MOST_FRAME];

/* ---- words ------------------------------------------------------------------------------ */

static void fail(const char *what)
{
    fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

static void put_hex(char *to, uint64_t value, int digits)
{
    while (digits--) {
        to[digits] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

static bool get_hex(const char *from, int digits, uint64_t *value)
{
    uint64_t sum = 0;
    for (int i = 0; i < digits; i++) {
        char c = from[i];
        if (c >= '0' && c <= '9')
            sum = sum << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            sum = sum << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *value = sum;
    return true;
}

static bool holds(const char *bytes, size_t count, const char *words)
{
    return memmem(bytes, count, words, strlen(words));
}

/* ---- latencies: a histogram whose buckets are 1/128 of their value wide ----------------- */

enum { FINE = 7, BUCKETS = (64 - FINE) << FINE };
static uint64_t histogram[BUCKETS];
static int64_t slowest;

static void note_latency(int64_t nanoseconds)
{
    uint64_t n = nanoseconds < 0 ? 0 : (uint64_t)nanoseconds;
    int shift = n >> FINE ? 63 - __builtin_clzll(n) - FINE : 0;
    histogram[((size_t)shift << FINE) + (n >> shift)]++;
    if (nanoseconds > slowest)
        slowest = nanoseconds;
}

static double latency_microseconds(double share)
{
    uint64_t wanted = (uint64_t)(share * (double)lines), seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen > wanted) {
            /* The first 2 << FINE buckets are exact; then each octave has 1 << FINE of them. */
            size_t shift = i < (2 << FINE) ? 0 : (i >> FINE) - 1;
            size_t value = i - (shift << FINE);
            return (double)(value << shift) / 1000.0;
        }
    }
    return (double)slowest / 1000.0;
}

/* Writes a client's frame (masked, RFC 6455, 5.2 and 5.3) of a payload of at most 65,535 bytes, which
 * takes at most FRAMING bytes more. */
static size_t frame(char *to, int opcode, const char *payload, size_t length)
{
    static uint32_t state = 2463534242u; /* xorshift32: a mask need not be secret here */
    size_t used = 2;
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    to[0] = (char)(FINAL | opcode);
    to[1] = (char)(0x80 | (length < 126 ? length : 126));
    if (length >= 126) {
        to[used++] = (char)(length >> 8);
        to[used++] = (char)length;
    }
    const char *mask = to + used;
    memcpy(to + used, &state, 4);
    used += 4;
    for (size_t i = 0; i < length; i++)
        to[used + i] = payload[i] ^ mask[i & 3];
    return used + length;
}

/* ---- the classic dialect: a line is a message ------------------------------------------- */

static size_t classic_message(const struct connection *c, char *to, size_t room, const char *line)
{
    (void)c, (void)room;
    memcpy(to, line, LINE);
    return LINE;
}

static const char *classic_lines(const char *payload, size_t length, size_t *count)
{
    if ((length + 1) % (LINE + 1))
        return NULL;
    *count = (length + 1) / (LINE + 1);
    return payload;
}

/* ---- gochat.v1: a line is the text of a message (docs/protocol.md, 2) ------------------- */

/* JSON is not parsed: a line needs no escapes, so it stands in its message as it is. */

/* Writes the name of the room that a client is in. */
static void v1_room(const struct connection *c, char to[32])
{
    if (positions)
        snprintf(to, 32, "storm-%d", (int)((c - all) % work.rooms));
    else
        snprintf(to, 32, "%s", work.room);
}

static size_t v1_opening(const struct connection *c, char *to, size_t room)
{
    /* A nick stays its user's, so each is new, in a second run with the same server too; and one
     * that has no token yet is somebody else with each connection. */
    static unsigned turn;
    static unsigned long long began;
    struct user *user = &users[c - all];
    char message[512], name[32];
    if (!began)
        began = (unsigned long long)time(NULL);
    if (!*user->token)
        user->number = turn++;
    int length = snprintf(message, sizeof message,
        "{\"type\":\"hello\",\"nick\":\"load-%llx-%x-%x\",\"client\":\"load.c\",\"id\":\"1\"%s%s%s}", began,
        (unsigned)getpid(), user->number, *user->token ? ",\"token\":\"" : "", user->token,
        *user->token ? "\"" : "");
    (void)room; /* a few hundred bytes are plenty */
    size_t used = frame(to, TEXT, message, (size_t)length);
    if (purpose == REGISTERING)
        return used;
    v1_room(c, name);
    length = snprintf(message, sizeof message, "{\"type\":\"join\",\"room\":\"%s\",\"id\":\"2\"", name);
    if (purpose == RETURNING && work.since) {
        const struct position *position = &positions[(c - all) % work.rooms];
        length += snprintf(message + length, sizeof message - (size_t)length,
            ",\"since\":{\"epoch\":\"%s\",\"seq\":%" PRIu64 "}", position->epoch, position->seq);
    }
    message[length++] = '}';
    return used + frame(to + used, TEXT, message, (size_t)length);
}

/* Copies what stands between `before` and the next quotation mark; whether it was there. */
static bool v1_string(const char *payload, size_t length, const char *before, char *to, size_t room)
{
    const char *from = memmem(payload, length, before, strlen(before));
    if (!from)
        return false;
    from += strlen(before);
    const char *end = memchr(from, '"', (size_t)(payload + length - from));
    if (!end || (size_t)(end - from) >= room)
        return false;
    memcpy(to, from, (size_t)(end - from));
    to[end - from] = '\0';
    return true;
}

static bool v1_position(const char *payload, size_t length, struct position *position)
{
    static const char before[] = "\"seq\":";
    const char *from = memmem(payload, length, before, sizeof before - 1);
    if (!from || !v1_string(payload, length, "\"epoch\":\"", position->epoch, sizeof position->epoch))
        return false;
    position->seq = strtoull(from + sizeof before - 1, NULL, 10); /* a comma follows */
    return true;
}

/* Whether somebody who came back was given all that was missed, and no more. */
static bool v1_recovered(const char *payload, size_t length)
{
    static const char before[] = "\"text\":\"";
    int given = 0;
    const char *end = payload + length;
    while ((payload = memmem(payload, (size_t)(end - payload), before, sizeof before - 1))) {
        payload += sizeof before - 1;
        given++;
    }
    return given == work.missed;
}

static enum answer v1_entered(const struct connection *c, const char *payload, size_t length)
{
    if (holds(payload, length, "\"type\":\"error\""))
        return NO;
    if (purpose == REGISTERING)
        return v1_string(payload, length, "\"token\":\"", users[c - all].token,
                         sizeof users->token)
                   ? IN
                   : NOT_YET;
    if (!holds(payload, length, "\"type\":\"joined\""))
        return NOT_YET;
    if (purpose == TALKING && positions
        && !v1_position(payload, length, &positions[(c - all) % work.rooms]))
        return NO;
    if (purpose == RETURNING && work.since
        && !(holds(payload, length, "\"recovered\":true") && v1_recovered(payload, length)))
        garbled++;
    return IN;
}

static size_t v1_message(const struct connection *c, char *to, size_t room, const char *line)
{
    char name[32];
    v1_room(c, name);
    /* What the line begins with, kind, sender, number and time, comes only once: it is the id. */
    return (size_t)snprintf(to, room,
        "{\"type\":\"send\",\"room\":\"%s\",\"id\":\"%.*s\",\"text\":\"%.*s\"}", name, HEAD, line, LINE, line);
}

static const char *v1_lines(const char *payload, size_t length, size_t *count)
{
    static const char before[] = "\"text\":\"";
    const char *text = memmem(payload, length, before, sizeof before - 1);
    *count = 0;
    if (!text) /* presence and the like; a refusal should not come */
        return holds(payload, length, "\"type\":\"error\"") ? NULL : payload;
    text += sizeof before - 1;
    if (payload + length - text <= LINE || text[LINE] != '"'
        || !holds(payload, length, "\"type\":\"message\""))
        return NULL;
    *count = 1;
    return text;
}

static const struct dialect DIALECTS[] = {
    {"classic", NULL, NULL, NULL, classic_message, classic_lines},
    {"gochat.v1", "gochat.v1", v1_opening, v1_entered, v1_message, v1_lines},
};

static const struct dialect *dialect_named(const char *name)
{
    for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++)
        if (!strcmp(name, DIALECTS[i].name))
            return &DIALECTS[i];
    fail("the dialects are classic and gochat.v1");
    return NULL;
}

/* ---- sockets ---------------------------------------------------------------------------- */

static void watch(struct connection *c, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll_fd, how, c->fd, &event) < 0)
        fail("epoll_ctl");
}

static void finish(struct connection *c)
{
    if (c->state == OPEN)
        open_now--;
    if (c->state == CONNECTING || c->state == UPGRADING)
        shaking--;
    close(c->fd); /* which epoll notices */
    free(c->in), free(c->out), free(c->parts);
    c->in = c->out = c->parts = NULL;
    c->in_length = c->out_length = c->parts_length = 0;
    c->watches_out = false;
    c->state = GONE;
}

/* The server ended a connection that did nothing wrong, or would not begin it. */
static void drop(struct connection *c)
{
    if (c->state == OPEN)
        dropped++;
    else
        unreachable++;
    finish(c);
}

static void keep(char **kept, size_t *length, const char *bytes, size_t count)
{
    char *grown = realloc(*kept, *length + count);
    if (!grown)
        fail("memory");
    memcpy(grown + *length, bytes, count);
    *kept = grown;
    *length += count;
}

static void transmit(struct connection *c, const char *bytes, size_t count)
{
    if (!c->out_length) {
        ssize_t n = send(c->fd, bytes, count, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return; /* the same error is met by the next read, which drops it */
        if (n > 0)
            bytes += n, count -= (size_t)n;
        if (!count)
            return;
    }
    keep(&c->out, &c->out_length, bytes, count);
    if (!c->watches_out)
        watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    c->watches_out = true;
}

static void transmit_rest(struct connection *c)
{
    char *bytes = c->out;
    size_t count = c->out_length;
    c->out = NULL, c->out_length = 0, c->watches_out = false;
    watch(c, EPOLLIN, EPOLL_CTL_MOD);
    transmit(c, bytes, count);
    free(bytes);
}

static void say(struct connection *c, char kind, uint32_t count)
{
    char bytes[4096];
    size_t used = 0;
    char line[LINE], message[256];
    memset(line, '.', LINE);
    line[0] = kind;
    put_hex(line + 1, (uint64_t)(c - all), 4);
    while (count--) {
        put_hex(line + 5, kind == 'P' ? 0 : c->sent++, 8);
        put_hex(line + 13, (uint64_t)now(), 16);
        size_t length = work.dialect->message(c, message, sizeof message, line);
        used += frame(bytes + used, TEXT, message, length);
        if (used > sizeof bytes - sizeof message - FRAMING || !count) {
            transmit(c, bytes, used);
            used = 0;
        }
    }
}

/* ---- what comes ------------------------------------------------------------------------- */

static void take_line(struct connection *c, const char *line, int64_t at)
{
    uint64_t sender, number, sent_at;
    if (line[0] == 'P') {
        c->probed = true;
        return;
    }
    if (line[0] == 'M') { /* said for those who will come back */
        c->lines++;
        return;
    }
    if (line[0] != 'L' || !get_hex(line + 1, 4, &sender) || !get_hex(line + 5, 8, &number)
        || !get_hex(line + 13, 16, &sent_at) || sender >= (uint64_t)work.senders) {
        garbled++;
        return;
    }
    if (number < c->next[sender]) {
        repeated++;
        return;
    }
    lost += number - c->next[sender];
    c->next[sender] = (uint32_t)number + 1;
    c->lines++, lines++;
    last_line = at;
    note_latency(at - (int64_t)sent_at);
    if (c - all == (ptrdiff_t)sender)
        c->due++;
}

static void open_up(struct connection *c)
{
    c->state = OPEN;
    open_now++;
}

/* Returns false when the server will not let us in. */
static bool take_message(struct connection *c, const char *payload, size_t length, int64_t at)
{
    if (c->state == ENTERING) {
        enum answer answer = work.dialect->entered(c, payload, length);
        if (answer == IN)
            open_up(c);
        return answer != NO;
    }
    size_t count;
    const char *line = work.dialect->lines(payload, length, &count);
    if (!line) {
        garbled++;
        return true;
    }
    for (size_t i = 0; i < count; i++)
        take_line(c, line + i * (LINE + 1), at);
    return true;
}

/* A frame of a text message; large ones may come in several (gorilla's do, from its write buffer
 * of 1,024 bytes up). */
static bool take_part(struct connection *c, bool final, const char *payload, size_t length, int64_t at)
{
    frames++;
    if (final && !c->parts_length)
        return take_message(c, payload, length, at);
    if (c->parts_length + length > MOST_FRAME) {
        garbled++;
        return false;
    }
    keep(&c->parts, &c->parts_length, payload, length);
    bool goes_on = true;
    if (final) {
        goes_on = take_message(c, c->parts, c->parts_length, at);
        free(c->parts);
        c->parts = NULL, c->parts_length = 0;
    }
    return goes_on;
}

/* Takes one frame of a server. Returns false when it ends the connection. */
static bool take_frame(struct connection *c, int head, const char *payload, size_t length, int64_t at)
{
    char answer[131];
    switch (head & 0xf) {
    case CONTINUATION:
    case TEXT:
        return take_part(c, head & FINAL, payload, length, at);
    case PING:
        transmit(c, answer, frame(answer, PONG, payload, length <= 125 ? length : 0));
        return true;
    case CLOSE:
        return false;
    default:
        return true;
    }
}

/* Takes all whole frames; returns how many bytes they were, or -1 at the connection's end. */
static ssize_t take_frames(struct connection *c, const unsigned char *bytes, size_t count, int64_t at)
{
    size_t done = 0;
    while (count - done >= 2) {
        const unsigned char *head = bytes + done;
        uint64_t length = head[1] & 0x7f;
        size_t start = 2;
        if (length == 126) {
            start = 4;
            if (count - done < start)
                break;
            length = (uint64_t)head[2] << 8 | head[3];
        } else if (length == 127) {
            start = 10;
            if (count - done < start)
                break;
            for (length = 0, start = 2; start < 10; start++)
                length = length << 8 | head[start];
        }
        if (length > MOST_FRAME || head[1] & 0x80 || head[0] & 0x70) {
            garbled++; /* too large, masked, or of an extension nobody asked for */
            return -1;
        }
        if (count - done - start < length)
            break;
        if (!take_frame(c, head[0], (const char *)head + start, length, at))
            return -1;
        done += start + length;
    }
    return (ssize_t)done;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void start(struct connection *c)
{
    /* Ports of one address would run out while the system remembers closed ones, so several take
     * turns. Which port it is, connect() decides. */
    static unsigned turn;
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)work.port)};
    int yes = 1;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % 16);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        fail("socket");
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0)
        fail("bind");
    c->state = CONNECTING;
    shaking++;
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        fail("connect");
    watch(c, EPOLLOUT, EPOLL_CTL_ADD);
}

static void ask_upgrade(struct connection *c)
{
    /* The key of RFC 6455, 1.3, whose answer is known, so that no SHA-1 is needed to check it. */
    char request[512];
    const char *subprotocol = work.dialect->subprotocol;
    int length = snprintf(request, sizeof request,
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
        work.port, subprotocol ? "Sec-WebSocket-Protocol: " : "", subprotocol ? subprotocol : "",
        subprotocol ? "\r\n" : "");
    c->state = UPGRADING;
    watch(c, EPOLLIN, EPOLL_CTL_MOD);
    transmit(c, request, (size_t)length);
}

/* Returns the length of the server's answer, 0 when it is not whole yet, -1 when it is a no. */
static ssize_t take_upgrade(struct connection *c, const char *bytes, size_t count)
{
    const char *end = memmem(bytes, count, "\r\n\r\n", 4);
    if (!end)
        return count > 8192 ? -1 : 0;
    size_t length = (size_t)(end + 4 - bytes);
    if (strncmp(bytes, "HTTP/1.1 101", 12)
        || !holds(bytes, length, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        return -1;
    if (!work.dialect->opening) {
        shaking--;
        open_up(c);
        return (ssize_t)length;
    }
    if (!holds(bytes, length, work.dialect->subprotocol))
        return -1;
    char opening[1200];
    shaking--;
    c->state = ENTERING;
    transmit(c, opening, work.dialect->opening(c, opening, sizeof opening));
    return (ssize_t)length;
}

/* ---- one event of one connection -------------------------------------------------------- */

static void read_ready(struct connection *c)
{
    size_t had = c->in_length;
    if (had) {
        memcpy(buffer, c->in, had);
        free(c->in);
        c->in = NULL, c->in_length = 0;
    }
    ssize_t got = recv(c->fd, buffer + had, sizeof buffer - had, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        got = 0;
    else if (got <= 0) {
        drop(c);
        return;
    }
    received += (uint64_t)got;
    size_t count = had + (size_t)got, done = 0;
    if (c->state == UPGRADING) {
        ssize_t length = take_upgrade(c, buffer, count);
        if (length < 0) {
            drop(c);
            return;
        }
        done = (size_t)length;
    }
    if (c->state != UPGRADING) {
        ssize_t taken = take_frames(c, (unsigned char *)buffer + done, count - done, now());
        if (taken < 0) {
            if (c->state == CLOSING) {
                shaken++;
                finish(c);
            } else
                drop(c);
            return;
        }
        done += (size_t)taken;
    }
    if (count > done)
        keep(&c->in, &c->in_length, buffer + done, count - done);
    if (c->due && talking) {
        uint32_t due = c->due;
        c->due = 0;
        say(c, 'L', due);
    }
}

static void handle(struct connection *c, uint32_t events)
{
    if (c->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error)
            drop(c);
        else
            ask_upgrade(c);
        return;
    }
    if (events & EPOLLOUT && c->watches_out)
        transmit_rest(c);
    if (events & ~(uint32_t)EPOLLOUT)
        read_ready(c);
}

/* Handles what has come, waiting at most so long. Returns true if a line can be read from standard
 * input (data.ptr is NULL for it), or the timer rang, which is watched in the same way. */
static bool turn(int milliseconds)
{
    struct epoll_event events[EVENTS];
    bool called = false;
    int n = epoll_wait(epoll_fd, events, EVENTS, milliseconds);
    for (int i = 0; i < n; i++) {
        struct connection *c = events[i].data.ptr;
        if (!c)
            called = true;
        else if (c->state != GONE)
            handle(c, events[i].events);
    }
    return called;
}

static void listen_to(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl");
}

/* Serves the connections until whoever started us says a line, which may name the port. */
static void wait_for_word(void)
{
    char word[64] = "";
    listen_to(STDIN_FILENO);
    while (!turn(-1))
        ;
    if (read(STDIN_FILENO, word, sizeof word - 1) <= 0)
        exit(0); /* it is gone, and so is the work */
    sscanf(word, "go %d", &work.port);
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

/* Takes a line if one is there. */
static bool word_came(void)
{
    char word[64];
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, 0) <= 0)
        return false;
    if (read(STDIN_FILENO, word, sizeof word) <= 0)
        exit(0);
    return true;
}

/* ---- the works -------------------------------------------------------------------------- */

static void open_all(void)
{
    int begun = 0;
    while (open_now + unreachable + dropped < work.connections) {
        while (begun < work.connections
               && begun - open_now - unreachable - dropped < HANDSHAKES_AT_ONCE)
            start(&all[begun++]);
        turn(1000);
        if (unreachable > 20)
            break; /* it takes no more: the figures are of those that are open */
    }
}

/* A server may register a connection some time after it has answered the upgrade. So lines that
 * do not count are sent until everybody has had one. */
static void probe(void)
{
    for (int tries = 0; tries < 100; tries++) {
        bool missing = false;
        for (int i = 0; i < work.connections; i++)
            missing |= all[i].state == OPEN && !all[i].probed;
        if (!missing)
            return;
        if (all[0].state == OPEN)
            say(&all[0], 'P', 1);
        for (int64_t until = now() + SECOND / 10; now() < until;)
            turn(20);
    }
}

static bool all_arrived(void)
{
    uint64_t expected = 0;
    for (int s = 0; s < work.senders; s++)
        expected += all[s].sent;
    for (int i = 0; i < work.connections; i++)
        if (all[i].state == OPEN && all[i].lines < expected)
            return false;
    return true;
}

/* Adds what never came. Of a sender that was dropped nobody knows what the server took: its lines
 * are those that reached anybody. */
static void count_lost(void)
{
    for (int s = 0; s < work.senders; s++) {
        uint32_t said = all[s].state == OPEN ? all[s].sent : 0;
        for (int i = 0; i < work.connections; i++)
            if (all[i].next[s] > said)
                said = all[i].next[s];
        for (int i = 0; i < work.connections; i++)
            if (all[i].state == OPEN)
                lost += said - all[i].next[s];
    }
}

static void wait_for_the_rest(void)
{
    int64_t since = now();
    while (!all_arrived() && now() - (last_line > since ? last_line : since) < QUIET)
        turn(50);
    count_lost();
}

static bool a_sender_is_left(void)
{
    for (int s = 0; s < work.senders; s++)
        if (all[s].state == OPEN)
            return true;
    return false;
}

static void talk(void)
{
    int64_t end = now() + work.length;
    talking = true;
    for (int s = 0; s < work.senders; s++)
        if (all[s].state == OPEN)
            say(&all[s], 'L', (uint32_t)work.inflight);
    while (now() < end && a_sender_is_left()
           && (!last_line || now() - last_line < 5 * SECOND))
        turn(100);
    talking = false;
    wait_for_the_rest();
}

static void pace(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int64_t every = SECOND / work.rate;
    struct itimerspec beat = {
        .it_interval = {every / SECOND, every % SECOND}, .it_value = {every / SECOND, every % SECOND}};
    if (timer < 0 || timerfd_settime(timer, 0, &beat, NULL) < 0)
        fail("timerfd");
    listen_to(timer);
    uint64_t rings, sent = 0;
    for (int64_t end = now() + work.length;
         now() < end && a_sender_is_left() && !(work.until_word && word_came());)
        if (turn(1000) && read(timer, &rings, sizeof rings) > 0) {
            struct connection *c = &all[sent++ % (uint64_t)work.senders];
            if (c->state == OPEN)
                say(c, 'L', 1);
        }
    close(timer);
    wait_for_the_rest();
}

/* Begins to close a connection properly, with a close frame each way. */
static void say_goodbye(struct connection *c)
{
    static const char normal[2] = {0x03, (char)0xe8}; /* 1000, RFC 6455, 7.4.1 */
    char bytes[16];
    open_now--;
    c->state = CLOSING;
    transmit(c, bytes, frame(bytes, CLOSE, normal, sizeof normal));
}

static void shake(void)
{
    int64_t end = now() + work.length;
    bool going = true;
    int busy = 1;
    while (going || busy) {
        going = going && now() < end && unreachable < 100;
        busy = 0;
        for (int i = 0; i < work.connections; i++) {
            struct connection *c = &all[i];
            if (c->state == OPEN)
                say_goodbye(c);
            if ((c->state == GONE || c->state == NEW) && going)
                start(c);
            busy += c->state != GONE && c->state != NEW;
        }
        if (busy)
            turn(100);
        if (now() > end + QUIET)
            break;
    }
    dropped = busy; /* never got to the end */
}

/* ---- a storm ---------------------------------------------------------------------------- */

/* Opens the first `count` connections, some at a time; each says `said` lines and is closed when
 * they have come back. */
static void visit(int count, int said)
{
    int begun = 0, present = 0;
    do {
        for (; begun < count && present < HANDSHAKES_AT_ONCE; present++)
            start(&all[begun++]);
        turn(1000);
        present = 0;
        for (int i = 0; i < begun; i++) {
            struct connection *c = &all[i];
            if (c->state == OPEN && c->sent < (uint32_t)said)
                say(c, 'M', (uint32_t)said);
            if (c->state == OPEN && c->lines >= (uint64_t)said)
                say_goodbye(c);
            present += c->state != GONE;
        }
        if (unreachable)
            fail("the server does not let everybody in");
    } while (present || begun < count);
}

/* Makes everybody a user, and lets somebody in each room talk who knows where the others were. */
static void prepare_storm(void)
{
    purpose = REGISTERING;
    visit(work.connections, 0);
    purpose = TALKING;
    visit(work.rooms, work.missed);
    purpose = RETURNING;
}

/* Everybody comes at once. Who is turned away comes again within a second, as clients do. */
static void come_back(void)
{
    int begun = 0;
    int64_t end = now() + work.length, look = now() + SECOND;
    while (open_now < work.connections && now() < end) {
        while (begun < work.connections && shaking < STORM_AT_ONCE)
            start(&all[begun++]);
        turn(100);
        if (now() < look)
            continue;
        look += SECOND;
        for (int i = 0; i < begun && shaking < STORM_AT_ONCE; i++)
            if (all[i].state == GONE) {
                tried_again++;
                start(&all[i]);
            }
    }
}

/* Everybody is gone without a word. */
static void leave(void)
{
    for (int i = 0; i < work.connections; i++)
        if (all[i].state != GONE && all[i].state != NEW)
            finish(&all[i]);
}

/* ---- the program ------------------------------------------------------------------------ */

static void report(double elapsed, bool shakes)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    uint64_t sent = 0;
    for (int s = 0; s < work.senders; s++)
        sent += all[s].sent;
    printf("{\"asked\": %d, \"open\": %d, \"dropped\": %d, \"unreachable\": %d, \"elapsed\": %.6f, \"sent\": %" PRIu64
           ", \"deliveries\": %" PRIu64 ", \"frames\": %" PRIu64 ", \"lost\": %" PRIu64
           ", \"repeated\": %" PRIu64 ", \"garbled\": %" PRIu64 ", \"handshakes\": %" PRIu64
           ", \"tried_again\": %" PRIu64 ", \"received\": %" PRIu64
           ", \"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f, \"load_cpu\": %.6f}\n",
           shakes ? 0 : work.connections, open_now, dropped, unreachable, elapsed, sent, lines, frames, lost, repeated, garbled, shaken, tried_again, received,
           latency_microseconds(0.5), latency_microseconds(0.99), (double)slowest / 1000.0,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
               + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    fflush(stdout);
}

static void read_options(int count, char **options)
{
    work.dialect = &DIALECTS[0];
    for (int i = 0; i < count; i++) {
        char *value = strchr(options[i], '=');
        if (!value)
            fail("options are NAME=VALUE");
        *value++ = '\0';
        const char *name = options[i];
        if (!strcmp(name, "connections"))
            work.connections = atoi(value);
        else if (!strcmp(name, "senders"))
            work.senders = atoi(value);
        else if (!strcmp(name, "inflight"))
            work.inflight = atoi(value);
        else if (!strcmp(name, "rate"))
            work.rate = atoi(value);
        else if (!strcmp(name, "seconds"))
            work.length = (int64_t)(atof(value) * (double)SECOND);
        else if (!strcmp(name, "dialect"))
            work.dialect = dialect_named(value);
        else if (!strcmp(name, "rooms"))
            work.rooms = atoi(value);
        else if (!strcmp(name, "missed"))
            work.missed = atoi(value);
        else if (!strcmp(name, "since"))
            work.since = atoi(value);
        else if (!strcmp(name, "room"))
            work.room = value;
        else if (!strcmp(name, "until"))
            work.until_word = !strcmp(value, "word");
        else
            fail("the options are connections, senders, inflight, rate, seconds, dialect, room, until,"
                 " rooms, missed and since");
    }
    if (work.connections < 1 || work.connections > MOST_CONNECTIONS || work.senders < 1
        || work.senders > work.connections || work.inflight < 1 || work.inflight > 100000
        || work.rooms < 1 || work.rooms > work.connections || work.rooms > HANDSHAKES_AT_ONCE
        || work.missed < 0 || work.missed > 1000 || work.rate < 1 || work.length < 0 || work.length > 600 * SECOND)
        fail("an option is out of range");
}

int main(int count, char **arguments)
{
    if (count < 3)
        fail("usage: load PORT talk|pace|shake|hold|storm NAME=VALUE...");
    const char *name = arguments[2];
    work.port = atoi(arguments[1]);
    read_options(count - 3, arguments + 3);
    if (!strcmp(name, "pace"))
        work.senders = work.connections;
    alarm((unsigned)(work.length / SECOND) + 120);

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    all = calloc((size_t)work.connections, sizeof *all);
    users = calloc((size_t)work.connections, sizeof *users);
    uint32_t *next = calloc((size_t)work.connections * (size_t)work.senders, sizeof *next);
    if (epoll_fd < 0 || !all || !users || !next)
        fail("memory");
    for (int i = 0; i < work.connections; i++)
        all[i].next = next + (size_t)i * (size_t)work.senders;

    bool shakes = !strcmp(name, "shake"), holds = !strcmp(name, "hold");
    bool storms = !strcmp(name, "storm");
    if (storms) {
        if (!work.dialect->opening)
            fail("only gochat.v1 has rooms to come back to");
        positions = calloc((size_t)work.rooms, sizeof *positions);
        if (!positions)
            fail("memory");
        alarm(600);
        prepare_storm();
    } else if (!shakes)
        open_all();
    if (!shakes && !holds && !storms)
        probe();
    puts("ready");
    fflush(stdout);
    wait_for_word();

    frames = 0, received = 0; /* those of the probes */
    int64_t begun = now();
    if (shakes)
        shake();
    else if (!strcmp(name, "talk"))
        talk();
    else if (!strcmp(name, "pace"))
        pace();
    else if (storms) {
        come_back();
        report((double)(now() - begun) / (double)SECOND, false);
        wait_for_word();
        begun = now();
        received = 0;
        leave();
    } else if (!holds)
        fail("the works are talk, pace, shake, hold and storm");
    report((double)((last_line ? last_line : now()) - begun) / (double)SECOND, shakes);
    wait_for_word();
    return 0;
}
