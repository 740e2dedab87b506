/** A way from one point to another. What it takes costs more and more: the costs of its units rise. */
export interface Way {
  readonly from: number;
  readonly to: number;
  /** Of the first unit, the second one …; as many as the way can take. */
  readonly costs: readonly number[];
  /** How many units take this way. */
  used: number;
}

/** Where flows begin and end. */
export const source = 0;
export const sink = 1;

/**
 * Sends units from the source to the sink at the lowest total cost, by successive cheapest paths (R. G. Busacker and
 * P. J. Gowen, 1961), and notes on each way how many take it. False if not all of them get through. The ways must not
 * hold a circle of negative cost.
 */
export function sendCheapest(points: number, ways: readonly Way[], units: number): boolean {
  for (let sent = 0; sent < units; sent += 1) {
    const path = cheapestPath(points, ways);
    if (path === undefined) return false;
    for (const { way, forward } of path) way.used += forward ? 1 : -1;
  }
  return true;
}

interface Step {
  readonly way: Way;
  /** Against the way means giving its last unit back. */
  readonly forward: boolean;
}

// Bellman and Ford: costs may be negative, and the graphs are small.
function cheapestPath(points: number, ways: readonly Way[]): readonly Step[] | undefined {
  const costs = new Array<number>(points).fill(Infinity);
  const last = new Array<Step | undefined>(points).fill(undefined);
  costs[source] = 0;
  const reach = (point: number, cost: number, step: Step): boolean => {
    if (cost >= (costs[point] ?? Infinity)) return false;
    costs[point] = cost;
    last[point] = step;
    return true;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const way of ways) {
      const { from, to, used } = way;
      const next = (costs[from] ?? Infinity) + (way.costs[used] ?? Infinity);
      const back = (costs[to] ?? Infinity) - (way.costs[used - 1] ?? -Infinity);
      changed = reach(to, next, { way, forward: true }) || changed;
      changed = reach(from, back, { way, forward: false }) || changed;
    }
  }
  return last[sink] === undefined ? undefined : pathTo(last);
}

function pathTo(last: readonly (Step | undefined)[]): readonly Step[] {
  const path: Step[] = [];
  for (let step = last[sink]; step !== undefined; step = last[step.forward ? step.way.from : step.way.to]) {
    path.push(step);
  }
  return path;
}
