// The essential tests once more, on a real Cyrus.
import { runOn } from './lib/other_server.js';

await runOn('cyrus', 'folder_changes', 'changes', 'folders', 'message', 'lists', 'search');
