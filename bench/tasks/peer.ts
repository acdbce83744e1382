// A further node in a process of its own: joins the network of the token it is started with, works until it is ended.

import { startNode } from './swarm-node.ts';

const [name, token, agents, slots] = process.argv.slice(2);
await startNode(name!, Number(agents), Number(slots), token);
process.send?.('ready');
process.on('disconnect', () => process.exit(0));
// Nothing else keeps the process: the clock's timers do not.
setInterval(() => {}, 60_000);
