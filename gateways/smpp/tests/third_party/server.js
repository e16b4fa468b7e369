// An SMSC made with the npm package `smpp`, which shares no code with the connector under test.
// Prints its port on one line, then one JSON object per event. Ends when its standard input does.
'use strict';
const smpp = require('smpp');

const RECEIPT_DELAY_MS = 20;
let next = 0xab0000;

function say(event) {
  process.stdout.write(JSON.stringify(event) + '\n');
}

function receiptText(id) {
  return `id:${id} sub:001 dlvrd:001 submit date:2611210101 done date:2611210102 stat:DELIVRD err:000 text:`;
}

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  session.on('bind_transceiver', (pdu) => {
    const known = pdu.system_id === 'peyk' && pdu.password === 'geheim';
    session.send(pdu.response({ command_status: known ? smpp.ESME_ROK : smpp.ESME_RBINDFAIL }));
    say({ event: 'bind', known, version: pdu.interface_version });
    if (!known) session.close();
  });
  session.on('submit_sm', (pdu) => {
    const number = next++;
    const id = number.toString(16).toUpperCase();
    say({
      event: 'submit',
      id,
      source: pdu.source_addr,
      destination: pdu.destination_addr,
      esm_class: pdu.esm_class,
      data_coding: pdu.data_coding,
      registered_delivery: pdu.registered_delivery,
      validity_period: pdu.validity_period ? new Date(pdu.validity_period).toISOString() : null,
      text: pdu.short_message.message,
      udh: (pdu.short_message.udh || []).map((element) => Buffer.from(element).toString('hex')),
    });
    session.send(pdu.response({ message_id: id }));
    if (!(pdu.registered_delivery & 1)) return;
    setTimeout(() => {
      // Half of the receipts as text, half as TLVs, and the ids in lower case and with zeros in front.
      const spelled = '00' + id.toLowerCase();
      const receipt = {
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
      };
      if (number % 2) {
        receipt.short_message = receiptText(spelled);
      } else {
        receipt.receipted_message_id = spelled;
        receipt.message_state = smpp.MESSAGE_STATE.DELIVERED;
      }
      session.deliver_sm(receipt, (answer) => say({ event: 'receipt', id, status: answer.command_status }));
    }, RECEIPT_DELAY_MS);
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    say({ event: 'unbind' });
    session.send(pdu.response());
    session.close();
  });
});

server.listen(0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
