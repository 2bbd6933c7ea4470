// The README's "download and delete" as it stands there, killed again and again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { frontOf, Maildrop, message } from './lib/maildrop.js';
import { root } from './lib/paths.js';
import { waitFor } from './lib/wait.js';

const COUNT = 120;

function scriptOfReadme(port) {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const section = readme.slice(readme.indexOf('## Download and delete'));
  const [, script] = section.match(/```bash\n(.*?)```/s);
  assert.ok(script.includes('127.0.0.1:8080'));
  return script.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`);
}

async function tokenOf(api) {
  const body = { username: 'pop@example.org', password: 'secret' };
  const answer = await api.api('POST', '/v1/sessions', { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.token;
}

/** Runs it in a folder; `until` makes it be killed, with all it has started. */
async function run(script, token, folder, until = null) {
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: { ...process.env, TOKEN: token },
    stdio: 'inherit',
    detached: true,
  });
  let isOver = false;
  const ended = new Promise((resolve) => {
    child.on('close', (code) => {
      isOver = true;
      resolve(code);
    });
  });
  if (until) {
    await waitFor('the moment to kill it', () => isOver || until());
    if (!isOver) process.kill(-child.pid, 'SIGKILL');
  }
  return ended;
}

const kept = (folder) => readdirSync(folder).filter((name) => /\.eml(\.~\d+~)?$/.test(name));

test('a maildrop is emptied into files, cut off anywhere, and nothing is lost', async (t) => {
  const drop = new Maildrop();
  for (let n = 0; n < COUNT; n++) {
    // Some have no name of their own, and some are twins but for what they say.
    const subject = n % 10 < 2 ? 'twins' : `number ${n}`;
    drop.messages.push({ uidl: n % 10 < 2 ? '' : `u${n}`, text: message(subject, `${n}\r\n.\r\n`) });
  }
  const all = drop.messages.map(({ text }) => text).sort();
  const { api } = await frontOf(t, drop);
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-download-`);
  t.after(() => rmSync(folder, { recursive: true }));
  const script = scriptOfReadme(api.port);
  const token = await tokenOf(api);
  let deleted = 0;
  drop.answers.DELE = () => {
    deleted += 1;
  };
  const moments = [
    () => kept(folder).length >= 7,
    () => readdirSync(folder).some((name) => name.endsWith('.part')),
    () => kept(folder).length >= 49,
    () => deleted >= 1,
    () => deleted >= 30,
    () => drop.messages.length < COUNT,
    () => kept(folder).length >= 70,
    () => deleted >= 90,
  ];
  for (const moment of moments) {
    await run(script, token, folder, moment);
    // What is gone is kept, at any time.
    const texts = new Set(kept(folder).map((name) => readFileSync(`${folder}/${name}`, 'latin1')));
    const there = new Set(drop.messages.map(({ text }) => text));
    for (const text of all) assert.ok(texts.has(text) || there.has(text), text);
  }
  assert.equal(await run(script, token, folder), 0);
  assert.deepEqual(drop.messages, []);
  const files = kept(folder).map((name) => readFileSync(`${folder}/${name}`, 'latin1'));
  assert.deepEqual([...new Set(files)].sort(), all);
  assert.equal(kept(folder).length, readdirSync(folder).length);
});

test('when the mail server fails it ends with a fault, and a message that stays is no loop', async (t) => {
  const drop = new Maildrop([
    { uidl: 'a', text: message('a') },
    { uidl: 'b', text: message('b') },
  ]);
  const { api } = await frontOf(t, drop, { maildrop_patience: '100ms' });
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-download-`);
  t.after(() => rmSync(folder, { recursive: true }));
  const script = scriptOfReadme(api.port);
  const token = await tokenOf(api);
  drop.answers.DELE = '-ERR it stays\r\n';
  assert.notEqual(await run(script, token, folder), 0);
  assert.equal(drop.messages.length, 2);
  drop.answers = { PASS: '-ERR [IN-USE] somebody has it\r\n' };
  drop.hangUp();
  assert.notEqual(await run(script, token, folder), 0);
  drop.answers = {};
  assert.equal(await run(script, token, folder), 0);
  assert.equal(drop.messages.length, 0);
  assert.equal(kept(folder).length, 2);
});
