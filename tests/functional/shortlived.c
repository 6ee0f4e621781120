// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A static program that lives about two milliseconds: connects to a port of 127.0.0.1 once and
 * exits. Static because a dynamic loader alone would take longer than that.
 *   shortlived PORT       connect, exit
 *   shortlived PORT MS    connect, keep the connection for so long, exit
 *   shortlived hold MS    keep what was inherited for so long, exit
 *   shortlived exit N     exit with this status at once
 *   shortlived kill N     end by this signal
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_once(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_port = htons((unsigned short)atoi(port));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0;
}

static int hold(const char *port, useconds_t ms)
{
	int status = atoi(port) > 0 ? connect_once(port) : 0;

	usleep(ms * 1000);
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return connect_once(argv[1]);
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "hold") == 0 || atoi(argv[1]) > 0)
		return hold(argv[1], (useconds_t)atoi(argv[2]));
	if (strcmp(argv[1], "exit") == 0)
		return atoi(argv[2]);
	if (strcmp(argv[1], "kill") == 0)
		raise(atoi(argv[2]));
	return 0;
}
