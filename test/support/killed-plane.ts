import assert from "node:assert/strict";
import { residue } from "../../bootstrap/index.ts";
import type { SimulatedPlane } from "./simulated-plane.ts";

/** A run that dies, or that finds that it must not go on; anything else is a fault. */
export async function attempt(
  plane: SimulatedPlane,
  declared: readonly string[],
  death: { readonly dieAfter?: number; readonly dieAt?: string },
): Promise<void> {
  try {
    await plane.run(declared, death);
  } catch (error) {
    const isExpected = error instanceof Error && /died|KEELSON_QUORUM_LOST/.test(error.message);
    if (!isExpected) throw error;
  }
}

/** One more run brings the wanted state about, leaves nothing to do, and nothing on the hosts that left. */
export async function assertConverges(plane: SimulatedPlane, declared: readonly string[]): Promise<void> {
  await plane.run(declared);

  assert.deepEqual(plane.members(), [...declared].sort());
  assert.deepEqual(await plane.run(declared), []);
  for (const [name, { facts, node }] of plane.hosts) {
    if (declared.includes(name) || plane.dead.has(name)) continue;
    assert.deepEqual(residue(facts), [], name);
    assert.equal(node, undefined, `Node ${name}`);
  }
}
