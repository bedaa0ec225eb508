import { Component } from 'weft-component';

const component = new Component({ reasons: ['no-ipv6'] });
let dropped = 0;

component.onPacket((packet) => {
  const { bytes } = packet;
  if (bytes.length >= 14 && bytes[12] === 0x86 && bytes[13] === 0xdd) {
    packet.drop('no-ipv6');
    dropped += 1;
  }
});
component.handler('dropped', { type: 'unsigned', unit: 'packets', help: 'IPv6 packets dropped', read: () => dropped });
component.run();
