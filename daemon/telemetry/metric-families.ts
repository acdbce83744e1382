// Every metric that is read from the node's views at a scrape: its name, what it means, and how it is read. Names
// follow Prometheus' conventions (base units, `_total` for counters); labels are bounded by what the node may have.

import type { AgentView, HardwareView, StoreView } from '../view/schema.ts';
import { anomalyFamilies } from './anomaly-families.ts';
import { federationFamilies } from './federation-families.ts';
import { healingFamilies } from './healing-families.ts';
import { learningFamilies } from './learning-families.ts';
import { meshFamilies } from './mesh-families.ts';
import { oracleFamilies } from './oracle-families.ts';
import { relayFamilies } from './relay-families.ts';
import { countBy, type Family, type Sample, sampleOf } from './samples.ts';
import { camera, sightFamilies } from './sight-families.ts';
import { swarmFamilies } from './swarm-families.ts';
import { workFamilies } from './work-families.ts';

const SERVICE_STATES = ['starting', 'running', 'degraded', 'stopping', 'stopped'] as const;
const AGENT_STATES = ['starting', 'ready', 'busy', 'degraded', 'restarting', 'stopped'] as const;
const MILLIS = 1000;

const POWER_STATES = ['awake', 'resting', 'low', 'critical'] as const;

const nodeFamilies: Family[] = [
  {
    name: 'parlmesh_build_info',
    type: 'gauge',
    help: 'Always 1; its labels say what runs here.',
    labels: ['node', 'version', 'profile', 'network'],
    read: ({ node }) => [[1, node.name, node.version, node.profile.name, node.network.name]],
  },
  {
    name: 'parlmesh_start_time_seconds',
    type: 'gauge',
    help: 'When the daemon started, in seconds since 1970.',
    read: ({ node }) => [[node.startedAt / MILLIS]],
  },
  {
    name: 'parlmesh_uptime_seconds',
    type: 'gauge',
    help: 'Seconds since the daemon started.',
    read: ({ node }) => [[node.uptimeSeconds]],
  },
  {
    name: 'parlmesh_service_state',
    type: 'gauge',
    help: '1 for the state a service is in, 0 for the others.',
    labels: ['service', 'state'],
    read: ({ node }) =>
      node.services.flatMap(({ name, state }) =>
        SERVICE_STATES.map((each): Sample => [each === state ? 1 : 0, name, each]),
      ),
  },
  {
    name: 'parlmesh_problems',
    type: 'gauge',
    help: 'Problems the node reports on its page right now.',
    read: ({ node }) => [[node.health.problems.length]],
  },
];

const hardwareFamilies: Family[] = [
  hardware('parlmesh_cpu_usage_ratio', 'Share of all cores in use, 0 to 1.', ({ cpu }) => cpu.load),
  hardware('parlmesh_cpu_cores', 'Cores of the board.', ({ cpu }) => cpu.cores),
  hardware('parlmesh_load1', 'One-minute load average.', ({ cpu }) => cpu.load1),
  hardware('parlmesh_cpu_frequency_hertz', 'Present frequency of the cores.', ({ cpu }) => cpu.frequencyHz),
  hardware('parlmesh_memory_total_bytes', 'Memory of the board.', ({ memory }) => memory.totalBytes),
  hardware('parlmesh_memory_available_bytes', 'Memory that can be given out.', ({ memory }) => memory.availableBytes),
  hardware('parlmesh_process_resident_memory_bytes', 'Memory of the daemon.', ({ memory }) => memory.processBytes),
  hardware('parlmesh_temperature_celsius', 'Hottest sensor of the board.', (board) => board.temperatureCelsius),
  {
    name: 'parlmesh_throttled',
    type: 'gauge',
    help: '1 while the board slows itself down for this reason.',
    labels: ['reason'],
    read: ({ hardware: board }) =>
      board?.throttling === undefined
        ? []
        : [
            [Number(board.throttling.underVoltage), 'under-voltage'],
            [Number(board.throttling.frequencyCapped), 'frequency-capped'],
            [Number(board.throttling.throttled), 'throttled'],
            [Number(board.throttling.softTemperatureLimit), 'soft-temperature-limit'],
          ],
  },
  {
    name: 'parlmesh_throttled_since_boot',
    type: 'gauge',
    help: '1 when this happened at any time since the board’s boot.',
    labels: ['reason'],
    read: ({ hardware: board }) =>
      board?.throttling === undefined
        ? []
        : [
            [Number(board.throttling.everUnderVoltage), 'under-voltage'],
            [Number(board.throttling.everThrottled), 'throttled'],
          ],
  },
  hardware(
    'parlmesh_battery_charge_ratio',
    'Share of the battery that is left, 0 to 1.',
    ({ battery }) => battery?.charge,
  ),
  hardware(
    'parlmesh_battery_discharging',
    '1 while the battery feeds the board.',
    ({ battery }) => battery && Number(battery.discharging),
  ),
  {
    name: 'parlmesh_power_state',
    type: 'gauge',
    help: '1 for how the board keeps its power now: awake, resting between windows, low or critical battery.',
    labels: ['state'],
    read: ({ hardware: board }) =>
      board?.power === undefined
        ? []
        : POWER_STATES.map((state): Sample => [Number(board.power?.state === state), state]),
  },
  hardware('parlmesh_disk_total_bytes', 'Size of the file system with the data folder.', ({ disk }) => disk.totalBytes),
  hardware('parlmesh_disk_available_bytes', 'Free bytes on that file system.', ({ disk }) => disk.availableBytes),
  hardware('parlmesh_disk_wear_ratio', 'Share of the eMMC’s life that is used, 0 to 1.', ({ disk }) => disk.wear),
  hardware(
    'parlmesh_process_written_bytes_total',
    'Bytes the daemon wrote to storage.',
    ({ disk }) => disk.writtenBytes,
    'counter',
  ),
  hardware('parlmesh_board_uptime_seconds', 'Seconds since the board’s boot.', (board) => board.uptimeSeconds),
  hardware(
    'parlmesh_event_loop_delay_seconds',
    'Worst delay of the event loop since the last reading.',
    (board) => board.eventLoopDelaySeconds,
  ),
  networkInterface('receive', 'Bytes received by a network interface.', ({ receivedBytes }) => receivedBytes),
  networkInterface('transmit', 'Bytes sent by a network interface.', ({ sentBytes }) => sentBytes),
  {
    name: 'parlmesh_network_signal_dbm',
    type: 'gauge',
    help: 'Signal strength of a wireless interface, in dBm.',
    labels: ['interface'],
    read: ({ hardware: board }) =>
      (board?.interfaces ?? []).flatMap(({ name, signalDbm }): Sample[] =>
        signalDbm === undefined ? [] : [[signalDbm, name]],
      ),
  },
];

const agentFamilies: Family[] = [
  {
    name: 'parlmesh_agents',
    type: 'gauge',
    help: 'Agents by state.',
    labels: ['state'],
    read: ({ agents }) => countBy(AGENT_STATES, agents),
  },
  agent('parlmesh_agent_restarts_total', 'Restarts of an agent.', ({ restarts }) => restarts, 'counter'),
  agent('parlmesh_agent_mailbox_waiting', 'Messages that wait for an agent.', ({ mailbox }) => mailbox.waiting),
  agent(
    'parlmesh_agent_mailbox_dropped_total',
    'Messages dropped because an agent’s mailbox was full.',
    ({ mailbox }) => mailbox.dropped,
    'counter',
  ),
];

const visionFamilies: Family[] = [
  camera('parlmesh_camera_up', '1 while frames arrive.', ({ state }) => (state === 'live' ? 1 : 0)),
  camera('parlmesh_camera_frames_per_second', 'Frames taken a second.', ({ framesPerSecond }) => framesPerSecond),
  camera('parlmesh_camera_frames_total', 'Frames taken.', ({ framesTotal }) => framesTotal, 'counter'),
  camera(
    'parlmesh_camera_frames_skipped_total',
    'Frames passed over for a newer one.',
    ({ framesSkipped }) => framesSkipped,
    'counter',
  ),
  camera(
    'parlmesh_camera_frames_broken_total',
    'Frames that could not be decoded.',
    ({ framesBroken }) => framesBroken,
    'counter',
  ),
  camera(
    'parlmesh_camera_inference_seconds',
    'Time the detector took for a frame.',
    ({ inferenceSeconds }) => inferenceSeconds,
  ),
  {
    name: 'parlmesh_camera_objects',
    type: 'gauge',
    help: 'Objects in view now.',
    labels: ['camera', 'label'],
    read: ({ cameras }) =>
      cameras.flatMap(({ id, counts }) => Object.entries(counts).map(([label, count]): Sample => [count, id, label])),
  },
  {
    name: 'parlmesh_observations_total',
    type: 'counter',
    help: 'Objects that came into view.',
    labels: ['camera', 'label'],
    read: ({ observations }) => observations.map(({ camera: id, label, count }): Sample => [count, id, label]),
  },
];

const storeFamilies: Family[] = [
  store('parlmesh_store_up', '1 while the store takes every row, 0 when it is full or failed.', ({ state }) =>
    state === 'ok' ? 1 : 0,
  ),
  store('parlmesh_store_bytes', 'Size of the SQLite file.', ({ bytes }) => bytes),
  store('parlmesh_store_queued_rows', 'Rows that wait to be written.', ({ queued }) => queued),
  store('parlmesh_store_written_bytes_total', 'Bytes written by the store.', (view) => view.writtenBytes, 'counter'),
  store('parlmesh_store_shed_rows_total', 'Rows given up: disk full or queue long.', ({ shed }) => shed, 'counter'),
  store('parlmesh_store_last_backup_time_seconds', 'Last backup, in seconds since 1970.', ({ lastBackupAt }) =>
    lastBackupAt === undefined ? undefined : lastBackupAt / MILLIS,
  ),
  {
    name: 'parlmesh_mqtt_connected',
    type: 'gauge',
    help: '1 while the MQTT broker is connected.',
    read: ({ mqttConnected }) => (mqttConnected === undefined ? [] : [[Number(mqttConnected)]]),
  },
];

export const FAMILIES: readonly Family[] = [
  ...nodeFamilies,
  ...hardwareFamilies,
  ...meshFamilies,
  ...relayFamilies,
  ...oracleFamilies,
  ...swarmFamilies,
  ...workFamilies,
  ...federationFamilies,
  ...learningFamilies,
  ...agentFamilies,
  ...visionFamilies,
  ...sightFamilies,
  ...healingFamilies,
  ...anomalyFamilies,
  ...storeFamilies,
];

function hardware(
  name: string,
  help: string,
  value: (board: HardwareView) => number | undefined,
  type: Family['type'] = 'gauge',
): Family {
  return { name, type, help, read: (reading) => sampleOf(reading.hardware && value(reading.hardware)) };
}

function networkInterface(
  direction: 'receive' | 'transmit',
  help: string,
  value: (one: HardwareView['interfaces'][number]) => number,
): Family {
  return {
    name: `parlmesh_network_${direction}_bytes_total`,
    type: 'counter',
    help,
    labels: ['interface'],
    read: (reading) => (reading.hardware?.interfaces ?? []).map((one): Sample => [value(one), one.name]),
  };
}

function agent(name: string, help: string, value: (one: AgentView) => number, type: Family['type'] = 'gauge'): Family {
  return {
    name,
    type,
    help,
    labels: ['agent'],
    read: ({ agents }) => agents.map((one): Sample => [value(one), one.id]),
  };
}

function store(
  name: string,
  help: string,
  value: (view: StoreView) => number | undefined,
  type: Family['type'] = 'gauge',
): Family {
  return { name, type, help, read: (reading) => sampleOf(value(reading.store)) };
}
