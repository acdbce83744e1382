import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Checker, type Probe } from '../../../agents/kinds/checker.ts';
import { NOT_FAILING, observeOutcome } from '../../../agents/kinds/failing.ts';
import { httpProbe } from '../../../agents/kinds/http-probe.ts';
import { tcpProbe } from '../../../agents/kinds/tcp-probe.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { settle, supervise } from '../scripted-agent.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const base = { name: 'it', interval: 60, timeout: 10, failures: 2, recoveries: 2 };
const never = new AbortController().signal;

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  cleanups.push(() => server.close());
  return (server.address() as { port: number }).port;
}

describe('whether something fails', () => {
  it('is told after some failures in a row, and over after some good ones', () => {
    const rule = { kind: 'check', subject: 'agent/http/it', what: 'Check it', failures: 2, recoveries: 2 };
    let state = NOT_FAILING;
    const entries = ['x', '', 'x', 'x', 'x', '', 'x', '', '', ''].map((cause) => {
      const step = observeOutcome(state, { ok: cause === '', cause }, rule);
      state = step.state;
      return step.entry?.message;
    });
    expect(entries.flatMap((message, index) => (message === undefined ? [] : [[index, message]]))).toEqual([
      [3, 'Check it fails: x'],
      [8, 'Check it is all right again'],
    ]);
  });
});

describe('the agent that looks after a service', () => {
  async function checking(probe: Probe) {
    const clock = new VirtualClock();
    const parts = supervise({ clock });
    cleanups.push(() => parts.supervisor.stop());
    await parts.supervisor.start(never);
    await parts.supervisor.add({
      id: 'http/it',
      create: () =>
        new Checker({
          ...{ id: 'http/it', kind: 'http-checker', action: 'http.check', probe, interval: 1_000, timeout: 500 },
          rule: { kind: 'check', subject: 'agent/http/it', what: 'Check it', failures: 2, recoveries: 1 },
          ...{ journal: { record: (entry) => parts.journal.push(entry) }, clock, random: seededRandom(1) },
        }),
    });
    const pass = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 100) {
        clock.advance(100);
        await settle();
      }
    };
    return { ...parts, pass };
  }

  it('tells that it fails and recovers, with the cause', async () => {
    let wrong = false;
    const { pass, journal } = await checking(async () => {
      if (wrong) throw new Error('status 503');
    });
    await pass(3_000);
    expect(journal).toEqual([]);
    wrong = true;
    await pass(3_000);
    expect(journal).toMatchObject([
      { kind: 'check.failing', severity: 'warning', message: 'Check it fails: status 503', subject: 'agent/http/it' },
    ]);
    wrong = false;
    await pass(2_000);
    expect(journal.map(({ kind }) => kind)).toEqual(['check.failing', 'check.failing.cleared']);
  });

  it('takes silence for a failure, not for a hang of its own', async () => {
    const { pass, journal, stateOf } = await checking(
      (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await pass(20_000);
    expect(journal.map(({ message }) => message)).toEqual(['Check it fails: no answer within 0.5 s']);
    expect(stateOf('http/it')).toBe('ready');
  });

  it('answers a letter with what it saw last', async () => {
    const { pass, supervisor } = await checking(async () => {});
    await pass(2_000);
    const letter = {
      id: '1',
      from: 'one/x',
      body: null,
      wantsReply: true,
      hops: 0,
      expiresAt: Number.POSITIVE_INFINITY,
    };
    expect(await supervisor.deliver('http/it', letter)).toMatchObject({ ok: true, failing: false });
  });
});

describe('a web address', () => {
  async function answering(status: number, text: string): Promise<string> {
    const server = createHttpServer((_request, response) => {
      response.writeHead(status).end(text);
    });
    return `http://127.0.0.1:${await listen(server)}/`;
  }

  it('is right with a status and a text that are expected', async () => {
    const url = await answering(200, 'all is well');
    await httpProbe({ ...base, url, expectStatus: [] })(never);
    await httpProbe({ ...base, url, expectStatus: [], expectText: 'is well' })(never);
    await expect(httpProbe({ ...base, url, expectStatus: [204] })(never)).rejects.toThrow('status 200');
    await expect(httpProbe({ ...base, url, expectStatus: [], expectText: 'ill' })(never)).rejects.toThrow('"ill"');
    const missing = await answering(404, '');
    await expect(httpProbe({ ...base, url: missing, expectStatus: [] })(never)).rejects.toThrow('status 404');
    await httpProbe({ ...base, url: missing, expectStatus: [404] })(never);
  });

  it('is wrong, with the cause, when nobody answers', async () => {
    const probe = httpProbe({ ...base, url: 'http://127.0.0.1:9/', expectStatus: [] });
    await expect(probe(never)).rejects.toThrow(/ECONNREFUSED|bad port/);
  });
});

describe('a port', () => {
  it('is right when it takes a connection and greets as expected', async () => {
    const port = await listen(createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n')));
    await tcpProbe({ ...base, host: '127.0.0.1', port })(never);
    await tcpProbe({ ...base, host: '127.0.0.1', port, expectText: 'SSH-2' })(never);
    await expect(tcpProbe({ ...base, host: '127.0.0.1', port, expectText: 'FTP' })(never)).rejects.toThrow('"FTP"');
  });

  it('is wrong when nobody listens or nothing comes', async () => {
    await expect(tcpProbe({ ...base, host: '127.0.0.1', port: 9 })(never)).rejects.toThrow('ECONNREFUSED');
    const port = await listen(createServer((socket) => socket.on('error', () => {})));
    const late = AbortSignal.timeout(100);
    await expect(tcpProbe({ ...base, host: '127.0.0.1', port, expectText: 'hi' })(late)).rejects.toThrow(/abort/i);
  });
});
