/* SPDX-License-Identifier: MIT */
/* How much a TCP peer has sent. A file of its own: glibc's header of TCP does not know of this count,
   and cannot be used beside the kernel's. */
#include "received.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

uint64_t received_bytes(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	memset(&info, 0, sizeof(info));
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 ? info.tcpi_bytes_received
									  : 0;
}
