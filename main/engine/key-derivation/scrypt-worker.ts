/** A thread that mixes lanes of scrypt until none is left, and says how many it was. */
import { parentPort, workerData } from 'node:worker_threads';
import { LaneMixer } from './lane.ts';
import { type SharedLanes, takeLane } from './shared-lanes.ts';

const lanes = workerData as SharedLanes;
const mixer = new LaneMixer(lanes.cost);
let mixed = 0;
for (let lane = takeLane(lanes); lane; lane = takeLane(lanes)) {
  for (const _ of mixer.mix(lane));
  mixed++;
}
mixer.wipe();
parentPort?.postMessage(mixed);
