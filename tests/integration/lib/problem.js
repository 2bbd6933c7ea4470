// Problem documents, as every error is answered.
import assert from 'node:assert/strict';

/** Fails unless the answer is this problem, with all that a problem has. */
export function assertProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  const problem = answer.json;
  assert.equal(problem.code, code);
  assert.equal(problem.status, status);
  assert.ok(problem.type.endsWith(`/problems/${code}`), problem.type);
  assert.ok(problem.title && problem.detail);
  assert.equal(problem.requestId, answer.headers['x-request-id']);
}

/** "where code" of each of a 400's errors. */
export function errorsOf(answer) {
  assertProblem(answer, 400, 'invalid-request');
  return answer.json.errors.map(({ pointer, parameter, code }) => `${pointer ?? parameter} ${code}`);
}
