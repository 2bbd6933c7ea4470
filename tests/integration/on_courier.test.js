// The essential tests once more, on a real Courier.
import { runOn } from './lib/other_server.js';

await runOn('courier', 'folder_changes', 'changes', 'folders', 'message', 'lists', 'search');
