/*
 * A little Internet for tests: getaddrinfo() and connect() of the whole test
 * program, libcurl's included, are replaced.
 *
 *	local.test    127.0.0.1
 *	two.test      127.0.0.2, then 127.0.0.1
 *	private.test  10.0.0.1
 *	mixed.test    10.0.0.1, then 8.8.4.4
 *	public.test   8.8.4.4, which is connected to 127.0.0.1
 *	slow.test     answers (local.test's address) when it is let
 *	slower.test   the same, counted apart
 *	others        do not exist
 */
#ifndef UNIT_NET_FAKE_NET_H
#define UNIT_NET_FAKE_NET_H

/* Lets the look-ups that wait, and all to come, go on. */
void fake_net_let_slow_go(void);
void fake_net_hold_slow(void);
/* How many of them wait now. A look-up that was cancelled may come late, into
 * the next test: counts that must be exact use slower.test. */
int fake_net_slow_waiting(void);
int fake_net_slower_waiting(void);
/* Has a connection to a private address other than loopback been tried? */
int fake_net_private_tried(void);

#endif
