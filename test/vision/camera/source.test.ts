import { describe, expect, it } from 'vitest';
import { parseSource, redactUrls } from '../../../vision/camera/source.ts';

describe('parseSource', () => {
  it.each([
    ['folder:/srv/pictures', { kind: 'folder', path: '/srv/pictures' }],
    ['folder:///srv/pictures', { kind: 'folder', path: '/srv/pictures' }],
    ['v4l2:/dev/video0', { kind: 'ffmpeg', input: { kind: 'device', path: '/dev/video0' } }],
    ['file:/a/b.mp4', { kind: 'ffmpeg', input: { kind: 'file', path: '/a/b.mp4' } }],
    ['rendered:', { kind: 'rendered', scene: 'street', seed: 1 }],
    ['rendered:?scene=desk&seed=5', { kind: 'rendered', scene: 'desk', seed: 5 }],
  ])('reads %s', (text, source) => {
    expect(parseSource(text)).toEqual(source);
  });

  it.each([
    ['http://host/snap.jpg', 'still'],
    ['https://user:pw@host/snap.jpg', 'still'],
    ['mjpeg+http://host/stream', 'mjpeg'],
    ['rtsp://user:pw@host/1', 'ffmpeg'],
  ])('reads the address %s', (text, kind) => {
    expect(parseSource(text).kind).toBe(kind);
  });

  it.each(['', 'folder:relative', 'ftp://host/', 'http://', 'rendered:?scene=moon', 'rendered:?seed=-1', 'file:-i'])(
    'refuses "%s" with what would do',
    (text) => {
      expect(() => parseSource(text)).toThrow(
        expect.objectContaining({ code: 'CAMERA_SOURCE_INVALID', hint: expect.stringContaining('rtsp://') }),
      );
    },
  );

  it('never shows a password', () => {
    expect(() => parseSource('gopher://me:secret@host/')).toThrow(expect.not.stringContaining('secret'));
    expect(redactUrls('open rtsp://me:se@cret@host/1 and http://a:b@c')).toBe(
      'open rtsp://***@host/1 and http://***@c',
    );
  });
});
