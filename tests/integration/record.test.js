// ./dev record and ./dev replay; and, as the recorder lets one choose, every SASL mechanism that
// Dovecot has.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER, dovecot } from './lib/dovecot.js';
import { root } from './lib/paths.js';

const tools = process.env.MAILBRIDGE_TOOLS ?? `${root}build/asan/tests/tools`;

let server;
let folder;
before(async () => {
  server = await dovecot();
  folder = mkdtempSync(`${tmpdir()}/mailbridge-record-`);
});
after(() => rmSync(folder, { recursive: true }));

function run(tool, args, password) {
  const env = { ...process.env, MAILBRIDGE_PASSWORD: password };
  return new Promise((resolve) => {
    execFile(`${tools}/${tool}`, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

function record(password = DEMO_PASSWORD, ...options) {
  const target = ['--port', server.imapsPort, '--ca', server.caFile, '--user', DEMO_USER];
  return run('mbrecord', [...target, ...options, 'localhost'], password);
}

async function replay(text) {
  const file = `${folder}/${Math.random()}.txt`;
  writeFileSync(file, text);
  return run('mbreplay', [file]);
}

test('what was recorded is played and understood the same', async () => {
  const recorded = await record();
  assert.equal(recorded.code, 0, recorded.stderr);
  assert.match(recorded.stderr, /^folder "INBOX" inbox$/m);
  assert.match(recorded.stderr, /^newest: 20 of/m);
  const played = await replay(recorded.stdout);
  assert.equal(played.code, 0, played.stdout + played.stderr);
  assert.equal(played.stdout, recorded.stderr);
});

test('a transcript that was changed takes another course, and that shows', async () => {
  const { stdout } = await record();
  const played = await replay(stdout.replace(/^C: (a\d+) NOOP$/m, 'C: $1 XNOOP'));
  assert.equal(played.code, 1);
  assert.match(played.stdout, /another course: want "a\d+ XNOOP", the client sent "a\d+ NOOP"/);
});

test('a transcript shows neither who nor what', async () => {
  const { stdout } = await record();
  assert.match(stdout, /^C~ a1 AUTHENTICATE LOGIN$/m);
  for (const { from, subject } of server.demoManifest()) {
    if (subject && subject.length > 8) assert.ok(!stdout.includes(subject), subject);
    for (const { email } of from ?? []) assert.ok(!stdout.includes(email), email);
  }
  assert.ok(!stdout.includes(DEMO_USER));
  assert.ok(!stdout.includes(Buffer.from(DEMO_USER).toString('base64')));
});

for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256']) {
  test(`${mechanism} logs in, and not with a wrong password`, async () => {
    const good = await record(DEMO_PASSWORD, '--sasl', mechanism);
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stdout, new RegExp(`^C~ a1 AUTHENTICATE ${mechanism}$`, 'm'));
    const bad = await record('wrong', '--sasl', mechanism);
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /^login: failed: auth AUTHENTICATIONFAILED/m);
  });
}
