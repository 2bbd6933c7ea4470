// run.js [--tap FILE] TEST-FILES...: runs them with node's test runner beside one Dovecot.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startDemoDovecot } from './dovecot.js';
import { testFolder } from './paths.js';

const { values, positionals } = parseArgs({
  options: { tap: { type: 'string' } },
  allowPositionals: true,
});

function runTests(env) {
  const args = ['--test', '--test-reporter=spec', '--test-reporter-destination=stdout'];
  if (values.tap) args.push('--test-reporter=tap', `--test-reporter-destination=${values.tap}`);
  const child = spawn(process.execPath, [...args, ...positionals], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const folder = `${testFolder}/dovecot`;
rmSync(folder, { recursive: true, force: true });
const server = await startDemoDovecot(folder);
try {
  process.exitCode = await runTests({ MAILBRIDGE_TEST_DOVECOT: folder });
} finally {
  server.stop();
}
