// The window through which HTTP, MQTT and the command line see the node: snapshots to read, changes to follow, and
// the few things they may ask for. `daemon/node.ts` implements it by joining the services; nothing here keeps state.

import type { Actor } from '../../agents/authorizer.ts';
import type { ConsentChoice, LeavingKind } from '../../agents/federation/privacy/config.ts';
import type { PolicyDocument } from '../../agents/parl/policy.ts';
import type { BlobRef } from '../../agents/swarm/blob-ref.ts';
import type { JobSpec } from '../../agents/swarm/job-spec.ts';
import type { JobDetailView, JobState, JobView, SwarmView } from '../../agents/swarm/job-view.ts';
import type { TextReading } from '../../vision/ocr/reading.ts';
import type { DrawnAreas } from '../cameras/drawn-areas.ts';
import type { AcknowledgeRequest, AnomaliesView, QuietHours } from './anomaly-schema.ts';
import type { ActivityView, CameraAreasView, ObservationPage } from './camera-schema.ts';
import type { EpisodeView, PlacesView } from './correction-schema.ts';
import type { DrawingView } from './drawing-schema.ts';
import type { FederationLedgerView, FederationView, ModelsView, RoundsView } from './federation-schema.ts';
import type { HealingView, IncidentAnswer, IncidentDetailView, IncidentView } from './incident-schema.ts';
import type { KeyRotationView, MemberView, NetworkView } from './network-schema.ts';
import type { ImportedPolicyView, PolicyView } from './policy-schema.ts';
import type { PowerView } from './power-schema.ts';
import type { PlanView, RouteChangeView, RouteExplanationView, RouteView, SurveyView } from './route-schema.ts';
import type {
  AgentView,
  CameraView,
  ChangeTopic,
  EventView,
  HardwareView,
  LinkView,
  ModelView,
  NodeView,
  ObservationView,
  PeerView,
  StoreView,
  TopologyView,
} from './schema.ts';

export interface EventQuery {
  /** Only entries with a greater id. */
  after?: number;
  before?: number;
  limit?: number;
  severity?: 'info' | 'warning' | 'error';
  /** Prefix of the kind, e.g. `camera.`. */
  kind?: string;
  subject?: string;
}

export interface ObservationQuery {
  camera?: string;
  label?: string;
  /** Milliseconds since 1970. */
  since?: number;
  until?: number;
  limit?: number;
}

export interface ObservationSearch {
  camera?: string;
  label?: string;
  zone?: string;
  /** Part of a label, a camera or a zone. */
  text?: string;
  /** Milliseconds since 1970, of the start. */
  from?: number;
  to?: number;
  /** Where an earlier answer ended. */
  cursor?: string;
  limit?: number;
}

export interface RouteLogQuery {
  /** Only changes with a lesser id. */
  before?: number;
  limit?: number;
  /** Id or name of the destination. */
  node?: string;
}

export interface IncidentQuery {
  /** Only those that are not over, or only those that are. */
  open?: boolean;
  subject?: string;
  limit?: number;
}

export interface JobQuery {
  state?: JobState;
  /** Only jobs that were submitted earlier, milliseconds since 1970. */
  before?: number;
  limit?: number;
}

/** What changed, with the new value where it is one thing (an observation, a job, an event), else the new snapshot. */
export interface Change {
  topic: ChangeTopic;
  value: unknown;
}

export interface Snapshot {
  /** Bytes of a JPEG, or of whatever was asked for. */
  picture: Uint8Array;
  at: number;
}

/** What is seen of jobs and of the nodes that work on them. */
export interface JobWindow {
  /** Jobs that this node knows, newest submission first; 100 when nothing else is asked. Cheap. */
  jobs(query?: JobQuery): JobView[];
  /** With all its tasks. Throws `JOB_UNKNOWN`. */
  job(id: string): Promise<JobDetailView>;
  swarm(): SwarmView;
  /**
   * The bytes of a blob, by their SHA-256. Throws `BLOB_UNKNOWN`.
   * @param job whose nodes are asked for it when it is not here
   */
  blob(sha256: string, job?: string): Promise<AsyncIterable<Uint8Array>>;
}

/** What is seen of the learned scheduler. */
export interface PolicyWindow {
  policy(): PolicyView;
  /** A whole policy, as it is exported. Throws `POLICY_UNKNOWN`. @param version or its beginning; left out, the current one */
  policyDocument(version?: string): PolicyDocument;
}

/** What is seen of the federation. Rounds and models are asked of the coordinator where that is another node. */
export interface FederationWindow {
  federation(): Promise<FederationView>;
  /** Newest first. Throws `FEDERATION_UNKNOWN_LEARNER`, `FEDERATION_NO_COORDINATOR`, or what the relay says. */
  federationRounds(learner: string, limit: number): Promise<RoundsView>;
  federationModels(learner: string, limit: number): Promise<ModelsView>;
  /** What left this node, newest first. */
  federationLedger(limit: number): FederationLedgerView;
}

/** What is seen of the self-healing. */
export interface HealingWindow {
  /** Those that are not over first, newest first; 50 when nothing else is asked. */
  incidents(query?: IncidentQuery): IncidentView[];
  /** @param id or its beginning. Throws `INCIDENT_UNKNOWN` */
  incident(id: string): IncidentDetailView;
  healing(): HealingView;
}

/** What is seen of anomalies. */
export interface AnomalyWindow {
  anomalies(): AnomaliesView;
}

/** Everything that may be seen. All calls are cheap: in-memory snapshots or short indexed reads. */
export interface View extends JobWindow, PolicyWindow, FederationWindow, HealingWindow, AnomalyWindow {
  node(): NodeView;
  /** As followers were told last, at most every second; undefined before. Rounds elsewhere may be half a minute further. */
  federationNow(): FederationView | undefined;
  hardware(): HardwareView | undefined;
  peers(): PeerView[];
  links(): LinkView[];
  routes(): RouteView[];
  /** The newest changes of routes since the start, newest first; without a query what a follower is told. */
  routeLog(query?: RouteLogQuery): RouteChangeView[];
  /** By id or name. Throws `ROUTE_UNKNOWN`. */
  explainRoute(node: string): RouteExplanationView;
  /** Of the whole network; computed in worker threads, and once while nothing changes. */
  plan(): Promise<PlanView>;
  topology(): TopologyView;
  /** @param from id or name of the node whose routes are wanted; left out, this one. Throws `NODE_UNKNOWN`. */
  survey(from?: string): SurveyView;
  agents(): AgentView[];
  cameras(): CameraView[];
  models(): Promise<ModelView[]>;
  store(): StoreView;
  /** The effective configuration with secrets replaced by "•••". */
  config(): unknown;
  events(query: EventQuery): EventView[];
  observations(query: ObservationQuery): ObservationView[];
  /** Newest start first, a page at a time. Throws `CURSOR_INVALID`. */
  searchObservations(query: ObservationSearch): ObservationPage;
  /** Named time series of the last hours for the page's charts: `[at, value][]`, newest last. */
  history(series: string, since: number): [number, number][];
  /** What the self-correction did, newest first. */
  corrections(): EpisodeView[];
  /** Places that cameras watch, and how they are. */
  places(): PlacesView;
  /** The newest frame of a camera, with boxes drawn unless told not to, or undefined before the first. */
  cameraPicture(id: string, options?: { boxes?: boolean }): Promise<Snapshot | undefined>;
  observationPicture(id: string): Promise<Snapshot | undefined>;
  /** An animated WebP. */
  observationClip(id: string): Promise<Snapshot | undefined>;
  /** Where things were seen in a camera's picture; undefined for a camera that there is not. */
  activity(camera: string): ActivityView | undefined;
  /** Zones, masks and private areas; undefined for a camera that there is not. */
  cameraAreas(camera: string): CameraAreasView | undefined;
  /** Prometheus text exposition. */
  metrics(): Promise<string>;
  /** Calls `listener` on every change until the returned function is called. Listeners must not throw. */
  follow(listener: (change: Change) => void): () => void;
}

/** What operators see and change of the network. */
export interface NetworkActions {
  network(): Promise<NetworkView>;
  networkMembers(): Promise<MemberView[]>;
  createInvite(options: { expiresInSeconds: number; name?: string }): Promise<{ token: string; expiresAt: number }>;
  /** Enrols this node with the inviter that the token names, and moves it into that network. */
  joinNetwork(token: string): Promise<{ network: { id: string; name: string } }>;
  /** Removes a member for good; only where the authority of the network is. */
  removeMember(id: string): Promise<void>;
  /** Takes from a peer again that this node has shut out. Throws `PEER_NOT_FOUND`. @param by who says so */
  readmitPeer(id: string, by: string): Promise<void>;
  /** Makes a new network key and begins to hand it out; only where the authority of the network is. */
  rotateKey(): Promise<KeyRotationView>;
}

/** What people and programs ask of jobs. Each call is authorised for the actor. */
export interface JobActions {
  /**
   * Resolves once the job is on the disk of this node and of another, if there is one.
   * @param options.id chosen by the submitter: the same again answers with the job that has it. `[a-z0-9-]{4,64}`
   */
  submitJob(spec: JobSpec, actor: Actor, options?: { id?: string }): Promise<JobView>;
  cancelJob(id: string, actor: Actor): Promise<JobView>;
  /** Runs what failed, was set aside or cancelled again; what succeeded stays. */
  retryJob(id: string, actor: Actor): Promise<JobView>;
  /** Keeps bytes for inputs of jobs, as a stream that is never held in memory as a whole. Throws `BLOB_LIMIT`. */
  writeBlob(bytes: AsyncIterable<Uint8Array>, mediaType?: string): Promise<BlobRef>;
}

/** What operators change of the learned scheduler of this node. */
export interface PolicyActions {
  /** Makes a policy the current one. Throws `POLICY_UNKNOWN`. */
  promotePolicy(version: string): Promise<PolicyView>;
  /** Back to the one before. Throws `POLICY_UNKNOWN` when there is none. */
  rollbackPolicy(): Promise<PolicyView>;
  /** Keeps a policy from outside. Throws `POLICY_INVALID`. */
  importPolicy(document: PolicyDocument): Promise<ImportedPolicyView>;
}

/** What operators change of the federation. Rounds only where the coordinator is: throws `FEDERATION_NOT_COORDINATOR`. */
export interface FederationActions {
  /** Begins a round now, paused or not. Throws `ROUND_RUNNING`, `ROLLOUT_BUSY`. */
  beginRound(learner: string): Promise<void>;
  /** Ends the round that runs: nothing of it counts. */
  cancelRound(learner: string, by: string): Promise<void>;
  pauseRounds(by: string, reason: string): Promise<void>;
  resumeRounds(by: string): Promise<void>;
  /** What may leave this node. @param choice undefined goes back to the configuration */
  setConsent(learner: string, kind: LeavingKind, choice: ConsentChoice | undefined): Promise<void>;
  /** A new period of a learner’s privacy budget on this node. */
  beginPrivacyAccount(learner: string): Promise<void>;
  /** What waits for the owner leaves, or does not. */
  decideHeld(id: string, isApproved: boolean): Promise<void>;
}

/** What is looked at when somebody asks. */
export interface VisionActions {
  /** Reads the text in a picture's file. Throws `PICTURE_UNREADABLE`, `PICTURE_TOO_LARGE`, `TEXT_READER_BUSY`. */
  readText(picture: Uint8Array, signal: AbortSignal): Promise<TextReading>;
  /** Reads the picture of a network diagram, beside the mesh as it is. Throws as `readText`, and `DRAWING_…`. */
  readDrawing(picture: Uint8Array, signal: AbortSignal): Promise<DrawingView>;
}

/** What people draw on pictures of cameras. */
export interface CameraActions {
  /**
   * Keeps the areas, and has the camera go by them at once. Throws `CAMERA_NOT_FOUND`, `ZONE_EXISTS`.
   * @param areas undefined goes back to those of the configuration
   */
  drawAreas(camera: string, areas: DrawnAreas | undefined): Promise<CameraAreasView>;
}

export interface CorrectionActions {
  /** Takes one of the ways that an operator was offered; resolves with what was done. Throws `CORRECTION_UNKNOWN`. */
  takeOffer(episode: string, offer: number): Promise<string>;
  /** What a camera shows of a place now is this state. Throws `PLACE_UNKNOWN`, `PLACE_NOT_TAUGHT`. */
  teachPlace(camera: string, place: string, state: string): Promise<{ pictures: number }>;
}

export interface HealingActions {
  /** Throws `INCIDENT_UNKNOWN`, `QUESTION_UNKNOWN`, `OFFER_UNKNOWN`. @param by who answers, for the story and the oracle */
  answerIncident(id: string, answer: IncidentAnswer, by: string): IncidentView;
}

/** What people say about anomalies; each is on the disk once it resolves. */
export interface AnomalyActions {
  /** Nobody is told of it until then. Throws `ANOMALY_UNKNOWN`. @param id of a series, or its beginning. @param by who says so */
  acknowledgeAnomaly(id: string, request: AcknowledgeRequest, by: string): Promise<AnomaliesView>;
  /** Throws `ANOMALY_UNKNOWN`, `ANOMALY_NOT_ACKNOWLEDGED`. */
  withdrawAcknowledgement(id: string): Promise<AnomaliesView>;
  /** @param hours undefined goes back to those of the configuration */
  setQuietHours(hours: readonly QuietHours[] | undefined): Promise<AnomaliesView>;
}

export interface StoreActions {
  backupStore(): Promise<{ file: string; bytes: number }>;
  checkStore(): Promise<{ ok: boolean; problems: string[] }>;
}

/** Everything that changes something. Callers have checked the scope of whoever asks; each call is journalled. */
export interface Actions
  extends NetworkActions,
    JobActions,
    PolicyActions,
    FederationActions,
    VisionActions,
    CameraActions,
    CorrectionActions,
    HealingActions,
    AnomalyActions,
    StoreActions {
  restartAgent(id: string): Promise<void>;
  reloadConfig(): Promise<{ applied: string[]; needRestart: string[] }>;
  /** Keeps the board awake for so many seconds, but where its battery is critical. */
  wake(seconds: number): PowerView;
  /** Only where the authority of the network is. */
  applyPlan(): Promise<PlanView>;
  undoPlan(): Promise<PlanView>;
}

/** What commands by MQTT can reach. */
export type MqttActions = Pick<Actions, 'restartAgent' | 'submitJob'> & {
  answerIncident(...given: Parameters<HealingActions['answerIncident']>): IncidentView | Promise<IncidentView>;
};
