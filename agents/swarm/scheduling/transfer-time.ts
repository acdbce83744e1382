// How long it is expected to take to bring bytes from one node to another, as a home knows its network. Pure.

export interface KnownWays {
  /** Seconds there and back between this node and another. */
  roundTrip(node: string): number;
  /** Bytes a second between this node and another; undefined until it was measured, and for this node itself. */
  speed(node: string): number | undefined;
}

/** Bytes a second that are reckoned with between boards until they are measured. */
export const UNMEASURED_SPEED = 5e6;

/** Seconds. What two other nodes are to each other is taken from what each is to this one: the slower end tells. */
export function transferSeconds({ roundTrip, speed }: KnownWays, from: string, to: string, bytes: number): number {
  if (bytes === 0) return 0;
  const measured = [speed(from), speed(to)].filter((known) => known !== undefined);
  const bytesPerSecond = measured.length === 0 ? UNMEASURED_SPEED : Math.min(...measured);
  return (roundTrip(from) + roundTrip(to)) / 2 + bytes / bytesPerSecond;
}
