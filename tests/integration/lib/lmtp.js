// New mail: hands a message to the server as a mail transfer agent would.
import net from 'node:net';
import { within } from './wait.js';

export function deliver(server, username, message) {
  if (server.deliver) return server.deliver(username, message);
  const text = message.replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..').replace(/\r\n$/, '');
  return within(
    30_000,
    'the delivery of a message',
    new Promise((resolve, reject) => {
      const dialog = [
        ['220', 'LHLO localhost\r\n'],
        ['250', 'MAIL FROM:<sender@example.com>\r\n'],
        ['250', `RCPT TO:<${username}>\r\n`],
        ['250', 'DATA\r\n'],
        ['354', `${text}\r\n.\r\n`],
        ['250', 'QUIT\r\n'],
      ];
      const socket = net.connect(server.lmtpPort, '127.0.0.1');
      let answer = '';
      socket.on('error', reject);
      socket.on('close', () =>
        dialog.length ? reject(new Error(`LMTP broke off: ${answer}`)) : resolve(),
      );
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1');
        // The last line of an answer has a space after its code.
        const last = answer.match(/^(\d{3}) .*\r\n$/m);
        if (!last || !answer.endsWith(last[0])) return;
        answer = '';
        if (!dialog.length) {
          socket.end();
          return;
        }
        const [expected, next] = dialog.shift();
        if (last[1] !== expected) reject(new Error(`LMTP: ${last[0]}`));
        else socket.write(next);
      });
    }),
  );
}
