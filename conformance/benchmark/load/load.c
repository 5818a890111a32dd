/*
 * The load generator: one process a client, as smtp(8) is.
 *
 *   load SOCKET
 *
 * Commands come in on standard input, one a line; each is answered with one line on standard output:
 *
 *   preload COUNT      save COUNT destination+endpoint pairs; their sessions stay open at this end    -> {}
 *   open CLIENTS       start CLIENTS clients and let each take one iteration                          -> {}
 *   run SECONDS        all clients iterate for that long                                              -> {"requests": ...}
 *   close              end the clients                                                                -> {}
 *
 * An iteration is what smtp(8) sends for one mail, four requests: save_dest, save_endp, find_dest (a hit), find_endp
 * (a miss). As with smtp(8), the last dummy of a hit comes in one write with the next request. Every answer is compared
 * with what it must be; anything else ends the program with status 1 and one line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TTL "1000000" /* seconds; the daemon's limit is set as high, so that nothing expires while it is measured */
#define ANNOUNCEMENT "protocol\0connection_cache_protocol\0"
#define DUMMY "dummy\0\0"
#define OK "status\0000\0"
#define MISS "status\0002\0property\0\0"
#define LIST(literal) (literal), sizeof(literal) /* the literal's own NUL is the NUL that ends the list */

enum { MESSAGE_MAX = 1024, CLIENTS_MAX = 1024 };

/* Latencies are counted in buckets, 64 for each power of two: exact to 1.6 %. The last is for 68 s and more. */
enum { FINENESS = 6, BUCKETS = 32 << FINENESS };

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

/* What one client saw in the present run. */
struct tally {
    uint64_t requests, cpu, longest; /* nanoseconds */
    uint32_t latencies[BUCKETS];
};

/* What the clients share with the process that started them: they begin and end a run together. */
static struct shared {
    pthread_barrier_t begin, end;
    uint64_t deadline;
    struct tally tallies[CLIENTS_MAX];
} *shared;

static pid_t processes[CLIENTS_MAX];
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
    append(&request[FIND_ENDP], "dummy", ""); /* the last one of the hit before */
    append(&request[FIND_ENDP], 0, 0);
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

static size_t bucket(uint64_t value)
{
    int shift = value >> (FINENESS + 1) ? 63 - FINENESS - __builtin_clzll(value) : 0;
    size_t index = ((size_t) shift << FINENESS) + (size_t) (value >> shift);

    return index < BUCKETS ? index : BUCKETS - 1;
}

static uint64_t least_of_bucket(size_t index)
{
    size_t shift = index >> (FINENESS + 1) ? (index >> FINENESS) - 1 : 0;

    return (uint64_t) (index - (shift << FINENESS)) << shift;
}

/* run_client - iterate until the deadline; the iteration that is under way then is finished */
static void run_client(struct client *client, struct tally *tally)
{
    uint64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), now = 0;

    memset(tally, 0, sizeof(*tally));
    do {
        for (client->step = 0; client->step < STEPS; client->step++) {
            advance(client);
            if (!conclude(client))
                continue;
            now = nanoseconds(CLOCK_MONOTONIC);
            tally->requests++;
            tally->latencies[bucket(now - client->asked)]++;
            if (now - client->asked > tally->longest)
                tally->longest = now - client->asked;
        }
    } while (now < shared->deadline);
    tally->cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

/* be_client - what a client's process does until it is killed */
static void be_client(int number)
{
    struct client client = {0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    connect_client(&client);
    compose(&client, "client", number);
    iterate(&client, FIND_ENDP);
    pthread_barrier_wait(&shared->end);
    for (;;) {
        pthread_barrier_wait(&shared->begin);
        run_client(&client, &shared->tallies[number]);
        pthread_barrier_wait(&shared->end);
    }
}

/* client_ended - a client ends by itself only after a wrong answer, which it has reported */
static void client_ended(int signal)
{
    (void) signal;
    _exit(1);
}

static void open_clients(int count)
{
    pthread_barrierattr_t between_processes;

    if (count < 1 || count > CLIENTS_MAX)
        fail("%d clients are not between 1 and %d", count, CLIENTS_MAX);
    pthread_barrierattr_init(&between_processes);
    pthread_barrierattr_setpshared(&between_processes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->begin, &between_processes, (unsigned) count + 1);
    pthread_barrier_init(&shared->end, &between_processes, (unsigned) count + 1);
    signal(SIGCHLD, client_ended);
    for (int number = 0; number < count; number++) {
        processes[number] = fork();
        if (processes[number] == 0)
            be_client(number);
        if (processes[number] < 0)
            fail("cannot start client %d: %s", number, strerror(errno));
    }
    pthread_barrier_wait(&shared->end);
}

static void close_clients(int count)
{
    signal(SIGCHLD, SIG_DFL);
    for (int number = 0; number < count; number++)
        kill(processes[number], SIGKILL);
    for (int number = 0; number < count; number++)
        waitpid(processes[number], 0, 0);
}

/* percentile - the latency that this share of all requests didn't exceed */
static unsigned long percentile(const struct tally *sum, double share)
{
    uint64_t rank = (uint64_t) (share * (double) (sum->requests - 1)), seen = 0;
    size_t index = 0;

    while ((seen += sum->latencies[index]) <= rank)
        index++;
    return least_of_bucket(index);
}

/* run - all clients iterate until the time is over */
static void run(int count, double seconds)
{
    static struct tally sum;
    uint64_t begin = nanoseconds(CLOCK_MONOTONIC), elapsed;

    shared->deadline = begin + (uint64_t) (seconds * 1e9);
    pthread_barrier_wait(&shared->begin);
    pthread_barrier_wait(&shared->end);
    elapsed = nanoseconds(CLOCK_MONOTONIC) - begin;
    memset(&sum, 0, sizeof(sum));
    for (int number = 0; number < count; number++) {
        const struct tally *tally = &shared->tallies[number];

        sum.requests += tally->requests;
        sum.cpu += tally->cpu;
        if (tally->longest > sum.longest)
            sum.longest = tally->longest;
        for (size_t index = 0; index < BUCKETS; index++)
            sum.latencies[index] += tally->latencies[index];
    }
    printf("{\"requests\": %lu, \"elapsed_ns\": %lu, \"cpu_ns\": %lu, \"p50_ns\": %lu, \"p99_ns\": %lu,"
           " \"p999_ns\": %lu, \"longest_ns\": %lu}\n",
           (unsigned long) sum.requests, (unsigned long) elapsed, (unsigned long) sum.cpu, percentile(&sum, 0.5),
           percentile(&sum, 0.99), percentile(&sum, 0.999), (unsigned long) sum.longest);
}

int main(int argc, char **argv)
{
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
    shared = mmap(0, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        fail("no shared memory: %s", strerror(errno));
    while (fgets(line, sizeof(line), stdin)) {
        argument = 0;
        if (sscanf(line, "%15s %lf", command, &argument) < 1)
            fail("an empty command");
        if (!strcmp(command, "run")) {
            run(count, argument);
        } else {
            if (!strcmp(command, "preload"))
                preload((int) argument);
            else if (!strcmp(command, "open"))
                open_clients(count = (int) argument);
            else if (!strcmp(command, "close"))
                close_clients(count);
            else
                fail("unknown command: %s", command);
            puts("{}");
        }
        fflush(stdout);
    }
    return 0;
}
