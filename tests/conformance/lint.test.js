// The document itself: valid, clean by Redocly's recommended rules, and with closed objects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfig, lint } from '@redocly/openapi-core';
import { Document } from './lib/document.js';
import { openSchemas } from './lib/closed.js';
import { openapiFile } from './lib/service.js';

test('the document lints clean', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      // The service runs wherever somebody installs it, and is not licensed to the world.
      'info-license': 'off',
      'no-server-example.com': 'off',
      'no-empty-servers': 'off',
      // Liveness has nothing to say about a client's mistakes.
      'operation-4xx-response': 'off',
    },
  });
  const problems = await lint({ ref: openapiFile, config });
  assert.deepEqual(
    problems.map(
      ({ ruleId, message, location: [at] }) => `${at.pointer ?? ''} ${message} (${ruleId})`,
    ),
    [],
  );
});

test('every object of the document says that it has no other members', () => {
  assert.deepEqual(openSchemas(Document.load(openapiFile)), []);
});
