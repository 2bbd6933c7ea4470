// Whether the document's objects say that they have no other members. A schema that is left open
// would let anything through unseen.

const COMPOSERS = ['allOf', 'oneOf', 'anyOf'];
const INSIDE = ['properties', 'patternProperties', '$defs'];
const ONE_INSIDE = ['items', 'additionalProperties', 'unevaluatedProperties', 'contains', 'not'];

/** Pointers of all object schemas, reachable from media types, that are not closed. */
export function openSchemas(document) {
  const open = new Set();
  const seen = new Set();
  for (const schema of mediaSchemas(document.root, new Set())) visit(schema, false, open, seen);
  return [...open].sort();
}

function visit(given, isClosedOutside, open, seen) {
  const node = given.document.resolve(given);
  const { value } = node;
  const key = `${node.pointer} ${isClosedOutside}`;
  if (value === null || typeof value !== 'object' || seen.has(key)) return;
  seen.add(key);
  // One closed part of an allOf closes all of it: the others can only narrow it.
  const parts = node.at('allOf')?.entries() ?? [];
  const isClosed =
    isClosedOutside ||
    isClosedItself(value) ||
    parts.some(([, part]) => isClosedItself(part.value));
  if (value.properties && !isClosed) open.add(node.pointer);
  for (const name of COMPOSERS) {
    node
      .at(name)
      ?.entries()
      .forEach(([, entry]) => visit(entry, isClosed, open, seen));
  }
  for (const name of INSIDE) {
    node
      .at(name)
      ?.entries()
      .forEach(([, entry]) => visit(entry, false, open, seen));
  }
  for (const name of ONE_INSIDE) if (node.at(name)) visit(node.at(name), false, open, seen);
}

const isClosedItself = (schema) =>
  schema.additionalProperties !== undefined || schema.unevaluatedProperties !== undefined;

/** Every schema of a media type below the paths. */
function* mediaSchemas(given, seen) {
  const node = given.document.resolve(given);
  if (node.value === null || typeof node.value !== 'object' || seen.has(node.pointer)) return;
  seen.add(node.pointer);
  for (const [key, entry] of node.entries()) {
    if (key === 'content') {
      for (const [, media] of entry.entries()) if (media.at('schema')) yield media.at('schema');
    } else if (!['schema', 'schemas', 'example', 'examples'].includes(key)) {
      yield* mediaSchemas(entry, seen);
    }
  }
}
