// The real mail server of the tests: one Dovecot for all test files of a run (see run.js), or one
// of its own for a file that is run alone.
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { runSupport, support } from './paths.js';

/** The user whose mailbox the generator's demo profile filled. Tests only read it. */
export const DEMO_USER = 'demo@example.org';
export const DEMO_PASSWORD = 'demo';

/** Users with an empty mailbox for tests to take; they exist from the start. */
const SPARE_USERS = Array.from({ length: 300 }, (_, n) => `spare${n}@example.org`);
const SPARE_PASSWORD = 'secret';

class Dovecot {
  constructor(folder) {
    this.folder = folder;
    this.caFile = `${folder}/certs/ca.pem`;
    const env = Object.fromEntries(
      readFileSync(`${folder}/env`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    );
    this.imapPort = Number(env.IMAP_PORT);
    this.imapsPort = Number(env.IMAPS_PORT);
    this.pop3Port = Number(env.POP3_PORT);
    this.pop3sPort = Number(env.POP3S_PORT);
    this.lmtpPort = Number(env.LMTP_PORT);
    this.tokenKey = env.TOKEN_KEY;
  }

  /**
   * A user that nobody else uses: { username, password, maildir, manifest }. With options of
   * genmail.py (['-n', 50]) the mailbox is filled, else it is empty.
   */
  async newUser(...mail) {
    const username = SPARE_USERS.find((name) => this.#claim(name));
    const home = this.#home(username);
    if (!mail.length)
      return { username, password: SPARE_PASSWORD, maildir: `${home}/Maildir`, manifest: [] };
    const file = `${home}/manifest.jsonl`;
    await runSupport(
      'genmail.py',
      '--owner',
      username,
      '--maildir',
      `${home}/Maildir`,
      '--manifest',
      file,
      ...mail,
    );
    return {
      username,
      password: SPARE_PASSWORD,
      maildir: `${home}/Maildir`,
      manifest: readManifest(file),
    };
  }

  /** The section of the configuration for it, over TLS from the first byte. */
  section() {
    return {
      domains: 'example.org',
      imap: `imaps://localhost:${this.imapsPort}`,
      ca_file: this.caFile,
    };
  }

  loginName(username) {
    return username;
  }

  #home(username) {
    return `${this.folder}/mail/${username}`;
  }

  /** Test files run beside each other: whoever makes the directory has the user. */
  #claim(username) {
    try {
      mkdirSync(this.#home(username));
      return true;
    } catch (error) {
      if (error.code === 'EEXIST') return false;
      throw error;
    }
  }

  /** Other test files log in meanwhile: they see the old users or the new ones. */
  changePassword(username, password) {
    const file = `${this.folder}/users`;
    const others = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line && !line.startsWith(`${username}:`));
    const lines = [...others, `${username}:{PLAIN}${password}::::::`];
    writeFileSync(`${file}.new`, `${lines.join('\n')}\n`);
    renameSync(`${file}.new`, file);
  }

  /** An OAuth 2.0 access token (a JWT, RFC 7519) of that user, good for so many seconds. */
  accessToken(username, seconds, key = this.tokenKey) {
    const now = Math.floor(Date.now() / 1000);
    const encode = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
    const header = encode({ alg: 'HS256', typ: 'JWT' });
    const claims = encode({ sub: username, iat: now - 60, nbf: now - 60, exp: now + seconds });
    const signature = createHmac('sha256', key).update(`${header}.${claims}`).digest('base64url');
    return `${header}.${claims}.${signature}`;
  }

  /** The truth about the demo user's mailbox, one object per message. */
  demoManifest() {
    return readManifest(`${this.folder}/demo.jsonl`);
  }

  /** As often as the user logged in. */
  isLoggedOut(username) {
    const lines = this.log().split('\n');
    const count = (pattern) => lines.filter((line) => pattern.test(line)).length;
    const logins = count(new RegExp(`imap-login: .*Login: user=<${username}>`));
    const ends = count(new RegExp(`imap\\(${username}\\).*(Disconnected|Logged out)`));
    return logins > 0 && logins === ends;
  }

  log() {
    return readFileSync(`${this.folder}/dovecot.log`, 'utf8');
  }

  stop() {
    execFileSync(`${support}/dovecot.sh`, ['stop', this.folder]);
  }
}

function readManifest(file) {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Starts a Dovecot in `folder`; `options` are those of dovecot.sh. */
export async function startDovecot(folder, ...options) {
  await runSupport('dovecot.sh', 'start', folder, 'auto', ...options);
  return new Dovecot(folder);
}

/** Starts one with the demo user's mailbox in it. */
export async function startDemoDovecot(folder) {
  const maildir = `${folder}/mail/${DEMO_USER}/Maildir`;
  if (!existsSync(maildir)) {
    mkdirSync(folder, { recursive: true });
    await runSupport('genmail.py', '--maildir', maildir, '--manifest', `${folder}/demo.jsonl`);
  }
  return startDovecot(
    folder,
    '--user',
    `${DEMO_USER}:${DEMO_PASSWORD}`,
    ...SPARE_USERS.flatMap((name) => ['--user', `${name}:${SPARE_PASSWORD}`]),
  );
}

let shared;

/** The Dovecot that all test files share. */
export function dovecot() {
  shared ??= attachOrStart();
  return shared;
}

async function attachOrStart() {
  if (process.env.MAILBRIDGE_TEST_DOVECOT) return new Dovecot(process.env.MAILBRIDGE_TEST_DOVECOT);
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-test-`);
  const server = await startDemoDovecot(folder);
  process.once('exit', () => {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return server;
}
