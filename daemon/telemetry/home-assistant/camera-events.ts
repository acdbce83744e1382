// What happens before a camera as Home Assistant event entities, for automations. They listen to the node's streams,
// which are of all its cameras: a template that renders nothing makes Home Assistant leave the message out.

import { DISTURBANCES } from '../../../vision/anomaly/judge.ts';
import type { ComponentOptions, DiscoveryContext } from './device.ts';

export function cameraEvents({ topics, page }: DiscoveryContext, camera: string): Record<string, ComponentOptions> {
  return {
    object: {
      platform: 'event',
      name: 'Object',
      icon: 'mdi:motion-sensor',
      event_types: ['appeared', 'left'],
      state_topic: topics.observations,
      value_template: objectTemplate(camera, page),
    },
    sight: {
      platform: 'event',
      name: 'Sight',
      icon: 'mdi:eye-off',
      event_types: ['clear', ...DISTURBANCES, 'unusual'],
      state_topic: topics.events,
      value_template: sightTemplate(camera),
    },
  };
}

/** The picture is stored a little after something appears, and the clip after it left: a link only to what is there. */
function objectTemplate(camera: string, page: string | undefined): string {
  const link = (what: 'clip' | 'snapshot', leaf: string) =>
    page === undefined
      ? ''
      : `, ${what}=${JSON.stringify(new URL('/api/v3/observations/', page).href)} ~ value_json.id ~ '/${leaf}' if value_json.${what} is defined else none`;
  return [
    `{% if value_json.camera == ${JSON.stringify(camera)} and value_json.phase in ['start', 'end'] %}`,
    "{{ dict(event_type='appeared' if value_json.phase == 'start' else 'left', observation=value_json.id,",
    ' label=value_json.label, confidence=value_json.confidence, zones=value_json.zones',
    link('snapshot', 'picture'),
    link('clip', 'clip'),
    ') | tojson }}{% endif %}',
  ].join('');
}

function sightTemplate(camera: string): string {
  return [
    `{% if value_json.subject == ${JSON.stringify(`camera/${camera}`)}`,
    " and value_json.kind in ['camera.tampered', 'camera.view-clear', 'camera.unusual'] %}",
    "{{ dict(event_type={'camera.view-clear': 'clear', 'camera.unusual': 'unusual'}.get(value_json.kind)",
    ' or value_json.data.is,',
    ' message=value_json.message) | tojson }}{% endif %}',
  ].join('');
}
