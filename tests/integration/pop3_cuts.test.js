// A deletion over POP3 that is cut after every byte of the server's answers: what is reported is
// what is true at the next login.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';
import { startScriptedServer } from './lib/scripted_server.js';

const ANSWERS = '+OK deleted\r\n+OK goodbye\r\n';
const DELETED = ANSWERS.indexOf('\r\n') + 2;

/** A maildrop of one message; the answers to DELE and QUIT break off after `budget` bytes. */
function maildrop() {
  const drop = { isThere: true, budget: Infinity, hasQuit: false, peers: new Set() };
  const give = async (peer, text) => {
    const piece = text.slice(0, Math.max(0, drop.budget));
    drop.budget -= text.length;
    await peer.send(piece);
    if (drop.budget < 0) peer.cut();
  };
  const conversation = async (peer) => {
    let isMarked = false;
    drop.peers.add(peer);
    await peer.send('+OK ready\r\n');
    for (let line = await peer.line(); line !== null; line = await peer.line()) {
      const [name] = line.split(' ');
      const rows = (text) => `+OK\r\n${drop.isThere && !isMarked ? text : ''}.\r\n`;
      if (name === 'DELE') {
        isMarked = true;
        await give(peer, '+OK deleted\r\n');
      } else if (name === 'QUIT') {
        // RFC 1939 §6: this is where it happens, whatever becomes of the answer.
        if (isMarked) {
          drop.isThere = false;
          drop.hasQuit = true;
          await give(peer, '+OK goodbye\r\n');
        } else {
          await peer.send('+OK goodbye\r\n');
        }
        peer.socket.end();
      } else if (name === 'CAPA') {
        await peer.send('+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.\r\n');
      } else if (name === 'LIST') {
        await peer.send(rows('1 60\r\n'));
      } else if (name === 'UIDL') {
        await peer.send(rows('1 only\r\n'));
      } else if (name === 'TOP') {
        await peer.send('+OK\r\nFrom: a@example.com\r\nSubject: x\r\n\r\n.\r\n');
      } else {
        await peer.send('+OK\r\n');
      }
    }
  };
  return { drop, conversation };
}

test('wherever a deletion is cut, what is reported is true', async (t) => {
  const { drop, conversation } = maildrop();
  const scripted = await startScriptedServer(conversation);
  t.after(() => scripted.stop());
  const bridge = await startMailbridge({
    config: { 'server example.org': { pop3: `pop3://127.0.0.1:${scripted.port}?tls=none` } },
  });
  t.after(() => bridge.stop());
  const api = bridge.api.as('pop@example.org', 'secret');
  t.after(() => api.close());
  const list = async () => {
    const answer = await api.get('/v1/folders/inbox/messages');
    assert.equal(answer.status, 200, answer.text);
    return answer.json.messages;
  };
  for (let budget = 0; budget <= ANSWERS.length; budget++) {
    // A login shows the maildrop as it is then: the next request needs a new one.
    for (const peer of drop.peers) peer.cut();
    drop.peers.clear();
    Object.assign(drop, { isThere: true, hasQuit: false, budget: Infinity });
    const [{ id }] = await list();
    drop.budget = budget;
    const answer = await api.api('DELETE', `/v1/messages/${id}?permanent=true`);
    drop.budget = Infinity;
    const where = `cut after ${budget} bytes: ${answer.status} ${answer.text}`;
    // QUIT goes out when DELE was answered, and not before.
    assert.equal(drop.hasQuit, budget >= DELETED, where);
    if (!drop.hasQuit) assert.equal(answer.status, 502, where);
    else if (answer.status === 504) assertProblem(answer, 504, 'outcome-unknown');
    else assert.ok([200, 204].includes(answer.status), where);
    if (budget === ANSWERS.length) assert.notEqual(answer.status, 504, where);
    assert.equal((await list()).length, drop.hasQuit ? 0 : 1, where);
    // Nothing is done once more at a later login.
    if (!drop.hasQuit) assert.ok(drop.isThere, where);
  }
});
