// Where things are, and running the helpers of tests/support.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const support = `${root}tests/support`;
export const testFolder = `${root}build/test`;

/** Runs a program of tests/support; what it printed is in the error if it fails. */
export function runSupport(name, ...args) {
  return run(`${support}/${name}`, args.map(String), { maxBuffer: 1 << 24 });
}
