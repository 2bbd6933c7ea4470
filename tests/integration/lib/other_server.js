// The essential tests once more, on mail servers other than Dovecot: see support/servers.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER } from './dovecot.js';
import { ImapClient, quoted } from './imap_client.js';
import { setMailServer } from './mail_server.js';
import { runSupport, support } from './paths.js';

const SPARE_COUNT = 30;
const PASSWORD = 'secret';
const DOMAIN = 'example.org';
const SYSTEM_FLAGS = { D: '\\Draft', F: '\\Flagged', R: '\\Answered', S: '\\Seen', T: '\\Deleted' };

/** What they are like, as far as tests have to know. */
const KINDS = {
  cyrus: { prefix: 'INBOX.', delimiter: '.', hasKeywords: true, hasTls: true },
  courier: {
    prefix: 'INBOX.',
    delimiter: '.',
    hasKeywords: true,
    hasTls: true,
    hasStls: true,
    lacksFolders: true,
    deletesSlowly: true, // waits two seconds with each folder, so that UIDVALIDITY is a new one
    endsLines: true, // a message that ends within a line gets a line end
  },
  mailutils: { hasStls: true, hasMbox: true },
  popa3d: { hasMbox: true },
  'solid-pop3d': { hasMbox: true },
};

const nameOf = (username) => username.split('@')[0];

class OtherServer {
  #folder;
  #spare = 0;
  #lengthened = new Set();
  #dropped = 0;
  #demo;

  constructor(name, folder) {
    Object.assign(this, KINDS[name]);
    this.name = name;
    this.#folder = folder;
    const ports = readFileSync(`${folder}/env`, 'utf8');
    const port = (which) => Number(ports.match(new RegExp(`^${which}_PORT=(\\d+)$`, 'm'))[1]);
    this.imapPort = port('IMAP');
    this.imapsPort = port('IMAPS');
    this.pop3Port = port('POP3');
    this.caFile = `${folder}/certs/ca.pem`;
  }

  /** The section of the configuration for it. These servers know their users without domain. */
  section() {
    const imap = this.hasTls ? `imaps://localhost:${this.imapsPort}` : `imap://localhost:${this.imapPort}`;
    return { domains: DOMAIN, username: '%n', imap, ca_file: this.caFile };
  }

  loginName(username) {
    return nameOf(username);
  }

  /** As of Dovecot. */
  async newUser(...mail) {
    const username = `spare${this.#spare++}@${DOMAIN}`;
    if (this.lacksFolders) await this.#makeFolders(username);
    const manifest = mail.length ? await this.#fill(username, PASSWORD, ...mail) : [];
    return { username, password: PASSWORD, manifest };
  }

  /** New mail for one of newUser(): another mail program puts it there. */
  async deliver(username, message) {
    const client = await ImapClient.connect(this, username, PASSWORD);
    await client.append('INBOX', message.replace(/\r?\n/g, '\r\n'));
    await client.logout();
  }

  /** New mail where its POP3 server looks for it. */
  drop(username, message) {
    const path = `${this.#folder}/mail/${nameOf(username)}`;
    const { uid, gid } = statSync(path);
    if (this.hasMbox) {
      const quoted = message.replace(/\r\n/g, '\n').replace(/^>*From /gm, '>$&');
      appendFileSync(path, `From x@example.com Thu Jan 15 12:00:00 2026\n${quoted}\n`);
      return;
    }
    const file = `${path}/new/${++this.#dropped}.drop`;
    writeFileSync(file, message.replace(/\r\n/g, '\n'));
    chownSync(file, uid, gid);
  }

  /** The section of the configuration for POP3; with STLS where it has that. */
  pop3Section() {
    const pop3 = this.hasStls
      ? `pop3://localhost:${this.pop3Port}`
      : `pop3://127.0.0.1:${this.pop3Port}?tls=none`;
    return { domains: DOMAIN, username: '%n', pop3, ca_file: this.caFile };
  }

  demoManifest() {
    return this.#demo;
  }

  async fillDemo() {
    // Fewer than on Dovecot; lists are to have more than a page all the same.
    this.#demo = await this.#fill(DEMO_USER, DEMO_PASSWORD, '-n', '260');
  }

  /** Generates mail and appends it; gives the truth about it. */
  async #fill(username, password, ...mail) {
    const folder = mkdtempSync(`${this.#folder}/mail-`);
    const manifest = `${folder}/manifest.jsonl`;
    const maildir = `${folder}/Maildir`;
    await runSupport('genmail.py', '--owner', username, '--maildir', maildir, '--manifest', manifest, ...mail);
    const client = await ImapClient.connect(this, username, password);
    for (const name of readdirSync(maildir).filter((one) => one.startsWith('.')).sort())
      await this.#fillFolder(client, `${maildir}/${name}`, this.#pathOf(name));
    await this.#fillFolder(client, maildir, 'INBOX');
    await client.logout();
    const truths = readFileSync(manifest, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    for (const truth of truths) {
      if (!this.hasKeywords) this.#dropKeywords(truth.keywords);
      if (this.#lengthened.has(truth.file)) truth.size += 2;
    }
    return truths;
  }

  /** Those with a role, which other servers have from the start. */
  async #makeFolders(username) {
    const client = await ImapClient.connect(this, username, PASSWORD);
    for (const name of ['Archive', 'Drafts', 'Junk', 'Sent', 'Trash']) {
      await client.command(`CREATE ${quoted(this.prefix + name)}`);
      await client.command(`SUBSCRIBE ${quoted(this.prefix + name)}`);
    }
    await client.logout();
  }

  /** ".Projects.Lighthouse" of a Maildir++ as this server has it. */
  #pathOf(name) {
    return this.prefix + name.slice(1).replaceAll('.', this.delimiter);
  }

  #dropKeywords(keywords) {
    for (const name of Object.keys(keywords))
      if (!['$seen', '$answered', '$flagged', '$draft'].includes(name)) delete keywords[name];
  }

  async #fillFolder(client, maildir, path) {
    // Folders with a role are there already.
    if (path !== 'INBOX') await client.command(`CREATE ${quoted(path)}`).catch(() => {});
    await client.command(`SUBSCRIBE ${quoted(path)}`);
    const letters = this.#keywordLetters(maildir);
    for (const file of readdirSync(`${maildir}/cur`).sort()) {
      const flags = [...file.split(':2,')[1]]
        .map((letter) => SYSTEM_FLAGS[letter] ?? letters[letter])
        .filter(Boolean);
      const text = readFileSync(`${maildir}/cur/${file}`, 'latin1').replace(/\r?\n/g, '\r\n');
      if (this.endsLines && !text.endsWith('\r\n')) this.#lengthened.add(file);
      await client.append(path, Buffer.from(text, 'latin1'), flags.join(' '), Number(file.split('.')[0]));
    }
  }

  #keywordLetters(maildir) {
    if (!this.hasKeywords) return {};
    try {
      const lines = readFileSync(`${maildir}/dovecot-keywords`, 'utf8').trim().split('\n');
      return Object.fromEntries(
        lines.map((line) => line.split(' ')).map(([n, word]) => [String.fromCharCode(97 + Number(n)), word]),
      );
    } catch (error) {
      if (error.code === 'ENOENT') return {};
      throw error;
    }
  }

  stop() {
    execFileSync(`${support}/servers/server.sh`, ['stop', this.#folder]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Why this server cannot be had on this machine; null if it can. */
export async function whyNot(name) {
  try {
    await runSupport('servers/server.sh', 'can', name);
    return null;
  } catch (error) {
    return error.stderr.trim();
  }
}

/** `settings`: words of its script in support/servers. */
export async function startOtherServer(name, ...settings) {
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-${name}-`);
  const users = [`${nameOf(DEMO_USER)}:${DEMO_PASSWORD}`];
  for (let n = 0; n < SPARE_COUNT; n++) users.push(`spare${n}:${PASSWORD}`);
  const options = [
    ...users.flatMap((user) => ['--user', user]),
    ...settings.flatMap((word) => ['--set', word]),
  ];
  await runSupport('servers/server.sh', 'start', name, folder, ...options);
  const server = new OtherServer(name, folder);
  process.once('exit', () => server.stop());
  return server;
}

/** Runs test files of this folder once more, on another server. */
export async function runOn(name, ...files) {
  const reason = await whyNot(name);
  if (reason) {
    test(`all on ${name}`, { skip: reason }, () => {});
    return;
  }
  // For the conformance suite what is exchanged beside Dovecot is enough.
  delete process.env.MAILBRIDGE_RECORD;
  const server = await startOtherServer(name);
  await server.fillDemo();
  setMailServer(server);
  for (const file of files) await import(`../${file}.test.js`);
}
