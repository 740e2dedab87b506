/**
 * Brings up a local fleet and kills itself without warning: `killed-bootstrap.ts FLEET PHASE MILLISECONDS`, with the
 * identity as JSON on standard input. Ends with code 0 if the phase never ran.
 */
import { text } from "node:stream/consumers";
import type { Identity } from "../../clusters/identity.ts";
import { localFleet } from "./local-fleet.ts";

const [name = "", phase = "", delay = "0"] = process.argv.slice(2);
const fleet = await localFleet(name, JSON.parse(await text(process.stdin)) as Identity);
const { operation } = fleet.operation({
  onPhase: (_, title) => {
    if (title === phase) setTimeout(() => process.kill(process.pid, "SIGKILL"), Number(delay));
  },
});
await fleet.apply(operation);
await fleet.pool.close();
