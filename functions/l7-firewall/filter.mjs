// Drops packets that an analyzer has marked: those whose NSH context does not begin with a byte of 0.

import { Component } from 'weft-component';

const MARK = 0;
const component = new Component({ reasons: ['nsh-context'] });
let dropped = 0;

component.onPacket((packet) => {
  packet.output = packet.input;
  const { nsh } = packet;
  if (nsh !== null && nsh.context[MARK] !== 0) {
    dropped += 1;
    packet.drop('nsh-context');
  }
});
component.handler('dropped', { type: 'unsigned', unit: 'packets', help: 'packets dropped', read: () => dropped });
component.run();
