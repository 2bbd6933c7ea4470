// The mail server that a test file is about: the shared Dovecot, or for files that run a second
// time (see other_server.js) another one.
import { dovecot } from './dovecot.js';

let other = null;

export function mailServer() {
  return other ?? dovecot();
}

/** From now on all is about this one; a promise will do. */
export function setMailServer(server) {
  other = server;
}
