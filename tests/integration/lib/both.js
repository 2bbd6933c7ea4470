// A mailbridge in front of two servers: one with extensions and one with IMAP4rev1 alone, for tests
// of what must work on either.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before } from 'node:test';
import { dovecot, startDovecot } from './dovecot.js';
import { ImapClient } from './imap_client.js';
import { dovecotSection, startMailbridge } from './mailbridge.js';

const BARE_USERS = Array.from({ length: 20 }, (_, n) => `bare${n}@bare.example`);

/**
 * For the head of a test file; `moreSections` makes further ones of the configuration. Gives an object: users(t) makes [{ kind, api, imap }], a new user on
 * each of the two with an API client and an IMAP connection of theirs.
 */
export function useBothServers(moreSections = async () => ({})) {
  const use = {};
  let folder;
  let bare;
  let taken = 0;
  before(async () => {
    folder = mkdtempSync(`${tmpdir()}/mailbridge-bare-`);
    const users = BARE_USERS.flatMap((name) => ['--user', `${name}:secret`]);
    bare = await startDovecot(folder, '--minimal', ...users);
    use.bridge = await startMailbridge({
      config: {
        'server example.org': await dovecotSection(),
        'server bare.example': {
          domains: 'bare.example',
          imap: `imaps://localhost:${bare.imapsPort}`,
          ca_file: bare.caFile,
        },
        ...(await moreSections()),
      },
    });
  });
  after(async () => {
    await use.bridge?.stop();
    bare?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const user = async (t, kind, server, username, password) => {
    const api = use.bridge.api.as(username, password);
    const imap = await ImapClient.connect(server, username, password);
    t.after(async () => {
      api.close();
      await imap.logout();
    });
    return { kind, api, imap, isBare: kind === 'bare' };
  };
  use.users = async (t) => {
    const full = await dovecot();
    const one = await full.newUser();
    return [
      await user(t, 'full', full, one.username, one.password),
      await user(t, 'bare', bare, BARE_USERS[taken++], 'secret'),
    ];
  };
  return use;
}
