// A component that does what each packet and each call asks it to do: the suite that all SDKs pass runs against it.
import { Component, JsonText } from 'weft-component';

const component = new Component({ reasons: ['no-room', 'asked'], timestamps: true });
const counts = { packets: 0, bytes: 0, batch: 0, missed: 0 };
const kept = [];
const asleep = new Int32Array(new SharedArrayBuffer(4));
const sleep = (milliseconds) => Atomics.wait(asleep, 0, 0, milliseconds);

function emit(made, fill) {
  if (made === null) {
    counts.missed += 1;
    return;
  }
  fill(made.bytes);
  component.send(made);
}

function grow(packet, done, fill) {
  if (done) fill(packet.bytes);
  else packet.drop('no-room');
}

function fillNew(bytes, number) {
  bytes.fill(0x77);
  bytes.fill(0, 0, 12);
  bytes.set([0x88, 0xb5, 0xee, number], 12);
}

function writeHeader({ bytes, nsh }) {
  if (nsh === null) return;
  const said = [nsh.ttl, Number(nsh.oam), nsh.nextProtocol, nsh.tlvs.length];
  for (const { class: mdClass, type, value, unassigned } of nsh.tlvs) {
    said.push(mdClass >> 8, mdClass & 0xff, type, (unassigned ? 0x80 : 0) | value.length, ...value);
  }
  bytes.set(said, 16);
}

const words = (text) => new TextEncoder().encode(text);
const changes = [
  (tlvs) => tlvs.add({ class: 0x0102, type: 3, value: words('added') }),
  (tlvs) => tlvs.set(0x0100, 7, words('replaced!')),
  (tlvs) => tlvs.remove(0x0100, 7),
  (tlvs) => {
    tlvs.bytes = new Uint8Array(0);
  },
  (tlvs) => {
    tlvs.bytes = Uint8Array.of(0, 1, 2, 5, 0, 0, 0, 0);
  },
];

function writeMetadata(packet) {
  const { bytes, nsh } = packet;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(16, packet.mark);
  view.setUint32(20, nsh?.spi ?? 0);
  bytes[24] = nsh?.si ?? 0;
  bytes[25] = nsh?.type ?? 0;
  bytes.set(nsh?.context ?? new Uint8Array(16), 26);
  view.setBigUint64(42, packet.timestamp);
}

const operations = {
  1: (packet) => {
    const { bytes } = packet;
    for (let i = 16; i < bytes.length; i++) bytes[i] ^= 0x5a;
  },
  2: (packet, n) => grow(packet, packet.push(n), (bytes) => bytes.fill(0xa5, 0, n)),
  3: (packet, n) => grow(packet, packet.put(n), (bytes) => bytes.fill(0xb6, bytes.length - n)),
  4: (packet, n) => packet.pull(n) || packet.drop('no-room'),
  5: (packet, n) => (n <= packet.length && packet.trim(packet.length - n)) || packet.drop('no-room'),
  6: (packet, n) => {
    packet.output = n;
  },
  7: (packet, n) => packet.drop(n === 1 ? 'asked' : undefined),
  8: (packet, n) => {
    for (let i = 0; i < n; i++) {
      emit(component.newPacket(60), (bytes) => fillNew(bytes, i));
    }
  },
  9: (packet, n) => {
    for (let i = 0; i < n; i++) {
      emit(packet.clone(), (bytes) => {
        bytes[15] = 0x80 + i;
      });
    }
  },
  10: (packet, n) => {
    packet.mark = 0x01020300 + n;
  },
  11: writeMetadata,
  12: ({ nsh }, n) => {
    if (nsh === null) return;
    nsh.si = n;
    nsh.context.forEach((_, i, context) => {
      context[i] = n + i;
    });
  },
  13: (packet) => kept.push(packet.keep()),
  14: () => {
    for (const packet of kept.splice(0)) component.send(packet);
  },
  16: () => process.exit(3),
  17: () => sleep(Infinity),
  18: () => {
    throw new Error('thrown as asked');
  },
  19: (packet, n) => sleep(n),
  20: ({ nsh }, n) => nsh && Object.assign(nsh, { spi: 0x010200 + n, si: n }),
  21: writeHeader,
  22: ({ nsh }, n) => nsh?.type === 2 && changes[n](nsh.tlvs),
  23: (packet, n) => {
    for (let i = 0; i < n; i++) emit(component.newPacket(60, 128, packet), (bytes) => fillNew(bytes, i));
  },
  24: (packet, n) => {
    const parent = packet.keep();
    const made = component.newPacket(60, 128, parent);
    component.send(parent);
    emit(made, (bytes) => fillNew(bytes, n));
  },
};

component.onPacket((packet) => {
  const { bytes } = packet;
  counts.packets += 1;
  counts.bytes += bytes.length;
  counts.batch = Math.max(counts.batch, component.batchSize);
  if (bytes.length >= 16) operations[bytes[14]]?.(packet, bytes[15]);
});

for (const name of ['packets', 'bytes', 'batch', 'missed']) {
  const help = { packets: 'packets seen', bytes: 'bytes seen', batch: 'size of the largest batch', missed: 'packets that no frame was left for' }[name];
  component.handler(name, { type: 'unsigned', unit: name === 'bytes' ? 'bytes' : 'packets', help, read: () => counts[name] });
}

function keep(type, value, name = type, limits = '') {
  const write = (written, text) => {
    value = type === 'json' ? new JsonText(text) : written;
  };
  component.handler(name, { type, limits, help: `a value of type ${type}, kept as written`, read: () => value, write });
}

keep('text', 'hello');
keep('lines', 'a\nb\n');
keep('unsigned', 7);
keep('integer', -7);
keep('real', 0.5);
keep('bool', true, 'flag');
keep('json', new JsonText('{"a": [1, 2]}'));
keep('bytes', Uint8Array.of(0, 1, 255), 'blob');
keep('unsigned', 80, 'port', '0..65535');
keep('text', 'drop', 'mode', 'drop|mark');
keep('text', 'none', 'label', '..8 bytes');

function fail() {
  throw new Error('failed as asked');
}

component.handler('reset', {
  type: 'button',
  help: 'sets the counts to 0',
  write: () => Object.assign(counts, { packets: 0, bytes: 0, batch: 0, missed: 0 }),
});
component.handler('greet', {
  help: 'greets whom it is called with',
  limits: '..20 bytes',
  call: async (argument) => `hello ${argument}`,
});
component.handler('echo', { help: 'gives back its parameter', parameter: true, read: (parameter) => parameter });
component.handler('fail', { help: 'always fails', read: fail, write: fail });
component.handler('slow', {
  help: 'sleeps as many milliseconds as its parameter says',
  parameter: true,
  read: (parameter) => {
    sleep(Number(parameter));
    return 'slept';
  },
});
component.run();
