/*
 * Which addresses belong to the public Internet: none of the special-purpose
 * blocks of RFC 6890 and its registries, no multicast, and nothing that only
 * wraps such an address (v4-mapped, NAT64, 6to4, Teredo).
 */
#ifndef NET_PUBLIC_ADDRESS_H
#define NET_PUBLIC_ADDRESS_H

#include <stdbool.h>

#include <sys/socket.h>

/* False for anything but AF_INET and AF_INET6. */
bool public_address(const struct sockaddr *a);

/* "192.0.2.1", "2001:db8::1"; "?" for other families. */
void public_address_text(const struct sockaddr *a, char *to, size_t size);

#endif
