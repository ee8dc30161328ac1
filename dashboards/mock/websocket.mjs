// Just enough of RFC 6455 for the mock: text frames, ping, close; no fragments, no extensions.
import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export function accept(request, socket, protocol) {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
}

export function frame(text, opcode = 1) {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? Buffer.from([0x80 | opcode, body.length])
      : body.length < 65536
        ? Buffer.from([0x80 | opcode, 126, body.length >> 8, body.length & 255])
        : Buffer.concat([Buffer.from([0x80 | opcode, 127, 0, 0, 0, 0]), u32(body.length)]);
  return Buffer.concat([head, body]);
}

function u32(n) {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(n);
  return buffer;
}

/** Calls `text` for each text message, `closed` once. */
export function listen(socket, { text, closed }) {
  let rest = Buffer.alloc(0);
  let over = false;
  const end = () => {
    if (!over) closed();
    over = true;
  };
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < 2) return;
      let size = rest[1] & 127;
      let at = 2;
      if (size === 126) {
        if (rest.length < 4) return;
        size = rest.readUInt16BE(2);
        at = 4;
      } else if (size === 127) {
        return socket.destroy();
      }
      if (rest.length < at + 4 + size) return;
      const mask = rest.subarray(at, at + 4);
      const body = Buffer.from(rest.subarray(at + 4, at + 4 + size));
      for (let i = 0; i < body.length; i++) body[i] ^= mask[i & 3];
      const opcode = rest[0] & 15;
      rest = rest.subarray(at + 4 + size);
      if (opcode === 1) text(body.toString());
      else if (opcode === 8) return socket.end(frame('', 8));
      else if (opcode === 9) socket.write(frame(body, 10));
    }
  });
  socket.on('close', end);
  socket.on('error', end);
}
