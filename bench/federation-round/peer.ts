// A further node in a process of its own: joins the network of the token it is started with, takes part until it is ended.

import { participantOf } from './federation-node.ts';
import { begin, makeMeshNode } from './mesh-node.ts';

const [name, token, number, size, wait] = process.argv.slice(2);
const node = makeMeshNode(name!);
const { participant } = participantOf({ ...node, number: Number(number), size: Number(size), wait: Number(wait) });
await begin(node, token);
await participant.start(new AbortController().signal);
process.send?.({ id: node.mesh.id, pid: process.pid });
process.on('disconnect', () => process.exit(0));
// Nothing else keeps the process: the clock's timers do not.
setInterval(() => {}, 60_000);
