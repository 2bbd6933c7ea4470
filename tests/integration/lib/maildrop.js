// A maildrop behind a scripted POP3 server (RFC 1939): behaves, except where a test says otherwise.
//
//   const drop = new Maildrop([{ uidl: 'a', text: message('one') }]);
//   const server = await startScriptedServer(drop.conversation);
//   drop.answers.TOP = '-ERR no\r\n';
import { startMailbridge } from './mailbridge.js';
import { startScriptedServer } from './scripted_server.js';

export const message = (subject, body = 'hello\r\n') =>
  [
    'From: Ann <ann@example.com>',
    'To: pop@example.org',
    `Subject: ${subject}`,
    'Date: Thu, 15 Jan 2026 12:00:00 +0000',
    `Message-ID: <${subject.replace(/\W/g, '-')}@example.com>`,
    '',
    body,
  ].join('\r\n');

/** As the answer to RETR or TOP has it (RFC 1939 §3). */
export const stuffed = (text) => text.replace(/^\./gm, '..');
export const multiline = (text) => `+OK\r\n${stuffed(text)}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`;
const listing = (rows) => `+OK\r\n${rows.map((row) => `${row}\r\n`).join('')}.\r\n`;

export class Maildrop {
  greeting = '+OK ready\r\n';
  capabilities = ['TOP', 'UIDL', 'USER', 'PIPELINING', 'RESP-CODES', 'AUTH-RESP-CODE'];
  /**
   * Command -> the answer: a text, or a function of ({ args, messages, deleted }, peer) that gives
   * one; undefined: the usual one, null: it has sent for itself.
   */
  answers = {};
  heard = [];
  /** The next conversation breaks off after so many bytes. */
  cutNext = null;
  #peers = new Set();

  constructor(messages = []) {
    this.messages = messages;
  }

  /** Ends all conversations: the next request sees the maildrop as it is then. */
  hangUp() {
    for (const peer of this.#peers) peer.cut();
    this.#peers.clear();
  }

  conversation = async (peer) => {
    this.#peers.add(peer);
    const session = { messages: [...this.messages], deleted: new Set() };
    if (this.cutNext !== null) peer.cutAfter(this.cutNext);
    this.cutNext = null;
    await peer.send(this.greeting);
    for (let line = await peer.line(); line !== null; line = await peer.line()) {
      const [word, ...args] = line.split(' ');
      const name = word.toUpperCase();
      this.heard.push(line);
      // The maildrop is locked, and its content fixed, with the login (RFC 1939 §4).
      if (name === 'PASS') session.messages = [...this.messages];
      let answer = this.answers[name];
      if (typeof answer === 'function') answer = await answer({ ...session, args }, peer);
      if (answer === undefined) answer = this.#usual(name, args, session);
      if (answer !== null) await peer.send(answer);
      if (name === 'QUIT') peer.socket.end();
    }
    this.#peers.delete(peer);
  };

  #usual(name, args, { messages, deleted }) {
    const one = messages[args[0] - 1];
    const isThere = one && !deleted.has(one);
    const rows = (value) =>
      listing(
        messages.flatMap((each, i) => (deleted.has(each) ? [] : [`${i + 1} ${value(each)}`])),
      );
    switch (name) {
      case 'CAPA':
        return listing(this.capabilities);
      case 'LIST':
        return rows((each) => each.size ?? each.text.length);
      case 'UIDL':
        return rows((each) => each.uidl);
      case 'TOP':
        return isThere ? multiline(`${one.text.split('\r\n\r\n')[0]}\r\n\r\n`) : '-ERR no such message\r\n';
      case 'RETR':
        return isThere ? multiline(one.text) : '-ERR no such message\r\n';
      case 'DELE':
        if (isThere) deleted.add(one);
        return isThere ? '+OK\r\n' : '-ERR no such message\r\n';
      case 'QUIT':
        // RFC 1939 §6: this is where it happens, whatever becomes of the answer.
        this.messages = this.messages.filter((each) => !deleted.has(each));
        return '+OK bye\r\n';
      case 'USER':
      case 'PASS':
      case 'NOOP':
        return '+OK\r\n';
      default:
        return '-ERR unknown command\r\n';
    }
  }
}

/** A mailbridge in front of it, and who has it; all of it ends with the test. */
export async function frontOf(t, drop, settings = {}, section = {}) {
  const server = await startScriptedServer(drop.conversation);
  t.after(() => server.stop());
  return { ...(await startBridge(t, server, settings, section)), server };
}

/** Another mailbridge in front of the same server; it may be stopped before the test ends. */
export async function startBridge(t, server, settings = {}, section = {}) {
  const config = {
    ...settings,
    'server example.org': { pop3: `pop3://127.0.0.1:${server.port}?tls=none`, ...section },
  };
  const bridge = await startMailbridge({ config });
  t.after(() => bridge.isRunning && bridge.stop());
  const api = bridge.api.as('pop@example.org', 'secret');
  t.after(() => api.close());
  return { api, bridge };
}
