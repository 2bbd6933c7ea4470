// Waiting for a condition, never for a time.
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `check` until it returns something true, and returns that. What it throws counts as not
 * yet, and is part of the error when the limit is over.
 */
export async function waitFor(what, check, limitMs = 20_000) {
  const end = Date.now() + limitMs;
  let last;
  for (;;) {
    try {
      const result = await check();
      if (result) return result;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${limitMs} ms in vain for ${what}`, { cause: last });
    }
    await sleep(20);
  }
}

/** The promise's result, or an error that says what took too long. */
export async function within(limitMs, what, promise) {
  const controller = new AbortController();
  const late = sleep(limitMs, undefined, { signal: controller.signal }).then(() => {
    throw new Error(`${what} took more than ${limitMs} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    controller.abort();
  }
}
