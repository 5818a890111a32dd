/*
 * The least that any server could do: answer the benchmark's messages with no checks, cache, expiry or log.
 *
 * Run as a daemon by `benchmark`, on the listening socket that is descriptor 6. It knows the messages of the
 * load generator and no others: each client has one session at a time, which its next find_dest takes.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANNOUNCEMENT "protocol\0connection_cache_protocol\0"
#define DUMMY "dummy\0\0"
#define OK "status\0000\0"
#define MISS "status\0002\0property\0\0"
#define LIST(literal) (literal), sizeof(literal) /* the literal's own NUL is the NUL that ends the list */

enum { LISTENER = 6, MESSAGE_MAX = 4096, EVENTS_MAX = 64, CLIENTS_MAX = 4096, PROPERTY = 7 };

enum due { NOTHING, DESCRIPTOR, FIRST_DUMMY };

static struct client {
    enum due due;
    int session;
    char destination_property[512], endpoint_property[512];
} clients[CLIENTS_MAX];

static void reply(int connection, const char *data, size_t length)
{
    if (send(connection, data, length, MSG_NOSIGNAL) != (ssize_t) length)
        perror("limit_echo: send");
}

/* pass - one byte with a descriptor, out or in */
static void pass(int connection, int *session, int out)
{
    char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

    if (out) {
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), session, sizeof(int));
        if (sendmsg(connection, &message, MSG_NOSIGNAL) != 1)
            perror("limit_echo: sendmsg");
    }
    if (*session >= 0)
        close(*session);
    *session = -1;
    if (!out && recvmsg(connection, &message, MSG_CMSG_CLOEXEC) == 1)
        memcpy(session, CMSG_DATA(rights), sizeof(int));
}

/* string - the string after this many NULs */
static const char *string(const char *data, int number)
{
    while (number-- > 0)
        data += strlen(data) + 1;
    return data;
}

static void answer(int connection, struct client *client, const char *data)
{
    char hit[MESSAGE_MAX];
    const char *request = string(data, 1);

    if (!strcmp(request, "save_dest")) {
        strcpy(client->destination_property, string(data, PROPERTY));
        reply(connection, LIST(OK));
    } else if (!strcmp(request, "save_endp")) {
        strcpy(client->endpoint_property, string(data, PROPERTY));
        client->due = DESCRIPTOR;
        reply(connection, LIST(DUMMY));
    } else if (!strcmp(request, "find_dest")) {
        int length = snprintf(hit, sizeof(hit), "status%c0%cproperty%c%s%cproperty%c%s%c", 0, 0, 0,
                              client->destination_property, 0, 0, client->endpoint_property, 0);

        client->due = FIRST_DUMMY;
        reply(connection, hit, (size_t) length + 1);
    } else {
        reply(connection, LIST(MISS));
    }
}

/* serve - answer what has come in; 0 when the client has gone */
static int serve(int connection, struct client *client)
{
    char received[MESSAGE_MAX], *data = received;
    ssize_t length;

    if (client->due == DESCRIPTOR) {
        pass(connection, &client->session, 0);
        client->due = NOTHING;
        reply(connection, LIST(OK));
        return 1;
    }
    length = recv(connection, received, sizeof(received), 0);
    if (length <= 0)
        return 0;
    if (client->due == FIRST_DUMMY) {
        pass(connection, &client->session, 1);
        client->due = NOTHING;
        return 1;
    }
    if (!strcmp(data, "dummy")) {
        data += sizeof(DUMMY);
        length -= sizeof(DUMMY);
    }
    if (length > 0)
        answer(connection, client, data);
    return 1;
}

int main(void)
{
    struct epoll_event events[EVENTS_MAX], event = {.events = EPOLLIN, .data.fd = LISTENER};
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    epoll_ctl(epoll, EPOLL_CTL_ADD, LISTENER, &event);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);

        for (int index = 0; index < ready; index++) {
            int connection = events[index].data.fd;

            if (connection == LISTENER) {
                event.data.fd = accept4(LISTENER, 0, 0, SOCK_CLOEXEC);
                if (event.data.fd < 0 || event.data.fd >= CLIENTS_MAX)
                    return 1;
                clients[event.data.fd].due = NOTHING;
                clients[event.data.fd].session = -1;
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
                reply(event.data.fd, LIST(ANNOUNCEMENT));
            } else if (!serve(connection, &clients[connection])) {
                if (clients[connection].session >= 0)
                    close(clients[connection].session);
                close(connection);
            }
        }
    }
}
