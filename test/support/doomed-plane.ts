/**
 * Applies a control plane to a fleet that another process made, and stands still at the phase that
 * KEELSON_TEST_STOP_AT names, `Plane:leave` for example: `doomed-plane.ts SETTINGS`, a file with what is to be done.
 */
import { readFile } from "node:fs/promises";
import { stopAt } from "../../stacks/provider/stop-at.ts";
import { type Attachment, HaFleet } from "./ha-fleet.ts";

/** What the file holds. */
export interface DoomedPlane extends Attachment {
  readonly wanted: readonly string[];
}

const settings = JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as DoomedPlane;
const fleet = await HaFleet.attach(settings);
const onPhase = stopAt("Plane");
await fleet.apply(settings.wanted, onPhase === undefined ? {} : { onPhase });
await fleet.pool.close();
