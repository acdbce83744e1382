// What the bench and its peers say to each other over their channel.

import type { MeshConfig } from '../../mesh/config.ts';

export type Preset = MeshConfig['preset'];

export interface Offer {
  /** Base64. */
  share: string;
  port: number;
  session: number;
  answer: boolean;
}

export type PeerCommand = Offer | 'stop';
