// What a camera's `source` setting means, and how it may be shown: a password in it never leaves this file's types.

import { ParlmeshError } from '../../core/errors.ts';

export type Source =
  | { kind: 'folder'; path: string }
  | { kind: 'still'; url: URL }
  | { kind: 'mjpeg'; url: URL }
  | { kind: 'ffmpeg'; input: FfmpegInput }
  | { kind: 'libcamera'; input: RpicamInput }
  | { kind: 'rendered'; scene: SceneName; seed: number };
export type SourceKind = Source['kind'];

export type FfmpegInput =
  | { kind: 'rtsp'; url: URL }
  | { kind: 'device'; path: string }
  | { kind: 'file'; path: string };

/** A board's own camera, by its number, and the pictures it is asked for. */
export interface RpicamInput {
  camera: number;
  width: number;
  height: number;
}

export const SCENE_NAMES = ['street', 'desk'] as const;
export type SceneName = (typeof SCENE_NAMES)[number];

/** Reads a `source` setting. Throws `CAMERA_SOURCE_INVALID`, without the credentials that the setting may hold. */
export function parseSource(text: string): Source {
  const [, scheme = '', rest = ''] = /^([a-z0-9+]+):(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case 'folder':
      return { kind: 'folder', path: pathOf(scheme, rest) };
    case 'http':
    case 'https':
      return { kind: 'still', url: urlOf(text) };
    case 'mjpeg+http':
    case 'mjpeg+https':
      return { kind: 'mjpeg', url: urlOf(text.slice('mjpeg+'.length)) };
    case 'rtsp':
    case 'rtsps':
      return { kind: 'ffmpeg', input: { kind: 'rtsp', url: urlOf(text) } };
    case 'v4l2':
      return { kind: 'ffmpeg', input: { kind: 'device', path: pathOf(scheme, rest) } };
    case 'file':
      return { kind: 'ffmpeg', input: { kind: 'file', path: pathOf(scheme, rest) } };
    case 'libcamera':
    case 'rpicam':
      return { kind: 'libcamera', input: rpicamOf(rest) };
    case 'rendered':
      return renderedOf(rest);
    default:
      throw invalid(`"${scheme || redactUrls(text).slice(0, 20)}" is no kind of camera source`);
  }
}

/** Replaces the user and password of every address in a text. */
export function redactUrls(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1***@');
}

function pathOf(scheme: string, rest: string): string {
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (!path.startsWith('/') || path.includes('\0')) throw invalid(`${scheme}: needs an absolute path`);
  return path;
}

function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') throw invalid('the address is not a URL with a host');
  return url;
}

function rpicamOf(rest: string): RpicamInput {
  const query = new URLSearchParams(rest.replace(/^\?/, ''));
  const whole = (name: string, usual: number, least: number, most: number): number => {
    const value = Number(query.get(name) ?? usual);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw invalid(`libcamera: ${name} must be a whole number from ${least} to ${most}`);
    }
    return value;
  };
  return {
    camera: whole('camera', 0, 0, 15),
    width: whole('width', 1280, 64, 4608),
    height: whole('height', 720, 64, 2592),
  };
}

function renderedOf(rest: string): Source {
  const query = new URLSearchParams(rest.replace(/^\?/, ''));
  const name = query.get('scene') ?? 'street';
  const scene = SCENE_NAMES.find((known) => known === name);
  if (scene === undefined) throw invalid(`there is no rendered scene "${name}"`);
  const seed = Number(query.get('seed') ?? 1);
  if (!Number.isSafeInteger(seed) || seed < 0) throw invalid('seed must be a whole number');
  return { kind: 'rendered', scene, seed };
}

function invalid(what: string): ParlmeshError {
  return new ParlmeshError('CAMERA_SOURCE_INVALID', what, {
    hint: 'Use folder:/path, http://…, mjpeg+http://…, rtsp://…, v4l2:/dev/video0, libcamera:, file:/path/video.mp4 or rendered:?scene=street|desk&seed=1',
  });
}
