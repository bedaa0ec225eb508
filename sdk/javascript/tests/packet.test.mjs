import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batch, DROP, METADATA, entriesOf, packetOf } from './package.mjs';

const numbered = (length) => Uint8Array.from({ length }, (_, i) => i & 255);

test('bytes are the packet itself', () => {
  const entries = entriesOf(numbered(60), numbered(20));
  const packet = packetOf(entries, 1);
  assert.deepEqual(packet.bytes, numbered(20));
  packet.bytes[3] = 0xee;
  assert.equal(entries.pool[entries.offsets[1] + 3], 0xee);
  assert.equal(packet.length, 20);
});

test('bytes are found again, and are others where the packet has moved', () => {
  const packet = packetOf(entriesOf(numbered(60)));
  const before = packet.bytes;
  assert.equal(packet.bytes, before);
  assert.equal(packet.pull(14), true);
  assert.deepEqual(packet.bytes, numbered(60).subarray(14));
});

test('push and pull move the start between the reserved bytes and the end', () => {
  const packet = packetOf(entriesOf(numbered(60)));
  assert.equal(packet.headroom, 128);
  assert.equal(packet.push(129), false);
  assert.equal(packet.push(128), true);
  assert.deepEqual([packet.headroom, packet.length], [0, 188]);
  assert.equal(packet.pull(189), false);
  assert.equal(packet.pull(188), true);
  assert.deepEqual([packet.headroom, packet.length, packet.bytes.length], [188, 0, 0]);
});

test('put and trim move the end up to that of the frame', () => {
  const packet = packetOf(entriesOf(numbered(60)));
  assert.equal(packet.tailroom, 2112 - 144 - 60);
  assert.equal(packet.put(packet.tailroom + 1), false);
  assert.equal(packet.put(packet.tailroom), true);
  assert.deepEqual([packet.tailroom, packet.length], [0, 1968]);
  assert.equal(packet.trim(1969), false);
  assert.equal(packet.trim(0), true);
  assert.equal(packet.length, 0);
});

test('what is no number of bytes is refused, and changes nothing', () => {
  const packet = packetOf(entriesOf(numbered(60)));
  for (const count of [-1, 1.5, NaN, Infinity, '4', undefined, 2n]) {
    for (const change of ['push', 'pull', 'put', 'trim']) {
      assert.throws(() => packet[change](count), { name: 'RangeError', message: `${count} is no number of bytes` });
    }
  }
  assert.deepEqual(packet.bytes, numbered(60));
});

test('numbers are read and written in network byte order, inside the packet only', () => {
  const packet = packetOf(entriesOf(numbered(60)));
  assert.deepEqual([packet.getUint8(59), packet.getUint16(58), packet.getUint32(56)], [59, 0x3a3b, 0x38393a3b]);
  packet.setUint32(0, 0xfedcba98);
  packet.setUint16(4, 0x12345);
  packet.setUint8(6, 0x1ff);
  assert.deepEqual([...packet.bytes.subarray(0, 8)], [0xfe, 0xdc, 0xba, 0x98, 0x23, 0x45, 0xff, 7]);
  assert.equal(packet.getUint32(0), 0xfedcba98);
  assert.throws(() => packet.getUint32(57), { name: 'RangeError', message: 'bytes 57 to 60 of a packet of 60 bytes' });
  for (const offset of [-1, 60, NaN, undefined]) {
    assert.throws(() => packet.getUint8(offset), RangeError);
    assert.throws(() => packet.setUint8(offset, 1), RangeError);
  }
});

test('the last of output and drop counts', () => {
  const entries = entriesOf(numbered(60));
  const packet = packetOf(entries);
  assert.equal(packet.output, 0);
  packet.output = 2;
  assert.deepEqual([entries.ports[0], entries.flags[0]], [2, 0]);
  packet.drop('asked');
  assert.deepEqual([entries.ports[0], entries.flags[0], packet.output, packet.dropped], [2, DROP, -1, true]);
  packet.drop();
  assert.equal(entries.ports[0], 0);
  packet.output = 1;
  assert.deepEqual([packet.output, packet.dropped], [1, false]);
});

test('outputs and reasons that there are not are refused', () => {
  const packet = packetOf(entriesOf(numbered(60)));
  for (const output of [3, -1, 0.5, NaN, '1x']) {
    assert.throws(
      () => {
        packet.output = output;
      },
      { name: 'RangeError', message: `output ${output}: outputs are 0 to 2` },
    );
  }
  assert.throws(() => packet.drop('nope'), {
    message: "reason 'nope' is not declared; declared: no-room, asked; new Component({ reasons: [...] }) declares them",
  });
  assert.equal(packet.dropped, false);
});

test('metadata that did not come is filled whole', () => {
  const entries = entriesOf(numbered(60), numbered(60));
  entries.contexts.fill(0xff);
  const packet = packetOf(entries, 1);
  assert.deepEqual([packet.mark, packet.timestamp, packet.nsh], [0, 0n, null]);
  packet.mark = 0x01020304;
  assert.equal(entries.flags[1], METADATA);
  assert.deepEqual([...entries.contexts.subarray(64)], [4, 3, 2, 1, ...new Array(60).fill(0)]);
  assert.deepEqual([...entries.contexts.subarray(0, 64)], new Array(64).fill(0xff));
  packet.timestamp = 2n ** 64n - 1n;
  assert.deepEqual([packet.mark, packet.timestamp], [0x01020304, 2n ** 64n - 1n]);
});

test('a batch has the same packets in arrays', () => {
  const entries = entriesOf(numbered(60), numbered(20));
  const packets = [packetOf(entries, 0), packetOf(entries, 1)];
  const batch = new Batch(entries, packets, packets[0]._owner);
  batch.count = 2;
  assert.deepEqual([...batch], packets);
  assert.equal(batch.packet(1), packets[1]);
  assert.deepEqual([...batch.lengths.subarray(0, 2)], [60, 20]);
  assert.equal(batch.pool[batch.offsets[1] + 19], 19);
  assert.equal(batch.words[batch.offsets[1] / 4], 0x03020100);
  assert.deepEqual(batch.bytes(0), numbered(60));
  batch.drop(1, 'no-room');
  assert.deepEqual([packets[1].dropped, batch.ports[1]], [true, 1]);
  for (const i of [2, -1, NaN]) assert.throws(() => batch.packet(i), { message: `packet ${i} of a batch of 2` });
});

test('packets of an engine that is gone are empty', () => {
  const entries = entriesOf(numbered(60));
  const packet = packetOf(entries);
  const { bytes } = packet;
  structuredClone(entries.pool.buffer, { transfer: [entries.pool.buffer] });
  structuredClone(entries.times.buffer, { transfer: [entries.times.buffer] });
  for (const array of [entries.offsets, entries.lengths, entries.begins, entries.ends]) array.fill(0);
  entries.forget();
  assert.deepEqual([bytes.length, packet.bytes.length, packet.push(1), packet.put(1)], [0, 0, false, false]);
  packet.mark = 7;
  assert.deepEqual([packet.mark, packet.timestamp], [0, 0n]);
  assert.throws(() => packet.getUint8(0), RangeError);
});
