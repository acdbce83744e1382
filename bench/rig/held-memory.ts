// What a process of Node really holds: its heap and buffers after garbage is collected, asked over its inspector. The
// resident size that the kernel tells moves by tens of megabytes with garbage that nobody has collected yet.

import { until } from './processes.ts';

/** Lets a process be asked; it says where on its standard error. For its environment. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

interface MemoryUsage {
  heapUsed: number;
  external: number;
}

export class HeldMemory {
  readonly #socket: WebSocket;
  #number = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @param output what the process has said so far on its standard error */
  static async of(output: () => string): Promise<HeldMemory> {
    const address = (): string | undefined => /ws:\/\/\S+/.exec(output())?.[0];
    await until('the inspector listens', 30_000, () => address() !== undefined);
    const socket = new WebSocket(address()!);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error('the inspector refuses the connection'));
    });
    return new HeldMemory(socket);
  }

  /** Megabytes. */
  async megabytes(): Promise<number> {
    // What only a finished collection sets free goes with the second.
    for (let round = 0; round < 2; round++) await this.#call('HeapProfiler.collectGarbage', {});
    const { result } = await this.#call<{ result: { value: MemoryUsage } }>('Runtime.evaluate', {
      expression: '(({ heapUsed, external }) => ({ heapUsed, external }))(process.memoryUsage())',
      returnByValue: true,
    });
    return (result.value.heapUsed + result.value.external) / 1e6;
  }

  close(): void {
    this.#socket.close();
  }

  #call<T>(method: string, params: Record<string, unknown>): Promise<T> {
    const id = ++this.#number;
    return new Promise((resolve, reject) => {
      const heard = ({ data }: MessageEvent): void => {
        const answer: { id?: number; result: T } = JSON.parse(String(data));
        if (answer.id !== id) return;
        this.#socket.removeEventListener('message', heard);
        resolve(answer.result);
      };
      this.#socket.addEventListener('message', heard);
      this.#socket.addEventListener('close', () => reject(new Error('the inspector closed the connection')), {
        once: true,
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
