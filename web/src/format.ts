// Numbers and times as people read them: a value, a no-break space, a unit. Pure; no page, no clock.

const NBSP = '\u00a0';
/** Shown where a value is not known, so that columns keep their place. */
export const UNKNOWN = '–';

/** Three significant digits at most, without trailing zeros after a whole number. */
function short(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

/** `1 234 567` bytes as `1.23 MB`; units of 1000, as disks and networks are sold. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${short(scaled)}${NBSP}${units[unit]}`;
}

/** A share of one as whole percent; small shares keep one digit so that 0.4 % loss is not shown as none. */
export function percent(share: number | undefined): string {
  if (share === undefined) return UNKNOWN;
  const value = share * 100;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)}${NBSP}%`;
}

/** A short time such as a round trip: `0.42 ms`, `38.0 ms`, `1.20 s`. */
export function latency(seconds: number | undefined): string {
  if (seconds === undefined) return UNKNOWN;
  const ms = seconds * 1000;
  return ms < 999.5 ? `${ms.toFixed(ms >= 99.5 ? 0 : ms >= 9.95 ? 1 : 2)}${NBSP}ms` : `${seconds.toFixed(2)}${NBSP}s`;
}

/** A long time in its two largest units: `3 d 4 h`, `12 min`, `45 s`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor((whole % 86_400) / 3_600);
  const minutes = Math.floor((whole % 3_600) / 60);
  if (days > 0) return `${days}${NBSP}d${NBSP}${hours}${NBSP}h`;
  if (hours > 0) return `${hours}${NBSP}h${NBSP}${minutes}${NBSP}min`;
  if (minutes > 0) return `${minutes}${NBSP}min`;
  return `${whole}${NBSP}s`;
}

export function celsius(value: number | undefined): string {
  return value === undefined ? UNKNOWN : `${value.toFixed(1)}${NBSP}°C`;
}

/** A cost among words: whole where it is whole. */
export function plainCost(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Link and route costs: two digits, no unit. */
export function cost(value: number | undefined): string {
  return value === undefined ? UNKNOWN : value.toFixed(2);
}

const pad = (value: number) => String(value).padStart(2, '0');

/** Local wall time; with the day where it is not today's. */
export function time(at: number | undefined, now: number, withSeconds = false): string {
  if (at === undefined) return UNKNOWN;
  const date = new Date(at);
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}${withSeconds ? `:${pad(date.getSeconds())}` : ''}`;
  if (date.toDateString() === new Date(now).toDateString()) return clock;
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const year = date.getFullYear() === new Date(now).getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `${day}${year} ${clock}`.replaceAll(' ', NBSP);
}

/** `1 camera`, `3 cameras`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number}${NBSP}${number === 1 ? one : many}`;
}

const IRREGULAR: Readonly<Record<string, string>> = { person: 'people', knife: 'knives', mouse: 'mice' };
/** Labels that have no other plural. */
const SAME = /(?:sheep|skis|scissors|broccoli)$/;

/** What is in view, by label: `2 people, 1 stop sign`. Labels without any are left out. */
export function things(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([label, number]) => count(number, label, plural(label)))
    .join(', ');
}

function plural(label: string): string {
  if (SAME.test(label)) return label;
  return IRREGULAR[label] ?? `${label}${/(?:s|x|ch|sh)$/.test(label) ? 'es' : 's'}`;
}

/** Three significant digits, whatever the size: `0.0412`, `1.03`, `812`. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** Words as a sentence or a title begins. */
export function capital(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** A peer id's telling end, for where a name is missing. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}
