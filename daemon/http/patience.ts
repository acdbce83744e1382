// Routes that may take long: what a request to one of them is given instead of the usual time.

import type { FastifyRequest } from 'fastify';

/** What reads or writes the whole store, or asks another node, may take minutes on an SD card or a poor link. */
export const PATIENT = {
  handlerTimeout: 600_000,
  preHandler: async (request: FastifyRequest) => {
    request.raw.socket.setTimeout(600_000);
  },
};
