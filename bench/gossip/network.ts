// What the bench asks of a gossip network that it measures.

export interface GossipNetwork {
  /** Node `from` says message `message` to all others. */
  publish(from: number, message: number): void;
  stop(): Promise<void>;
}

/** Starts `count` nodes in this process, each connected to each; resolves when all are. */
export type StartNetwork = (count: number, heard: (message: number) => void) => Promise<GossipNetwork>;
