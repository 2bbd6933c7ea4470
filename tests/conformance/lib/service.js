// What the conformance tests share: the document, and real ids to ask for.
import { root } from '../../integration/lib/paths.js';

export const openapiFile = process.env.MAILBRIDGE_OPENAPI ?? `${root}openapi/openapi.yaml`;

/**
 * Values by parameter and member name that exist for the user of `api`: the program's own answers
 * are where they come from.
 */
export async function collectSeeds(api, username, password) {
  const { folders } = (await api.get('/v1/folders')).json;
  const { messages, nextCursor, state } = (await api.get('/v1/folders/inbox/messages?limit=100')).json;
  const folderIds = ['inbox', 'sent', ...folders.map((folder) => folder.id)];
  const messageIds = messages.map((message) => message.id);
  const withParts = messages.find((message) => message.hasAttachment) ?? messages[0];
  return {
    folderId: folderIds,
    messageId: messageIds,
    id: [...folderIds, ...messageIds],
    partId: ['1', '2', '1.1'],
    cursor: nextCursor ? [nextCursor] : [],
    anchor: [withParts.id],
    sinceState: [state],
    ids: [[withParts.id], messageIds.slice(0, 3)],
    username: [username],
    password: [password],
  };
}
