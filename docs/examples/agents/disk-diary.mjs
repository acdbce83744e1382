// Keeps a diary of how full the disk is, tells when it fills up quickly, and answers letters with the last entries.
// Copy it with disk-diary.yaml into the folder of modules (`agents` in the data folder) and reload: systemctl reload parlmesh

import fs from 'node:fs';
import path from 'node:path';

const EVERY_MS = 60_000;
const MOST_ENTRIES = 1_440;
let entries = [];
let file;

export async function start(api) {
  file = path.join(api.dataFolder, 'diary.json');
  if (fs.existsSync(file)) entries = JSON.parse(fs.readFileSync(file, 'utf8'));
  note(api);
  setInterval(() => note(api), EVERY_MS);
}

/** Letters: `{ "last": 10 }`. The reply is the newest entries. */
export function onMessage(letter) {
  const last = Math.min(100, Math.max(1, Number(letter.body?.last) || 10));
  return entries.slice(-last);
}

function note(api) {
  const { blocks, bavail } = fs.statfsSync(api.dataFolder);
  const used = 1 - bavail / blocks;
  const before = entries.at(-60);
  entries = [...entries, { at: Date.now(), used }].slice(-MOST_ENTRIES);
  fs.writeFileSync(file, JSON.stringify(entries));
  api.log(`${(used * 100).toFixed(1)} % of the disk is used`);
  if (before !== undefined && used - before.used > 0.05) {
    api.tell('warning', 'the disk filled up by more than 5 % within an hour');
  }
}
