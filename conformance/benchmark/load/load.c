/*
 * The load generator: many clients of one scache in one thread.
 *
 *   load SOCKET
 *
 * Commands come in on standard input, one a line; each is answered with one line on standard output:
 *
 *   preload COUNT      save COUNT destination+endpoint pairs; their sessions stay open at this end    -> {}
 *   open CLIENTS       connect CLIENTS clients and take each through one iteration                    -> {}
 *   run SECONDS        all clients iterate for that long                                              -> {"requests": ...}
 *   close              close the clients                                                              -> {}
 *
 * An iteration is what smtp(8) sends for one mail, four requests: save_dest, save_endp, find_dest (a hit), find_endp
 * (a miss). As smtp(8) does, a client writes the last dummy of a hit and its next request right after each other, in two
 * writes. Every answer is compared with what it must be; anything else ends the program with status 1 and one line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TTL "1000000" /* seconds; the daemon's limit is set as high, so that nothing expires while it is measured */
#define ANNOUNCEMENT "protocol\0connection_cache_protocol\0"
#define DUMMY "dummy\0\0"
#define OK "status\0000\0"
#define MISS "status\0002\0property\0\0"
#define LIST(literal) (literal), sizeof(literal) /* the literal's own NUL is the NUL that ends the list */

enum { MESSAGE_MAX = 1024, EVENTS_MAX = 64 };

/* What a client does next: what it writes, and the answer it waits for. */
enum step { SAVE_DEST, SAVE_ENDP, SESSION_OUT, FIND_DEST, SESSION_IN, FIND_ENDP, STEPS };

static const char *const step_names[STEPS] = {"save_dest", "save_endp",        "save_endp's descriptor",
                                              "find_dest", "find_dest's descriptor", "find_endp"};

struct bytes {
    char data[MESSAGE_MAX];
    size_t length;
};

struct client {
    int connection;
    int session; /* what it saves: one end of a socket pair */
    int remote;  /* the other end, open so that the session stays good */
    enum step step;
    struct bytes requests[STEPS];
    struct bytes hit; /* the answer to its find_dest */
    uint64_t asked;   /* nanoseconds: when the request under way was sent */
};

struct latencies {
    uint32_t *nanoseconds;
    size_t count, room;
};

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static uint64_t nanoseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

/* append - one attribute, or with name and value both 0 the end of the list */
static void append(struct bytes *message, const char *name, const char *value)
{
    size_t room = MESSAGE_MAX - message->length;
    char *end = message->data + message->length;
    int length = name ? snprintf(end, room, "%s%c%s", name, 0, value) : 0;

    if ((size_t) length + 1 >= room)
        fail("a message is longer than %d bytes", MESSAGE_MAX);
    end[length] = 0;
    message->length += (size_t) length + 1;
}

/* compose - the messages of the client, or of the preloaded pair, with this number; shaped like those of smtp(8) */
static void compose(struct client *client, const char *family, int number)
{
    char dest_label[64], endp_label[64], missing[64], dest_prop[256], endp_prop[256];
    struct bytes *request = client->requests;

    snprintf(dest_label, sizeof(dest_label), "smtp\n[%s%d.example]:25\n", family, number);
    snprintf(endp_label, sizeof(endp_label), "smtp\n%s%d\n25\n0\n", family, number);
    snprintf(missing, sizeof(missing), "smtp\n%s%d.absent\n25\n0\n", family, number);
    snprintf(dest_prop, sizeof(dest_prop),
             "destination=%s%d.example\nhost_name=mx.%s%d.example\nhost_addr=127.0.0.3\ndestination_features=0\n\n",
             family, number, family, number);
    snprintf(endp_prop, sizeof(endp_prop), "tls_level=0\nreuse_count=1\nendpoint_features=4107\nexpire_time=%d\n\n",
             1800000000 + number);

    append(&request[SAVE_DEST], "request", "save_dest");
    append(&request[SAVE_DEST], "ttl", TTL);
    append(&request[SAVE_DEST], "label", dest_label);
    append(&request[SAVE_DEST], "property", dest_prop);
    append(&request[SAVE_DEST], "label", endp_label);
    append(&request[SAVE_DEST], 0, 0);
    append(&request[SAVE_ENDP], "request", "save_endp");
    append(&request[SAVE_ENDP], "ttl", TTL);
    append(&request[SAVE_ENDP], "label", endp_label);
    append(&request[SAVE_ENDP], "property", endp_prop);
    append(&request[SAVE_ENDP], 0, 0);
    append(&request[FIND_DEST], "request", "find_dest");
    append(&request[FIND_DEST], "label", dest_label);
    append(&request[FIND_DEST], 0, 0);
    append(&request[FIND_ENDP], "request", "find_endp");
    append(&request[FIND_ENDP], "label", missing);
    append(&request[FIND_ENDP], 0, 0);
    append(&client->hit, "status", "0");
    append(&client->hit, "property", dest_prop);
    append(&client->hit, "property", endp_prop);
    append(&client->hit, 0, 0);
}

static void send_bytes(struct client *client, const char *data, size_t length)
{
    if (send(client->connection, data, length, MSG_NOSIGNAL) != (ssize_t) length)
        fail("%s: cannot write: %s", step_names[client->step], strerror(errno));
}

static void send_session(struct client *client)
{
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec byte = {"", 1};
    struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &client->session, sizeof(int));
    if (sendmsg(client->connection, &message, MSG_NOSIGNAL) != 1)
        fail("cannot send a descriptor: %s", strerror(errno));
}

static void receive_session(struct client *client)
{
    char control[CMSG_SPACE(sizeof(int))] = {0}, received[2];
    struct iovec bytes = {received, sizeof(received)};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *rights;
    int descriptor;

    if (recvmsg(client->connection, &message, MSG_CMSG_CLOEXEC) != 1)
        fail("find_dest: no single byte with the descriptor");
    rights = CMSG_FIRSTHDR(&message);
    if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof(int)))
        fail("find_dest: a byte without the descriptor");
    memcpy(&descriptor, CMSG_DATA(rights), sizeof(int));
    close(descriptor);
}

static void expect(struct client *client, const char *wanted, size_t length)
{
    char received[MESSAGE_MAX];
    size_t have = 0;

    while (have < length) {
        ssize_t count = recv(client->connection, received + have, sizeof(received) - have, 0);

        if (count <= 0)
            fail("%s: %s", step_names[client->step], count ? strerror(errno) : "the server closed the connection");
        have += (size_t) count;
    }
    if (have != length || memcmp(received, wanted, length))
        fail("%s: an unexpected answer of %zu bytes", step_names[client->step], have);
}

/* advance - write what the client's step asks for */
static void advance(struct client *client)
{
    switch (client->step) {
    case SESSION_OUT:
        send_session(client);
        break;
    case SESSION_IN:
        send_bytes(client, LIST(DUMMY));
        break;
    default:
        client->asked = nanoseconds(CLOCK_MONOTONIC);
        send_bytes(client, client->requests[client->step].data, client->requests[client->step].length);
    }
}

/* conclude - read the answer that the client's step waits for; 1 if that was the end of a request */
static int conclude(struct client *client)
{
    switch (client->step) {
    case SAVE_DEST:
        expect(client, LIST(OK));
        return 1;
    case SAVE_ENDP:
        expect(client, LIST(DUMMY));
        return 0;
    case SESSION_OUT:
        expect(client, LIST(OK));
        return 1;
    case FIND_DEST:
        expect(client, client->hit.data, client->hit.length);
        return 0;
    case SESSION_IN:
        receive_session(client);
        send_bytes(client, LIST(DUMMY));
        return 1;
    default:
        expect(client, LIST(MISS));
        return 1;
    }
}

static void connect_client(struct client *client)
{
    int ends[2];

    client->connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->connection < 0 || connect(client->connection, (struct sockaddr *) &address, sizeof(address)))
        fail("cannot connect to %s: %s", address.sun_path, strerror(errno));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        fail("cannot make a socket pair: %s", strerror(errno));
    client->session = ends[0];
    client->remote = ends[1];
    expect(client, LIST(ANNOUNCEMENT));
}

static void iterate(struct client *client, enum step last)
{
    for (client->step = 0; client->step <= last; client->step++) {
        advance(client);
        conclude(client);
    }
    client->step = SAVE_DEST;
}

/* preload - save pairs over one connection; the remote ends of their sessions stay open until the program ends */
static void preload(int count)
{
    static struct client saver;

    memset(&saver, 0, sizeof(saver));
    connect_client(&saver);
    for (int number = 0; number < count; number++) {
        struct client pair = {.connection = saver.connection};
        int ends[2];

        compose(&pair, "cached", number);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
            fail("cannot make socket pair %d: %s", number, strerror(errno));
        pair.session = ends[0];
        iterate(&pair, SESSION_OUT);
        close(ends[0]);
    }
    close(saver.connection);
    close(saver.session);
    close(saver.remote);
}

static struct client *open_clients(int count)
{
    struct client *clients = calloc((size_t) count, sizeof(*clients));

    if (!clients)
        fail("no memory for %d clients", count);
    for (int number = 0; number < count; number++) {
        connect_client(&clients[number]);
        compose(&clients[number], "client", number);
        iterate(&clients[number], FIND_ENDP);
    }
    return clients;
}

static void close_clients(struct client *clients, int count)
{
    for (int number = 0; number < count; number++) {
        close(clients[number].connection);
        close(clients[number].session);
        close(clients[number].remote);
    }
    free(clients);
}

static void note_latency(struct latencies *latencies, uint64_t value)
{
    if (latencies->count == latencies->room) {
        latencies->room = latencies->room ? 2 * latencies->room : 65536;
        latencies->nanoseconds = realloc(latencies->nanoseconds, latencies->room * sizeof(uint32_t));
        if (!latencies->nanoseconds)
            fail("no memory for %zu latencies", latencies->room);
    }
    latencies->nanoseconds[latencies->count++] = value > UINT32_MAX ? UINT32_MAX : (uint32_t) value;
}

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *) left, b = *(const uint32_t *) right;

    return (a > b) - (a < b);
}

static unsigned long percentile(const struct latencies *latencies, double share)
{
    return latencies->nanoseconds[(size_t) (share * (double) (latencies->count - 1))];
}

/* run - all clients iterate until the time is over; then each finishes its iteration */
static void run(struct client *clients, int count, double seconds)
{
    struct latencies latencies = {0};
    struct epoll_event events[EVENTS_MAX];
    uint64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), begin = nanoseconds(CLOCK_MONOTONIC);
    uint64_t deadline = begin + (uint64_t) (seconds * 1e9), now = begin;
    int epoll = epoll_create1(EPOLL_CLOEXEC), busy = count;

    for (int number = 0; number < count; number++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[number]};

        epoll_ctl(epoll, EPOLL_CTL_ADD, clients[number].connection, &event);
        advance(&clients[number]);
    }
    while (busy > 0) {
        int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);

        for (int index = 0; index < ready; index++) {
            struct client *client = events[index].data.ptr;

            if (conclude(client)) {
                now = nanoseconds(CLOCK_MONOTONIC);
                note_latency(&latencies, now - client->asked);
            }
            client->step = (client->step + 1) % STEPS;
            if (client->step == SAVE_DEST && now >= deadline)
                busy--;
            else
                advance(client);
        }
    }
    now = nanoseconds(CLOCK_MONOTONIC);
    cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    close(epoll);
    qsort(latencies.nanoseconds, latencies.count, sizeof(uint32_t), by_size);
    printf("{\"requests\": %zu, \"elapsed_ns\": %lu, \"cpu_ns\": %lu, \"p50_ns\": %lu, \"p99_ns\": %lu,"
           " \"p999_ns\": %lu}\n",
           latencies.count, (unsigned long) (now - begin), (unsigned long) cpu, percentile(&latencies, 0.5),
           percentile(&latencies, 0.99), percentile(&latencies, 0.999));
    free(latencies.nanoseconds);
}

int main(int argc, char **argv)
{
    struct client *clients = 0;
    struct rlimit limit;
    char command[16], line[64];
    double argument;
    int count = 0;

    if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path))
        fail("usage: load SOCKET");
    strcpy(address.sun_path, argv[1]);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    while (fgets(line, sizeof(line), stdin)) {
        argument = 0;
        if (sscanf(line, "%15s %lf", command, &argument) < 1)
            fail("an empty command");
        if (!strcmp(command, "run")) {
            run(clients, count, argument);
        } else {
            if (!strcmp(command, "preload"))
                preload((int) argument);
            else if (!strcmp(command, "open"))
                clients = open_clients(count = (int) argument);
            else if (!strcmp(command, "close"))
                close_clients(clients, count);
            else
                fail("unknown command: %s", command);
            puts("{}");
        }
        fflush(stdout);
    }
    return 0;
}
