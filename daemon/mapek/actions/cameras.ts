// Cameras, the detector and its model.

import { existsSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepairHands } from '../../../agents/mapek/action.ts';
import type { Symptom } from '../../../agents/mapek/symptom.ts';
import type { Supervisor } from '../../../agents/supervisor.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { checkModelFile, findModel } from '../../../vision/detection/model-file.ts';
import type { VisionProcessor } from '../../../vision/processor.ts';
import { resetUsb, usbSwitchOf } from './usb.ts';

export interface CameraHandsParts {
  vision: Pick<
    VisionProcessor,
    'camera' | 'cameras' | 'giveWay' | 'takeUpAgain' | 'useOtherDetector' | 'lookForDetector' | 'detectorId'
  >;
  supervisor: Pick<Supervisor, 'restart'>;
  /** The device file of a camera on this board. */
  deviceOf: (camera: string) => string | undefined;
  /** Folder of models that were added on this node, and of those that came with it. */
  ownModels: string;
  packagedModels: string;
}

export function cameraHands(parts: CameraHandsParts): RepairHands {
  const { vision, supervisor, deviceOf, ownModels, packagedModels } = parts;
  const known = (symptom: Symptom): true | string => {
    const id = cameraOf(symptom);
    if (id === undefined) return `${symptom.subject} is no camera`;
    return vision.camera(id) !== undefined || `camera ${id} is closed`;
  };
  const sees = (): true | string => vision.cameras().length > 0 || 'no camera of this node is open';
  return {
    'camera.restart': {
      precondition: known,
      carryOut: async (symptom, _why, signal) => {
        const id = cameraOf(symptom)!;
        await supervisor.restart(`camera/${id}`);
        const camera = vision.camera(id);
        // Its agent works before the camera has said how it is.
        await camera?.start(signal);
        const { state, cause } = camera?.snapshot() ?? { state: 'stopped', cause: undefined };
        if (state === 'lost') throw new ParlmeshError('REPAIR_FAILED', `Camera ${id} is lost again: ${cause}`);
        return `Camera ${id} was closed and opened again`;
      },
    },
    'camera.accept-view': {
      precondition: known,
      carryOut: async (symptom) => {
        vision.camera(cameraOf(symptom)!)?.acceptView();
        return `The present view of camera ${cameraOf(symptom)} is the right one from now on`;
      },
    },
    'camera.lower-rate': {
      precondition: sees,
      carryOut: async () => {
        vision.giveWay();
        return 'Cameras are looked at less for ten minutes';
      },
      undo: async () => vision.takeUpAgain(),
    },
    'camera.switch-detector': {
      precondition: sees,
      carryOut: async () => `Model ${await vision.useOtherDetector()} detects until the node starts anew`,
    },
    'model.reinstall': {
      precondition: () => {
        const isOwn = existsSync(join(ownModels, 'manifest.json'));
        return isOwn || `model ${vision.detectorId} came with parlmesh: there is no second copy on this node`;
      },
      carryOut: async () => {
        const id = vision.detectorId;
        const [own, packaged] = [await findModel([ownModels], id), await findModel([packagedModels], id)];
        if (own.manifest.sha256 !== packaged.manifest.sha256) {
          throw new ParlmeshError(
            'REPAIR_IMPOSSIBLE',
            `the packaged model ${id} is another version than the one that was added`,
          );
        }
        const state = await checkModelFile(packaged);
        if (state.kind !== 'ok')
          throw new ParlmeshError('REPAIR_IMPOSSIBLE', `the packaged model ${id} is ${state.kind}`);
        await copyFile(packaged.path, `${own.path}.part`);
        await rename(`${own.path}.part`, own.path);
        await vision.lookForDetector();
        return `Model ${id} was copied from the package again`;
      },
    },
    'usb.reset': {
      precondition: (symptom) => {
        const device = deviceOf(cameraOf(symptom) ?? '');
        if (device === undefined) return `${symptom.subject} is on no USB port of this board`;
        const found = usbSwitchOf(device);
        return 'switch' in found || found.why;
      },
      carryOut: async (symptom, _why, signal) => resetUsb(deviceOf(cameraOf(symptom)!)!, signal),
    },
  };
}

const cameraOf = ({ subject }: Pick<Symptom, 'subject'>): string | undefined =>
  subject.startsWith('camera/') ? subject.slice('camera/'.length) : undefined;
