// What `parlmesh model` does on the files of the data folder: models in, models out, and whether they run.

import { join } from 'node:path';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { candidatesAt, type Details } from '../../vision/detection/candidates.ts';
import { type Installed, installModels, removeModel } from '../../vision/detection/install.ts';
import { findModel, listModels, type Model, PACKAGED_MODELS } from '../../vision/detection/model-file.ts';
import { readModelForm } from '../../vision/detection/model-form.ts';

export const modelsIn = (dataDir: string): string => join(dataDir, 'models');

/** Where models are looked for: of two with one id the data folder's counts. */
export const modelFolders = (dataDir: string): string[] => [modelsIn(dataDir), PACKAGED_MODELS];

/** Nothing is installed of a model that does not run. */
export async function addModels(
  dataDir: string,
  path: string,
  options: Details & { replace: boolean; wall: number },
): Promise<Installed[]> {
  const models = await candidatesAt(path, options, readModelForm);
  for (const model of models) await tryModel(model);
  return installModels(modelsIn(dataDir), models, options);
}

export const takeModelOut = async (
  dataDir: string,
  id: string,
  wall: number,
): Promise<{ id: string; title: string }> => {
  const { title } = await removeModel(modelsIn(dataDir), id, wall);
  return { id, title };
};

export interface Verdict {
  id: string;
  ok: boolean;
  /** What is wrong. */
  cause?: string;
  path: string;
}

/** Whether files are whole and do what their manifest says: each is loaded and looks at a grey picture. */
export async function verifyModels(dataDir: string, id: string | undefined): Promise<Verdict[]> {
  const folders = modelFolders(dataDir);
  const models = id === undefined ? await listModels(folders) : [await findModel(folders, id)];
  const verdicts: Verdict[] = [];
  for (const model of models) {
    const about = { id: model.manifest.id, path: model.path };
    try {
      await tryModel(model);
      verdicts.push({ ...about, ok: true });
    } catch (error) {
      verdicts.push({ ...about, ok: false, cause: messageOf(error) });
    }
  }
  return verdicts;
}

async function tryModel(model: Model): Promise<void> {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  const { openSession } = await import('../../vision/detection/model-session.ts');
  try {
    const session = await openSession(model, 1);
    await session.warmUp().finally(() => session.release());
  } catch (error) {
    if (error instanceof ParlmeshError) throw error;
    throw new ParlmeshError('MODEL_BROKEN', `${model.path} cannot be run: ${messageOf(error)}`, { cause: error });
  }
}
