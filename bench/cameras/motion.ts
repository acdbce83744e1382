// Debian's `motion` on the same streams: it searches each picture for motion, keeps nothing and shows nothing.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Watched } from './measured.ts';

const FRAMES_A_SECOND = 5;
/** Seconds until all its cameras are open. */
const STARTS_WITHIN = 8;
/** Kernel ticks a second, as /proc counts them. */
const TICKS = 100;

export const motionVersion = (): string | undefined =>
  /motion version ([\d.]+)/i.exec(spawnSync('motion', ['-h'], { encoding: 'utf8' }).stdout ?? '')?.[1];

/** It does not tell how many frames it looked at: those that the streams played. */
export async function watchWithMotion(port: string, cameras: number, seconds: number): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-bench-motion-'));
  const common = [
    ...['daemon off', 'setup_mode off', 'log_level 3', 'webcontrol_port 0', 'stream_port 0'],
    ...['picture_output off', 'movie_output off', 'text_left', 'text_right', `target_dir ${folder}`],
    ...['width 640', 'height 360', `framerate ${FRAMES_A_SECOND}`],
  ];
  const files = await Promise.all(
    Array.from({ length: cameras }, async (_, i) => {
      const file = join(folder, `camera-${i}.conf`);
      await writeFile(file, `camera_id ${i + 1}\nnetcam_url http://127.0.0.1:${port}/${i}\n`);
      return file;
    }),
  );
  const main = join(folder, 'motion.conf');
  await writeFile(main, [...common, ...files.map((file) => `camera ${file}`)].join('\n'));
  const child = spawn('motion', ['-n', '-c', main], { stdio: 'ignore' });
  try {
    await sleep(STARTS_WITHIN * 1000);
    const before = cpuOf(child.pid!);
    await sleep(seconds * 1000);
    const cpuSeconds = cpuOf(child.pid!) - before;
    return { frames: cameras * seconds * FRAMES_A_SECOND, searched: 0, cpuSeconds, memoryBytes: memoryOf(child.pid!) };
  } finally {
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
    await rm(folder, { recursive: true, force: true });
  }
}

function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
