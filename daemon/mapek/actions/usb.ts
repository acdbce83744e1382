// A USB device cut off and let in again, as if it had been pulled and plugged: by the kernel's own switch, `authorized` in
// sysfs (Documentation/usb/authorization.rst), where this process may write it.

import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ParlmeshError } from '../../../core/errors.ts';

/** Drivers let go of a device within it. */
const OFF_FOR = 500;

/** @param device `/dev/video0` or a link to it, as udev makes them in /dev/v4l/by-id */
export function usbSwitchOf(device: string, sys = '/sys'): { switch: string } | { why: string } {
  try {
    const name = basename(realpathSync(device));
    let at = realpathSync(join(sys, 'class/video4linux', name, 'device'));
    // The camera is an interface; what can be switched is the device that it belongs to, a folder or two above.
    while (at.startsWith(sys) && at !== sys && !existsSync(join(at, 'authorized'))) at = dirname(at);
    // Interfaces have a switch of that name as well.
    if (!existsSync(join(at, 'idVendor'))) at = dirname(at);
    const file = join(at, 'authorized');
    if (!existsSync(join(at, 'idVendor')) || !existsSync(file)) return { why: `${device} is no USB device` };
    accessSync(file, constants.W_OK);
    return { switch: file };
  } catch {
    return { why: `this node may not switch the USB port of ${device}, or it is not there` };
  }
}

export async function resetUsb(device: string, signal: AbortSignal, sys = '/sys'): Promise<string> {
  const found = usbSwitchOf(device, sys);
  if (!('switch' in found)) throw new ParlmeshError('REPAIR_IMPOSSIBLE', found.why);
  signal.throwIfAborted();
  await writeFile(found.switch, '0');
  try {
    await pause(OFF_FOR);
  } finally {
    await writeFile(found.switch, '1');
  }
  return `The USB device of ${device} was cut off and let in again`;
}
